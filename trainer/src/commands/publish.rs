//! `trainer publish`: a model serves, whatever the gate would say.

use super::lifecycle::{ServingArgs, now, read, result};
use crate::lifecycle::promote::move_alias;
use crate::lifecycle::register::register;
use crate::lifecycle::{Serving, is_back};
use anyhow::Context;
use serde_json::json;
use std::path::PathBuf;
use verdict_kafka_io::KafkaArgs;
use verdict_sentiment::Model;

/// Options of `trainer publish`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The model: a file, a directory that holds model.verdict, dir:ROOT/NAME@ALIAS or
    /// models:/NAME@ALIAS.
    #[arg(long, value_name = "URI", default_value = "models/default", env = "VERDICT_MODEL")]
    model: PathBuf,
    #[command(flatten)]
    serving: ServingArgs,
    #[command(flatten)]
    kafka: KafkaArgs,
    /// Print one JSON object as the last line.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let kafka = args.kafka.check()?.client_id("verdict-trainer");
    let bytes = read(&args.model)?;
    let model = Model::from_bytes(&bytes)
        .with_context(|| format!("loading model {}", args.model.display()))?;
    let name = &model.identity().name;
    let registry = args.serving.registry.open()?;
    let topic = args.serving.topic(&kafka);
    let serving =
        Serving { registry: &*registry, topic: topic.as_ref(), name, alias: &args.serving.to };
    // Asked first: without the topic nothing is kept either.
    let replaced = serving.last_announced()?;
    // The bytes are whole in the registry before anything points to them.
    let (version, _) = register(&*registry, name, "staging", &bytes, None, now())?;
    if let Some(last) = &replaced {
        is_back(&*registry, last, &version)?;
    }
    move_alias(&*registry, &version, serving.alias)?;
    let pointer = serving.settle(None)?;
    let value = json!({
        "name": version.name,
        "version": version.version,
        "replaces": replaced.map(|pointer| pointer.version),
        "sha256": version.sha256,
        "bytes": version.bytes,
        "uri": version.uri,
        "announced": pointer.is_some(),
    });
    result(args.json, &value, || {
        let what = if pointer.is_some() { "published" } else { "published already:" };
        format!(
            "{what} {} {}\n  {}\n  sha256 {}",
            version.name, version.version, version.uri, version.sha256
        )
    })
}
