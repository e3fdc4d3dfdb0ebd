//! A corpus as CSV (RFC 4180) with the columns `id`, `review` and `sentiment`: what pandas and
//! every spreadsheet read.

use crate::disk::make_parent;
use anyhow::{Context, bail};
use std::path::Path;
use verdict_learning::corpus::{Corpus, Labelled};

const HEADER: [&str; 3] = ["id", "review", "sentiment"];

/// Writes the reviews in their order.
///
/// # Errors
/// Where the file cannot be written.
pub(super) fn write(path: &Path, corpus: &Corpus) -> anyhow::Result<()> {
    make_parent(path)?;
    let write = || -> anyhow::Result<()> {
        let mut writer = csv::Writer::from_path(path)?;
        writer.write_record(HEADER)?;
        let reviews = corpus.ids.iter().zip(&corpus.texts).zip(&corpus.labels);
        for ((id, text), &label) in reviews {
            let sentiment = if label { "positive" } else { "negative" };
            writer.write_record([id.as_str(), text.as_str(), sentiment])?;
        }
        Ok(writer.flush()?)
    };
    write().with_context(|| format!("writing {}", path.display()))
}

/// Reads what [`write`] wrote. Empty texts are reviews too: preprocessing may leave nothing of one.
///
/// # Errors
/// Where the file cannot be read, with the line.
pub(super) fn read(path: &Path) -> anyhow::Result<Corpus> {
    let read = || -> anyhow::Result<Corpus> {
        let mut reader = csv::Reader::from_path(path)?;
        if *reader.headers()? != HEADER[..] {
            bail!("the header must be {}", HEADER.join(","));
        }
        let mut reviews = Vec::new();
        for row in reader.records() {
            let row = row?;
            let line = row.position().map_or(0, csv::Position::line);
            let label = match row.get(2) {
                Some("positive") => true,
                Some("negative") => false,
                other => {
                    bail!("line {line}: sentiment must be positive or negative, got {other:?}")
                }
            };
            reviews.push(Labelled {
                id: row.get(0).unwrap_or_default().to_owned(),
                text: row.get(1).unwrap_or_default().to_owned(),
                label,
            });
        }
        Ok(reviews.into())
    };
    read().with_context(|| format!("reading {}", path.display()))
}
