//! `trainer train`.

use super::output;
use super::threads::{PresetArg, Threads, peak_rss_bytes};
use crate::ingest::file::{SplitName, read_corpus};
use crate::lifecycle::rebuild::not_converged;
use crate::params::Params;
use crate::progress;
use crate::training::{Timed, train};
use crate::words;
use anyhow::Context;
use serde_json::json;
use std::path::{Path, PathBuf};

/// Options of `trainer train`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Labelled reviews: an aclImdb folder or archive, CSV or TSV (review,sentiment) or JSON lines (text,label), plain or .gz.
    #[arg(long, value_name = "PATH")]
    data: PathBuf,
    /// Training parameters.
    #[arg(long, value_name = "FILE", default_value = "params.yaml")]
    params: PathBuf,
    #[command(flatten)]
    preset: PresetArg,
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
    let params = params_with(&args.params, args.preset)?;
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

/// Reads the parameters. A file that is not there is an error even under its default name: nobody trains with parameters
/// that they did not choose.
pub(crate) fn read_params(path: &Path) -> anyhow::Result<Params> {
    words::read(typed_params(path)?)
}

fn typed_params(path: &Path) -> anyhow::Result<Params> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("reading parameters {}", path.display()))?;
    Ok(Params::from_yaml(&text, &path.display().to_string())?)
}

/// Reads the parameters, and lays a preset over what they say of the model.
pub(crate) fn params_with(path: &Path, preset: PresetArg) -> anyhow::Result<Params> {
    let mut params = typed_params(path)?;
    if let Some(preset) = preset.preset {
        let raw = params.raw.with_model_of(Params::of_preset(preset)?.raw);
        params = Params::check(raw, preset.as_str())?;
    }
    words::read(params)
}

fn report(
    args: &Args,
    corpus: &verdict_learning::corpus::Corpus,
    trained: &Timed,
    path: &Path,
) -> anyhow::Result<()> {
    let sha256 = verdict_sentiment::sha256_hex(&trained.artifact);
    let seconds = trained.took().as_secs_f64();
    if !args.json {
        output::line(format_args!(
            "trained on {} reviews in {seconds:.3} s: {} terms, {} iterations",
            corpus.len(),
            trained.n_features,
            trained.iterations
        ))?;
        let steps: Vec<String> = trained
            .steps
            .iter()
            .map(|(step, took)| format!("{step} {:.3} s", took.as_secs_f64()))
            .collect();
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
    let steps: serde_json::Map<String, serde_json::Value> = trained
        .steps
        .iter()
        .map(|(step, took)| ((*step).to_owned(), took.as_secs_f64().into()))
        .collect();
    output::line(json!({
        "train_seconds": seconds,
        "steps_seconds": steps,
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
