//! `trainer rebuild` and `trainer watch`.

use super::lifecycle::{ServingArgs, now, result};
use super::params::ParamsArgs;
use super::review_log::ReviewLogArgs;
use super::threads::Threads;
use super::train::warn_unless_converged;
use crate::lifecycle::rebuild::{Job, Rebuilt};
use crate::stages::layout::Layout;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::ExitCode;

/// Options of `trainer rebuild`.
#[derive(Debug, Clone, clap::Args)]
// `trainer watch` takes all of these beside its own, which are called `Args` too.
#[group(id = "rebuild")]
pub struct Args {
    /// Where the labelled reviews come from: kafka, the review log, or any other source.
    #[arg(long, value_name = "SOURCE", default_value = "kafka")]
    source: String,
    #[command(flatten)]
    log: ReviewLogArgs,
    #[command(flatten)]
    params: ParamsArgs,
    /// The folder that gets data/raw and reports.
    #[arg(long, value_name = "DIR", default_value = ".")]
    root: PathBuf,
    #[command(flatten)]
    serving: ServingArgs,
    #[command(flatten)]
    threads: Threads,
    /// Print one JSON object as the last line.
    #[arg(long)]
    json: bool,
}

impl Args {
    /// What was typed, opened.
    pub(crate) fn job(&self) -> anyhow::Result<Job> {
        let params = self.params.read()?;
        let log = self.log.check()?;
        Ok(Job {
            params: params.reading(self.source.parse()?),
            topic: self.serving.topic(&log.kafka),
            registry: self.serving.registry.open()?,
            to: self.serving.to.clone(),
            layout: Layout::new(&self.root),
            threads: self.threads.threads,
            now,
            log,
        })
    }
}

/// Exit code 0 where the model serves, 1 where it was refused.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let rebuilt = args.job()?.rebuild()?;
    warn_unless_converged(rebuilt.trained.converged, rebuilt.trained.iterations);
    result(args.json, &summary(&rebuilt), || rebuilt.to_string())?;
    Ok(ExitCode::from(u8::from(!rebuilt.promoted.serves())))
}

fn summary(rebuilt: &Rebuilt) -> Value {
    json!({
        "name": rebuilt.version.name,
        "version": rebuilt.version.version,
        "sha256": rebuilt.version.sha256,
        "uri": rebuilt.version.uri,
        "n_reviews": rebuilt.manifest.train.n_reviews,
        "held_out": rebuilt.manifest.test.n_reviews,
        "train_seconds": rebuilt.trained.took().as_secs_f64(),
        "metrics": rebuilt.measures,
        "serves": rebuilt.promoted.serves(),
        "announced": rebuilt.promoted.announced.is_some(),
        "replaces": rebuilt.promoted.champion.as_ref().map(|champion| champion.version),
        "failed": rebuilt.failed(),
    })
}
