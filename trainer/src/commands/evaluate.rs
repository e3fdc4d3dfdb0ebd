//! `trainer evaluate`.

use super::output;
use super::threads::Threads;
use crate::card;
use crate::disk::{write, write_json};
use crate::ingest::file::{SplitName, read_corpus};
use crate::params::{Params, RawParams};
use crate::report::evaluation::Evaluation;
use crate::report::files;
use anyhow::Context;
use std::path::{Path, PathBuf};
use verdict_learning::corpus::Reviews;
use verdict_learning::metrics::Measures;
use verdict_sentiment::Model;

/// Options of `trainer evaluate`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The model: a file, or a directory that holds model.verdict.
    #[arg(long, value_name = "URI", default_value = "models/default", env = "VERDICT_MODEL")]
    model: PathBuf,
    /// Labelled reviews, as for `trainer train`.
    #[arg(long, value_name = "PATH")]
    data: PathBuf,
    /// Training parameters, for the split of a source that has none of its own [default: those in
    /// the model].
    #[arg(long, value_name = "FILE")]
    params: Option<PathBuf>,
    /// Which part of the data to measure on.
    #[arg(long, value_enum, default_value = "test")]
    split: SplitName,
    /// Also write the metrics to this file, as JSON.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Also write a report to this directory: metrics.json, plots/ (for dvc plots, and as SVG) and
    /// report.html, which quotes reviews.
    #[arg(long, value_name = "DIR")]
    reports: Option<PathBuf>,
    /// Also write a model card with these metrics to this file.
    #[arg(long, value_name = "FILE")]
    card: Option<PathBuf>,
    #[command(flatten)]
    threads: Threads,
    /// Print one JSON object as the last line.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let model = super::lifecycle::load(&args.model)?;
    let params = match &args.params {
        Some(path) => super::params::read(path)?,
        None => params_of(&model)?,
    };
    let corpus = read_corpus(&args.data, args.split, &params.data_ingestion.split)?;
    let reviews = corpus.reviews()?;
    let measures = match &args.reports {
        Some(directory) => {
            let report = || report(directory, &model, reviews);
            args.threads.run(report)??
        }
        None => {
            let probabilities = args.threads.run(|| reviews.probabilities(&model))?;
            Measures::new(&probabilities, &corpus.labels)
        }
    };
    let metrics = &measures.metrics;
    if let Some(path) = &args.out {
        write_json(path, &measures)?;
    }
    if let Some(path) = &args.card {
        write(path, &card::render(&model, &measures, &corpus.sha256))?;
    }
    if args.json {
        return output::line(serde_json::to_string(&measures)?);
    }
    output::line(format_args!(
        "{} reviews: accuracy {}, precision {}, recall {}, F1 {}, AUC {}, log-loss {}, Brier score {}, calibration error {}",
        metrics.n,
        metrics.text("accuracy"),
        metrics.text("precision"),
        metrics.text("recall"),
        metrics.text("f1"),
        metrics.text("auc"),
        metrics.text("log_loss"),
        metrics.text("brier"),
        metrics.text("ece")
    ))
}

/// Measures a model and writes the report with all its files into a directory.
pub(crate) fn report(
    directory: &Path,
    model: &Model,
    reviews: Reviews<'_>,
) -> anyhow::Result<Measures> {
    let evaluation = Evaluation::new(model, reviews);
    for file in files::render(&evaluation)? {
        write(&directory.join(file.path), &file.text)?;
    }
    Ok(evaluation.measures)
}

/// The parameters that a model was trained with.
pub(crate) fn params_of(model: &Model) -> anyhow::Result<Params> {
    let raw = model.parts().about.get("params").cloned().unwrap_or_default();
    let raw =
        serde_json::from_value::<RawParams>(raw).context("reading the parameters in the model")?;
    Ok(Params::check(raw, "the model")?)
}
