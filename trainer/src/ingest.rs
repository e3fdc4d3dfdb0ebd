//! Ingestion: a source of labelled reviews, wherever it is, becomes two corpora and a manifest that
//! says what was read.
//!
//! ```text
//! path ─────────────┐
//! https, s3 ─ file ─┴─► Source ─┐
//! kafka ─ reviews ⋈ labels ─────┴─► split ─► train.csv, test.csv, manifest.json
//! ```

pub(crate) mod download;
pub mod file;
pub mod location;
pub mod manifest;
pub mod review_log;
#[cfg(feature = "s3")]
mod s3;

use anyhow::{Context, anyhow, bail};
use download::WrongChecksum;
use file::{SplitName, read_reviews};
use location::Location;
use manifest::{Manifest, Origin, Texts};
use review_log::{LogReviews, LogSource};
use std::path::{Path, PathBuf};
use verdict_learning::corpus::{Corpus, Labelled, Split};
use verdict_messages::OffsetRange;
use verdict_telemetry::output;

/// Where reviews come from, and how they are split.
#[derive(Debug, Clone, PartialEq)]
pub struct DataIngestion {
    /// The source.
    pub source: Location,
    /// SHA-256 of the source's file, 64 lower-case hexadecimal digits; `None` takes any file.
    pub sha256: Option<String>,
    /// Sources to try in this order when the one before cannot be reached.
    pub fallback: Vec<Location>,
    /// Which reviews are held out.
    pub split: Split,
}

/// Everything that ingestion depends on.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// Where from, and how it is split.
    pub ingestion: &'a DataIngestion,
    /// How to read the review log, should the source be `kafka`.
    pub log: Option<&'a LogSource>,
    /// Offsets of an earlier reading of the log, to be read again.
    pub again: Option<&'a [OffsetRange]>,
    /// Directory that keeps what was downloaded.
    pub downloads: &'a Path,
}

/// What was ingested.
#[derive(Debug)]
pub struct Ingested {
    /// Reviews to train on.
    pub train: Corpus,
    /// Reviews that are held out.
    pub test: Corpus,
    /// What was read.
    pub manifest: Manifest,
}

/// Reads the source, or the first of its fallbacks that can be reached, and splits it.
///
/// # Errors
/// Where none can be reached, each with its reason; a wrong checksum, which no fallback mends;
/// where there is no labelled review, or none in one of the parts.
pub fn ingest(request: &Request<'_>) -> anyhow::Result<Ingested> {
    let ingestion = request.ingestion;
    let mut unreachable = Vec::new();
    for location in std::iter::once(&ingestion.source).chain(&ingestion.fallback) {
        match fetch(location, request) {
            Ok(fetched) => {
                if !unreachable.is_empty() {
                    output::note(format_args!(
                        "trainer: warning: {}\ntrainer: reading {location} instead",
                        unreachable.join("\n")
                    ));
                }
                return split(fetched, location, ingestion);
            }
            Err(error) if error.is::<WrongChecksum>() => {
                return Err(error.context(format!(
                    "{location} is not the file that data_ingestion.sha256 means (null takes any)"
                )));
            }
            // A source without fallbacks: the error itself, since the exit code depends on its cause.
            Err(error) if ingestion.fallback.is_empty() => {
                return Err(error.context(format!("no source of reviews can be read:\n{location}")));
            }
            Err(error) => unreachable.push(format!("{location}: {error:#}")),
        }
    }
    bail!("no source of reviews can be read:\n{}", unreachable.join("\n"))
}

enum Fetched {
    File { path: PathBuf, sha256: Option<String> },
    Log(LogReviews),
}

