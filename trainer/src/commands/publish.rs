//! `trainer publish`.

use super::output;
use crate::announce;
use anyhow::Context;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};
use verdict_kafka_io::KafkaArgs;
use verdict_messages::topic;
use verdict_sentiment::Model;

/// Options of `trainer publish`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The model: a file, or a directory that holds model.verdict.
    #[arg(
        long,
        value_name = "URI",
        default_value = "models/default",
        env = "VERDICT_MODEL"
    )]
    model: PathBuf,
    /// Directory that keeps every published model; consumers must find it under the same path.
    #[arg(
        long,
        visible_alias = "to",
        value_name = "DIR",
        default_value = "models/registry",
        env = "VERDICT_REGISTRY"
    )]
    registry: PathBuf,
    /// Version of the model [default: one more than the last one of its name].
    #[arg(long, value_name = "VERSION")]
    version: Option<String>,
    /// Topic that points to model versions.
    #[arg(
        long,
        value_name = "TOPIC",
        default_value = topic::MODELS,
        env = "VERDICT_MODELS_TOPIC"
    )]
    models_topic: String,
    #[command(flatten)]
    kafka: KafkaArgs,
    /// Print one JSON object as the last line.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let kafka = args.kafka.check()?.client_id("verdict-trainer");
    let bytes = verdict_registry::read(&args.model)?;
    let model = Model::from_bytes(&bytes)
        .with_context(|| format!("loading model {}", args.model.display()))?;
    let name = &model.identity().name;
    let last = announce::last(&kafka, &args.models_topic, name)?;
    let version = announce::version_after(last.as_ref(), args.version.as_deref())?;
    let now = unix_ms();
    let mut pointer = announce::pointer(&model, bytes.len() as u64, version, now)?;
    pointer.uri = store(&args.registry, &model, &bytes)?;
    let position = announce::announce(&kafka, &args.models_topic, &pointer, now)?;
    if args.json {
        return output::line(json!({
            "name": pointer.name,
            "version": pointer.version,
            "replaces": last.map(|last| last.version),
            "sha256": pointer.sha256,
            "bytes": pointer.bytes,
            "uri": pointer.uri,
            "position": position.to_string(),
        }));
    }
    output::line(format_args!(
        "published {} {} at {position}\n  {}\n  sha256 {}",
        pointer.name, pointer.version, pointer.uri, pointer.sha256
    ))
}

/// Keeps the bytes where they can never be replaced by others, since their hash is in the path, and gives that path in
/// full: a consumer has another working directory.
fn store(registry: &Path, model: &Model, bytes: &[u8]) -> anyhow::Result<String> {
    let identity = model.identity();
    let directory = registry
        .join(directory_name(&identity.name))
        .join(&identity.sha256);
    let path = verdict_registry::save(directory, bytes)?;
    let path = path
        .canonicalize()
        .with_context(|| format!("finding {}", path.display()))?;
    path.into_os_string()
        .into_string()
        .map_err(|path| anyhow::anyhow!("--registry must be a path in UTF-8, got {path:?}"))
}

/// A model may be called anything; a directory of it must not lead out of the registry.
fn directory_name(name: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_.".contains(c);
    let directory: String = name
        .chars()
        .map(|c| if plain(c) { c } else { '_' })
        .collect();
    match directory.trim_start_matches('.') {
        "" => "_".to_owned(),
        visible => visible.to_owned(),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "where the command begins: the time of the event"
)]
fn unix_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    })
}

#[cfg(test)]
mod tests {
    use super::directory_name;

    #[test]
    fn a_name_never_leads_out_of_the_registry() {
        let cases = [
            ("sentiment", "sentiment"),
            ("a/b", "a_b"),
            ("../../etc", "_.._etc"),
            ("..", "_"),
            ("", "_"),
            ("Größe 2", "Größe_2"),
        ];
        for (name, expected) in cases {
            assert_eq!(directory_name(name), expected, "{name:?}");
        }
    }
}
