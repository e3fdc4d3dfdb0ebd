//! `trainer train`.

use super::output;
use super::params::ParamsArgs;
use super::threads::{Threads, peak_rss_bytes};
use crate::ingest::file::{SplitName, read_corpus};
use crate::lifecycle::rebuild::not_converged;
use crate::progress;
use crate::training::{Timed, train};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use verdict_learning::corpus::Corpus;

/// Options of `trainer train`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Labelled reviews: an aclImdb folder or archive, CSV or TSV (review,sentiment) or JSON lines
    /// (text,label), plain or .gz.
    #[arg(long, value_name = "PATH")]
    data: PathBuf,
    #[command(flatten)]
    params: ParamsArgs,
    /// Directory that gets model.verdict.
    #[arg(long, value_name = "DIR", default_value = "models/default")]
    out: PathBuf,
    /// What the model is called.
    #[arg(long, default_value = "sentiment")]
    name: String,
    /// Which part of the data to train on.
    #[arg(long, value_enum, default_value = "train")]
    split: SplitName,
    #[command(flatten)]
    threads: Threads,
    /// Print one JSON object as the last line.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let params = args.params.read()?;
    let corpus = read_corpus(&args.data, args.split, &params.data_ingestion.split)?;
    let step = progress::step("training");
    let trained = args.threads.run(|| train(&corpus, &params, &args.name))??;
    step.finish_and_clear();
    let path = verdict_registry::save(&args.out, &trained.artifact)?;
    warn_unless_converged(trained.converged, trained.iterations);
    report(args, &corpus, &trained, &path)
}

pub(crate) fn warn_unless_converged(converged: bool, iterations: u64) {
    if !converged {
        output::note(format_args!("trainer: warning: {}", not_converged(iterations)));
    }
}

fn report(args: &Args, corpus: &Corpus, trained: &Timed, path: &Path) -> anyhow::Result<()> {
    let sha256 = verdict_sentiment::sha256_hex(&trained.artifact);
    let seconds = trained.took().as_secs_f64();
    if !args.json {
        output::line(format_args!(
            "trained on {} reviews in {seconds:.3} s: {} terms, {} iterations",
            corpus.len(),
            trained.n_features,
            trained.iterations
        ))?;
        let steps = trained.steps.iter();
        let steps: Vec<String> =
            steps.map(|(step, took)| format!("{step} {:.3} s", took.as_secs_f64())).collect();
        output::line(format_args!("  {}", steps.join(", ")))?;
        if let Some(metrics) = trained.out_of_fold {
            output::line(format_args!(
                "  out of fold: accuracy {}, AUC {}, log-loss {}, calibration error {}",
                metrics.text("accuracy"),
                metrics.text("auc"),
                metrics.text("log_loss"),
                metrics.text("ece")
            ))?;
        }
        return output::line(format_args!(
            "{} ({} bytes)\n  sha256 {sha256}",
            path.display(),
            trained.artifact.len()
        ));
    }
    let steps = trained.steps.iter().map(|(step, took)| (*step, took.as_secs_f64()));
    output::line(json!({
        "train_seconds": seconds,
        "steps_seconds": steps.collect::<BTreeMap<_, _>>(),
        "peak_rss_bytes": peak_rss_bytes(),
        "n_reviews": corpus.len(),
        "n_features": trained.n_features,
        "iterations": trained.iterations,
        "converged": trained.converged,
        "out_of_fold": trained.out_of_fold,
        "sha256": sha256,
        "artifact": path,
    }))
}
