//! `trainer promote` and `trainer rollback`.

use super::lifecycle::{ServingArgs, result};
use super::threads::Threads;
use crate::behaviour;
use crate::disk::write_json;
use crate::ingest::file::{SplitName, read_corpus};
use crate::lifecycle::Serving;
use crate::lifecycle::promote::{Promotion, promote, rollback};
use crate::stages::{self, layout::Layout};
use serde_json::json;
use std::path::PathBuf;
use std::process::ExitCode;
use verdict_kafka_io::KafkaArgs;
use verdict_learning::gate::FlipsWanted;
use verdict_registry::Which;

/// Options of `trainer promote`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The version that asks: a number, or an alias [default: model_registration.alias].
    #[arg(long, value_name = "VERSION|ALIAS")]
    candidate: Option<String>,
    /// Labelled reviews that neither model was trained on [default: what the pipeline held out,
    /// data/raw/test.csv].
    #[arg(long, value_name = "PATH")]
    data: Option<PathBuf>,
    /// Parameters: the bounds in `promotion`, the model's name, and the split of --data.
    #[arg(long, value_name = "FILE", default_value = "params.yaml")]
    params: PathBuf,
    /// The folder that has data and reports.
    #[arg(long, value_name = "DIR", default_value = ".")]
    root: PathBuf,
    #[command(flatten)]
    serving: ServingArgs,
    #[command(flatten)]
    kafka: KafkaArgs,
    #[command(flatten)]
    threads: Threads,
    /// Print one JSON object as the last line.
    #[arg(long)]
    json: bool,
}

/// Exit code 0 where the candidate serves, 1 where it was refused.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let params = super::params::read(&args.params)?;
    let registry = args.serving.registry.open()?;
    let kafka = args.kafka.check()?.client_id("verdict-trainer");
    let topic = args.serving.topic(&kafka);
    let layout = Layout::new(&args.root);
    let corpus = match &args.data {
        Some(path) => read_corpus(path, SplitName::Test, &params.data_ingestion.split)?,
        None => stages::held_out(&layout)?,
    };
    let suite = behaviour::of_gate(&params.promotion)?;
    let candidate = match &args.candidate {
        Some(typed) => typed.parse().map_or_else(|_| Which::Alias(typed.clone()), Which::Version),
        None => Which::Alias(params.registration.alias.clone()),
    };
    let serving = Serving {
        registry: &*registry,
        topic: topic.as_ref(),
        name: &params.registration.name,
        alias: &args.serving.to,
    };
    let promotion = Promotion {
        candidate: &candidate,
        reviews: &corpus,
        suite: suite.as_ref(),
        gate: &params.promotion,
        flips: FlipsWanted::default(),
        trained_from: None,
    };
    let report = layout.reports().join("promotion.json");
    let promoted = args
        .threads
        .run(|| promote(serving, promotion, |decision| write_json(&report, decision)))??;
    if let Some(decision) = promoted.decision.as_ref().filter(|_| !args.json) {
        super::gate::show(decision)?;
    }
    let version = promoted.candidate.version;
    let value = json!({
        "name": promoted.candidate.name,
        "version": version,
        "replaces": promoted.champion.as_ref().map(|champion| champion.version),
        "alias": args.serving.to,
        "serves": promoted.serves(),
        "announced": promoted.announced.is_some(),
        "decision": promoted.decision,
    });
    result(args.json, &value, || match (promoted.serves(), &promoted.announced) {
        (false, _) => format!("version {version} is not promoted: {}", report.display()),
        (true, Some(_)) => format!("version {version} is {} and announced", args.serving.to),
        (true, None) if promoted.decision.is_some() => {
            format!("version {version} is {}, and nobody was told", args.serving.to)
        }
        (true, None) => format!("version {version} is {} already", args.serving.to),
    })?;
    Ok(ExitCode::from(u8::from(!promoted.serves())))
}

/// Options of `trainer rollback`.
#[derive(Debug, clap::Args)]
pub struct RollbackArgs {
    /// What the model is called.
    #[arg(long, default_value = "sentiment", env = "VERDICT_MODEL_NAME")]
    name: String,
    /// Go to this version [default: the one that served before].
    #[arg(long, value_name = "N")]
    version: Option<u64>,
    #[command(flatten)]
    serving: ServingArgs,
    #[command(flatten)]
    kafka: KafkaArgs,
    /// Print one JSON object as the last line.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run_rollback(args: &RollbackArgs) -> anyhow::Result<()> {
    let registry = args.serving.registry.open()?;
    let kafka = args.kafka.check()?.client_id("verdict-trainer");
    let topic = args.serving.topic(&kafka);
    let alias = &args.serving.to;
    let serving = Serving { registry: &*registry, topic: topic.as_ref(), name: &args.name, alias };
    let done = rollback(serving, args.version)?;
    let value = json!({
        "name": args.name,
        "from": done.from.version,
        "to": done.to.version,
        "alias": args.serving.to,
        "announced": done.announced.is_some(),
    });
    result(args.json, &value, || {
        format!(
            "{} of {} is version {} again, after {}",
            args.serving.to, args.name, done.to.version, done.from.version
        )
    })
}