fn fetch(location: &Location, request: &Request<'_>) -> anyhow::Result<Fetched> {
    let sha256 = request.ingestion.sha256.as_deref();
    let into_place = |get: &dyn Fn(&Path) -> anyhow::Result<()>| {
        let name = location.file_name().ok_or_else(|| anyhow!("{location} names no file"))?;
        let file = download::into_place(request.downloads, name, sha256, get)?;
        Ok::<_, anyhow::Error>(Fetched::File { path: file.path, sha256: Some(file.sha256) })
    };
    match location {
        Location::Path(path) => {
            if path == Path::new("-") {
                bail!(
                    "standard input cannot be read again, a file can (trainer train --data - reads it once)"
                );
            }
            if !path.exists() {
                bail!("no such file or folder");
            }
            // A folder has no checksum.
            let is_file = path.is_file();
            let sha256 = is_file.then(|| download::checked_file(path, sha256)).transpose()?;
            Ok(Fetched::File { path: path.clone(), sha256 })
        }
        Location::Url(url) => into_place(&|part| download::http(url, part)),
        #[cfg(feature = "s3")]
        Location::S3 { bucket, key } => into_place(&|part| s3::get(bucket, key, part)),
        #[cfg(not(feature = "s3"))]
        Location::S3 { .. } => bail!("this build reads no S3 (feature s3)"),
        Location::ReviewLog => {
            let log =
                request.log.ok_or_else(|| anyhow!("the review log needs --bootstrap-servers"))?;
            Ok(Fetched::Log(review_log::read(log, request.again)?))
        }
    }
}

fn split(
    fetched: Fetched,
    location: &Location,
    ingestion: &DataIngestion,
) -> anyhow::Result<Ingested> {
    let rule = &ingestion.split;
    let (train, test, origin) = match fetched {
        Fetched::File { path, sha256 } => {
            let part = |split| read_reviews(&path, split, rule);
            let (train, test) = (part(SplitName::Train)?, part(SplitName::Test)?);
            (train, test, Origin::File { sha256 })
        }
        Fetched::Log(log) => {
            warn_of(&log);
            let (test, train): (Vec<Labelled>, Vec<Labelled>) =
                log.reviews.into_iter().partition(|review| rule.holds_out(&review.text));
            (train, test, Origin::Log { ranges: log.ranges, counts: log.counts })
        }
    };
    if train.is_empty() && test.is_empty() {
        let why = match &origin {
            Origin::Log { counts, .. } => format!(
                " (reviews without a label: {}, labels without a review: {})",
                counts.unlabelled, counts.unknown_review
            ),
            Origin::File { .. } => String::new(),
        };
        bail!("{location} has no labelled review{why}");
    }
    for (name, part) in [("training", &train), ("held-out", &test)] {
        if part.is_empty() {
            bail!(
                "{location}: the {name} part has no review, all {} are in the other one (data_ingestion.test_size, split)",
                train.len() + test.len()
            );
        }
    }
    let texts = Texts::of(&train, &test);
    if texts.contradictory > 0 {
        output::note(format_args!(
            "trainer: warning: {} texts of {location} are labelled both ways; all their labels are kept",
            texts.contradictory
        ));
    }
    let (train, test) = (Corpus::from(train), Corpus::from(test));
    let manifest = Manifest {
        source: location.to_string(),
        origin,
        split: *rule,
        train: train.facts(),
        test: test.facts(),
        texts,
        code_version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    Ok(Ingested { train, test, manifest })
}

fn warn_of(log: &LogReviews) {
    let counts = &log.counts;
    for (n, what) in [
        (counts.rejected, "records are no review or no label and were passed over"),
        (counts.unknown_review, "labels are of reviews that are not in the log"),
        (counts.relabelled, "reviews were labelled both ways; the last label counts"),
    ] {
        if n > 0 {
            output::note(format_args!("trainer: warning: {n} {what}"));
        }
    }
}

/// Reads the offsets that a manifest states, and says when they no longer hold what they held.
///
/// # Errors
/// Where the manifest is not of a review log; where the offsets are gone; where compaction has
/// taken a label since.
pub fn ingest_again(request: &Request<'_>, before: &Manifest) -> anyhow::Result<Ingested> {
    let Origin::Log { ranges, .. } = &before.origin else {
        bail!("the manifest is of {}, not of a review log", before.source);
    };
    let again = Request { again: Some(ranges), ..request.clone() };
    let ingested = ingest(&again).context("reading a snapshot of the review log again")?;
    for (name, was, is) in [
        ("training", &before.train, &ingested.manifest.train),
        ("held-out", &before.test, &ingested.manifest.test),
    ] {
        if was.sha256 != is.sha256 {
            bail!(
                "the snapshot's {name} reviews must have SHA-256 {}, got {}: labels have been compacted away since, or the \
                 split differs",
                was.sha256,
                is.sha256
            );
        }
    }
    Ok(ingested)
}
