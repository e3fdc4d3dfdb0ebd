//! Where versions are kept and announced: options that several commands share.

use super::output;
use crate::announce::ModelsTopic;
use anyhow::Context;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};
use verdict_kafka_io::KafkaSettings;
use verdict_messages::topic;
use verdict_registry::{
    DirectoryRegistry, MlflowRegistry, ModelUri, Registry, Resolver, TrackingSettings,
};
use verdict_sentiment::Model;

/// `--registry`.
#[derive(Debug, Clone, clap::Args)]
pub struct RegistryArgs {
    /// Where versions are kept: a directory, or mlflow for the server that MLFLOW_TRACKING_URI
    /// names [default: mlflow if that is set, else models/registry].
    #[arg(long, value_name = "DIR|mlflow", env = "VERDICT_REGISTRY")]
    registry: Option<String>,
}

impl RegistryArgs {
    /// The registry that is meant.
    ///
    /// # Errors
    /// Where there is no server, or its settings are wrong.
    pub(crate) fn open(&self) -> anyhow::Result<Box<dyn Registry>> {
        let directory = match self.registry.as_deref() {
            Some("mlflow") => {
                let settings = tracking()?.context(
                    "--registry mlflow needs MLFLOW_TRACKING_URI, the URL of the server",
                )?;
                return Ok(Box::new(MlflowRegistry::new(&settings)?));
            }
            // Where a directory was named, MLflow's variables are not even read.
            Some(directory) => directory,
            None => match tracking()? {
                Some(settings) => return Ok(Box::new(MlflowRegistry::new(&settings)?)),
                None => "models/registry",
            },
        };
        // Consumers have working directories of their own.
        let whole =
            std::path::absolute(directory).with_context(|| format!("finding {directory}"))?;
        Ok(Box::new(DirectoryRegistry::new(whole)))
    }
}

/// What finds the model at `uri`. MLflow's variables are read only where it is in an MLflow server.
fn resolver(uri: &Path) -> anyhow::Result<Resolver> {
    let is_mlflow = matches!(ModelUri::of(uri), Ok(ModelUri::Mlflow { .. }));
    Ok(Resolver { tracking: if is_mlflow { tracking()? } else { None } })
}

/// Loads and checks the model at `uri`: a path, or a version in a registry.
pub(crate) fn load(uri: &Path) -> anyhow::Result<Model> {
    Ok(resolver(uri)?.load(uri)?)
}

/// Its bytes, as [`load`] finds them.
pub(crate) fn read(uri: &Path) -> anyhow::Result<Vec<u8>> {
    Ok(resolver(uri)?.read(uri)?)
}

#[expect(clippy::disallowed_methods, reason = "where the command begins: MLflow's own variables")]
fn tracking() -> anyhow::Result<Option<TrackingSettings>> {
    Ok(TrackingSettings::from_lookup(|name| std::env::var(name).ok())?)
}

/// Options of commands that let a version serve.
#[derive(Debug, Clone, clap::Args)]
pub struct ServingArgs {
    #[command(flatten)]
    pub(crate) registry: RegistryArgs,
    /// The alias of what serves.
    #[arg(long, alias = "of", value_name = "ALIAS", default_value = "production")]
    pub(crate) to: String,
    /// Topic that points to model versions.
    #[arg(long, value_name = "TOPIC", default_value = topic::MODELS, env = "VERDICT_MODELS_TOPIC")]
    models_topic: String,
    /// Move the alias and announce nothing: the next command without this flag does.
    #[arg(long)]
    no_announce: bool,
}

impl ServingArgs {
    /// The topic to announce versions on, unless none is to be announced.
    pub(crate) fn topic(&self, kafka: &KafkaSettings) -> Option<ModelsTopic> {
        let topic =
            || ModelsTopic { kafka: kafka.clone(), topic: self.models_topic.clone(), now_unix_ms };
        (!self.no_announce).then(topic)
    }
}

/// Prints the result of a command: one line of JSON, or text.
pub(crate) fn result(
    json: bool,
    value: &serde_json::Value,
    text: impl FnOnce() -> String,
) -> anyhow::Result<()> {
    if json { output::line(value) } else { output::line(text()) }
}

#[expect(
    clippy::disallowed_methods,
    reason = "where the command begins: the time of what it writes"
)]
pub(crate) fn now_unix_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// The same as the registry takes it.
pub(crate) fn now() -> jiff::Timestamp {
    jiff::Timestamp::from_millisecond(now_unix_ms()).unwrap_or_default()
}
