//! `trainer evaluate`.

use super::output;
use super::threads::Threads;
use crate::card;
use crate::disk::{write, write_json};
use crate::ingest::file::{SplitName, read_corpus};
use crate::params::{Params, RawParams};
use crate::report::files;
use crate::report::length::by_length;
use anyhow::Context;
use serde::Serialize;
use std::path::PathBuf;
use verdict_learning::corpus::Corpus;
use verdict_learning::measures::Measures;
use verdict_sentiment::Model;

/// Options of commands that measure models on labelled reviews.
#[derive(Debug, clap::Args)]
pub struct MeasureArgs {
    /// Labelled reviews that the model was not trained on, as for `trainer train`.
    #[arg(long, value_name = "PATH")]
    data: PathBuf,
    /// Parameters, for the split of a source that has none of its own and for the gate's bounds
    /// [default: the split is the model's, the bounds are the built-in ones].
    #[arg(long, value_name = "FILE")]
    params: Option<PathBuf>,
    /// Which part of the data to measure on.
    #[arg(long, value_enum, default_value = "test")]
    split: SplitName,
    /// Also write the result to this file, as JSON.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) threads: Threads,
    /// Print one JSON object as the last line.
    #[arg(long)]
    json: bool,
}

impl MeasureArgs {
    /// The parameters, by default those of the model, and the reviews.
    pub(crate) fn read(&self, model: &Model) -> anyhow::Result<(Params, Corpus)> {
        let params = match &self.params {
            Some(path) => super::params::read(path)?,
            None => params_of(model)?,
        };
        let corpus = read_corpus(&self.data, self.split, &params.data_ingestion.split)?;
        Ok((params, corpus))
    }

    /// Writes and prints the result; `show` prints it for people.
    pub(crate) fn print(
        &self,
        result: &impl Serialize,
        show: impl FnOnce() -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        if let Some(path) = &self.out {
            write_json(path, result)?;
        }
        if self.json { output::line(serde_json::to_string(result)?) } else { show() }
    }
}

/// Options of `trainer evaluate`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The model: a file, or a directory that holds model.verdict.
    #[arg(long, value_name = "URI", default_value = "models/default", env = "VERDICT_MODEL")]
    model: PathBuf,
    #[command(flatten)]
    measure: MeasureArgs,
    /// Also write a report to this directory: metrics.json, plots/ (for dvc plots, and as SVG) and
    /// report.html, which quotes reviews.
    #[arg(long, value_name = "DIR")]
    reports: Option<PathBuf>,
    /// Also write a model card with these metrics to this file.
    #[arg(long, value_name = "FILE")]
    card: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let model = super::lifecycle::load(&args.model)?;
    let (_, corpus) = args.measure.read(&model)?;
    let measures = args.measure.threads.run(|| match &args.reports {
        Some(directory) => files::write(directory, &model, &corpus),
        None => Ok(Measures::with_probabilities(&model, &corpus).0),
    })??;
    if let Some(path) = &args.card {
        write(path, &card::render(&model, &measures, &corpus.sha256)?)?;
    }
    args.measure.print(&measures, || {
        let names = [
            ("accuracy", "accuracy"),
            ("precision", "precision"),
            ("recall", "recall"),
            ("F1", "f1"),
            ("AUC", "auc"),
            ("log-loss", "log_loss"),
            ("Brier score", "brier"),
            ("calibration error", "ece"),
        ];
        let metrics = &measures.metrics;
        let texts = names.map(|(title, name)| format!("{title} {}", metrics.text(name)));
        output::line(format_args!("{} reviews: {}", metrics.n, texts.join(", ")))?;
        for row in by_length(&measures) {
            let [accuracy, interval, log_loss, ece, decided, wrong] = row.cells();
            output::line(format_args!(
                "  {}: accuracy {accuracy} ({interval}), log-loss {log_loss}, calibration error {ece}, \
                 {decided} decided, {wrong} of these wrong",
                row.title
            ))?;
        }
        Ok(())
    })
}

/// The parameters that a model was trained with.
pub(crate) fn params_of(model: &Model) -> anyhow::Result<Params> {
    let raw = model.parts().about.get("params").cloned().unwrap_or_default();
    let raw =
        serde_json::from_value::<RawParams>(raw).context("reading the parameters in the model")?;
    Ok(Params::check(raw, "the model")?)
}
