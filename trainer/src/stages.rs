//! The stages of the pipeline, each from files to files, as `dvc.yaml` runs them one after another.
//!
//! | stage | reads | writes |
//! |---|---|---|
//! | [`data_ingestion`] | the source | `data/raw/{train,test}.csv`, `manifest.json` |
//! | [`data_preprocessing`] | `data/raw` | `data/interim/{train,test}.csv` |
//! | [`feature_engineering`] | `data/interim` | `data/processed/{train,windows,test}.npz`, `models/vectorizer.json` |
//! | [`model_building`] | `data/processed/{train,windows}.npz`, `models/vectorizer.json` | `models/model.verdict` |
//!
//! Together they give the bytes that [`train`](crate::training::train) gives in one process: each
//! calls the same functions, and the files keep every bit. Evaluation and registration read the
//! model as any user would (see [`commands::stage`](crate::commands::stage)).

mod csv_file;
pub mod layout;
pub mod npz;
mod vectorizer_file;

use crate::disk::{make_parent, read_json, write_json};
use crate::ingest::file::SplitName;
use crate::ingest::manifest::Manifest;
use crate::ingest::{self, Ingested, Request};
use crate::params::Params;
use crate::training::with_keys;
use anyhow::{Context, bail};
use layout::Layout;
use std::borrow::Cow;
use vectorizer_file::VectorizerFile;
use verdict_learning::corpus::Corpus;
use verdict_learning::learn::matrix::Matrix;
use verdict_learning::learn::reference::TextReference;
use verdict_learning::train::{Fitted, TrainError};

/// Ingests the source; with `before`, the offsets of the review log that an earlier manifest
/// states.
///
/// # Errors
/// Those of [`ingest::ingest`] and [`ingest::ingest_again`], and files that cannot be written.
pub fn data_ingestion(
    layout: &Layout,
    request: &Request<'_>,
    before: Option<&Manifest>,
) -> anyhow::Result<Manifest> {
    let ingested = match before {
        None => ingest::ingest(request)?,
        Some(before) => ingest::ingest_again(request, before)?,
    };
    keep(layout, &ingested)?;
    Ok(ingested.manifest)
}

/// Writes what was ingested: both parts, and the manifest that describes them.
///
/// # Errors
/// Files that cannot be written.
pub fn keep(layout: &Layout, ingested: &Ingested) -> anyhow::Result<()> {
    csv_file::write(&layout.raw(SplitName::Train), &ingested.train)?;
    csv_file::write(&layout.raw(SplitName::Test), &ingested.test)?;
    write_json(&layout.manifest(), &ingested.manifest)
}

/// Preprocesses the texts of both parts. A review of which nothing is left stays, as an empty text.
///
/// # Errors
/// Files that cannot be read or written.
pub fn data_preprocessing(layout: &Layout, params: &Params) -> anyhow::Result<()> {
    for split in [SplitName::Train, SplitName::Test] {
        let mut corpus = csv_file::read(&layout.raw(split))?;
        if let Cow::Owned(texts) = params.train.preprocess(&corpus.texts) {
            corpus.texts = texts;
        }
        csv_file::write(&layout.interim(split), &corpus)?;
    }
    Ok(())
}

/// Fits the vectoriser on the training part and gives the rows of both. The number of terms.
///
/// # Errors
/// Files that cannot be read or written; no vocabulary.
pub fn feature_engineering(layout: &Layout, params: &Params) -> anyhow::Result<usize> {
    let manifest: Manifest = read_json(&layout.manifest())?;
    let train = csv_file::read(&layout.interim(SplitName::Train))?;
    let vectorizer = params.train.fit_vectorizer(&train.texts).map_err(in_params)?;
    let (matrix, seen) = Matrix::of_training(&vectorizer, &train.texts);
    keep_rows(layout, SplitName::Train, &matrix, &train.labels)?;
    let windows = params.train.window_rows(&vectorizer, &train.texts);
    npz::write_windows(&layout.windows(), &windows)?;
    drop((matrix, windows, train));
    let test = csv_file::read(&layout.interim(SplitName::Test))?;
    let matrix = Matrix::new(&vectorizer, &test.texts);
    keep_rows(layout, SplitName::Test, &matrix, &test.labels)?;
    let texts = TextReference::new(&seen);
    let file = VectorizerFile::new(&vectorizer, params, manifest.train, texts);
    write_json(&layout.vectorizer(), &file)?;
    Ok(vectorizer.vocabulary().len())
}

fn keep_rows(
    layout: &Layout,
    split: SplitName,
    matrix: &Matrix,
    labels: &[bool],
) -> anyhow::Result<()> {
    let path = layout.matrix(split);
    make_parent(&path)?;
    npz::write(&path, matrix, labels)
}

/// What [`model_building`] built.
#[derive(Debug)]
pub struct Built {
    /// Weights and calibration.
    pub fitted: Fitted,
    /// SHA-256 of the model file.
    pub sha256: String,
}

/// Fits the weights and writes the model.
///
/// # Errors
/// Files that cannot be read or written, or that were made with other parameters; no optimum.
pub fn model_building(layout: &Layout, params: &Params) -> anyhow::Result<Built> {
    let path = layout.vectorizer();
    let file: VectorizerFile = read_json(&path)?;
    let (vectorizer, data, texts) =
        file.open(params).with_context(|| format!("reading {}", path.display()))?;
    let (matrix, labels) = npz::read(&layout.matrix(SplitName::Train), &vectorizer)?;
    let windows = npz::read_windows(&layout.windows(), &vectorizer, labels.len())?;
    let fitted = params.train.fit_local(&matrix, &windows, &labels, |_| {}).map_err(in_params)?;
    drop((matrix, windows));
    let name = &params.registration.name;
    let artifact = params.train.encode(vectorizer, &fitted, &data, texts.as_ref(), name)?;
    verdict_registry::save(layout.models(), &artifact)?;
    let sha256 = verdict_sentiment::sha256_hex(&artifact);
    Ok(Built { fitted, sha256 })
}

fn in_params(error: TrainError) -> anyhow::Error {
    with_keys(error, "calibration")
}

/// The reviews of the held-out part as they were ingested.
///
/// # Errors
/// Where the file cannot be read.
pub fn held_out(layout: &Layout) -> anyhow::Result<Corpus> {
    let corpus = csv_file::read(&layout.raw(SplitName::Test))?;
    if corpus.is_empty() {
        bail!("{} has no review", layout.raw(SplitName::Test).display());
    }
    Ok(corpus)
}
