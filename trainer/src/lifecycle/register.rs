//! A model that was evaluated becomes a version in the registry.

use crate::announce::numbers;
use crate::card;
use crate::ingest::manifest::{Manifest, Origin};
use crate::report::about;
use anyhow::Context;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use verdict_learning::measures::Measures;
use verdict_messages::TrainedFrom;
use verdict_registry::{NewVersion, Registry, Version};
use verdict_sentiment::Model;

/// What became of a registration, `reports/registration.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    /// What the model is called.
    pub name: String,
    /// Its version in the registry.
    pub version: u64,
    /// SHA-256 of the model file.
    pub sha256: String,
    /// What loads it.
    pub uri: String,
    /// The alias that points to it now.
    pub alias: String,
    /// Where the registry is.
    pub registry: String,
}

/// What is known of a model besides its bytes.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    /// Measured on reviews that were held out.
    pub measures: &'a Measures,
    /// What was ingested.
    pub manifest: &'a Manifest,
}

/// Registers a model and points an alias to it. Bytes that are registered already keep their
/// version.
///
/// # Errors
/// Where the bytes are no model, or what the registry says; a later call goes on where this one
/// ended.
pub fn register(
    registry: &dyn Registry,
    name: &str,
    alias: &str,
    artifact: &[u8],
    evidence: Option<Evidence<'_>>,
    now: Timestamp,
) -> anyhow::Result<(Version, Registration)> {
    let model = Model::from_bytes(artifact).context("the model that is to be registered")?;
    let mut new = NewVersion::new(name, artifact, now);
    if let Some(Evidence { measures, manifest }) = evidence {
        let measured = serde_json::to_value(measures)?;
        new.metrics = numbers(Some(&measured));
        let mut json = serde_json::to_vec_pretty(&measured)?;
        json.push(b'\n');
        new.files.insert("metrics.json".to_owned(), json);
        let card = card::render(&model, measures, &manifest.test.sha256)?;
        new.files.insert("MODEL_CARD.md".to_owned(), card.into_bytes());
        new.files.insert("manifest.json".to_owned(), serde_json::to_vec_pretty(manifest)?);
        new.tags.insert("verdict.source".to_owned(), manifest.source.clone());
    }
    new.tags.insert("verdict.code_version".to_owned(), env!("CARGO_PKG_VERSION").to_owned());
    let params = about::leaves(model.parts().about.get("params"));
    new.params.extend(params.map(|(key, value)| match value {
        Value::String(text) => (key, text.clone()),
        other => (key, other.to_string()),
    }));
    let version = registry.register(new)?;
    registry.set_alias(name, alias, version.version)?;
    let registration = Registration {
        name: version.name.clone(),
        version: version.version,
        sha256: version.sha256.clone(),
        uri: version.uri.clone(),
        alias: alias.to_owned(),
        registry: registry.location(),
    };
    Ok((version, registration))
}

/// Where a model's reviews came from, as a pointer says it.
#[must_use]
pub fn trained_from(manifest: &Manifest) -> TrainedFrom {
    match &manifest.origin {
        Origin::Log { ranges, .. } => TrainedFrom::Log { ranges: ranges.clone() },
        Origin::File { .. } => TrainedFrom::Data { sha256: manifest.train.sha256.clone() },
    }
}
