//! A model that was evaluated becomes a version in the registry.

use crate::card;
use crate::ingest::manifest::{Manifest, Origin};
use anyhow::Context;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use verdict_learning::metrics::Measures;
use verdict_messages::TrainedFrom;
use verdict_registry::{Files, NewVersion, Registry, Version};
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
#[derive(Debug, Clone, Default)]
pub struct Evidence<'a> {
    /// Measured on reviews that were held out.
    pub measures: Option<&'a Measures>,
    /// Names those reviews: SHA-256 over labels and texts.
    pub test_sha256: Option<&'a str>,
    /// What was ingested.
    pub manifest: Option<&'a Manifest>,
    /// Other files to keep beside the model.
    pub files: Files,
}

/// Registers a model and points an alias to it. Bytes that are registered already keep their version.
///
/// # Errors
/// Where the bytes are no model, or what the registry says; a later call goes on where this one ended.
pub fn register(
    registry: &dyn Registry,
    name: &str,
    alias: &str,
    artifact: &[u8],
    evidence: Evidence<'_>,
    now: Timestamp,
) -> anyhow::Result<(Version, Registration)> {
    let model = Model::from_bytes(artifact).context("the model that is to be registered")?;
    let mut new = NewVersion::new(name, artifact, now);
    new.files = evidence.files;
    if let Some(measures) = evidence.measures {
        let measured = serde_json::to_value(measures)?;
        new.metrics = numbers(&measured);
        let mut json = serde_json::to_vec_pretty(&measured)?;
        json.push(b'\n');
        new.files.insert("metrics.json".to_owned(), json);
        let card = card::render(&model, measures, evidence.test_sha256.unwrap_or("–"));
        new.files.insert("MODEL_CARD.md".to_owned(), card.into_bytes());
    }
    if let Some(manifest) = evidence.manifest {
        new.files.insert("manifest.json".to_owned(), serde_json::to_vec_pretty(manifest)?);
        new.tags.insert("verdict.source".to_owned(), manifest.source.clone());
    }
    new.tags.insert("verdict.code_version".to_owned(), env!("CARGO_PKG_VERSION").to_owned());
    let params = model.parts().about.get("params").unwrap_or(&Value::Null);
    flatten("", params, &mut new.params);
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
        Origin::Log(log) => TrainedFrom::Log { ranges: log.ranges.clone() },
        Origin::File(_) => TrainedFrom::Data { sha256: manifest.train.sha256.clone() },
    }
}

fn numbers(measured: &Value) -> BTreeMap<String, f64> {
    let members = measured.as_object().into_iter().flatten();
    members.filter_map(|(key, value)| Some((key.clone(), value.as_f64()?))).collect()
}

/// `{"a": {"b": 1}}` as `a.b = 1`: what people compare in a list of runs.
fn flatten(prefix: &str, value: &Value, into: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                let key = match prefix {
                    "" => key.clone(),
                    prefix => format!("{prefix}.{key}"),
                };
                flatten(&key, value, into);
            }
        }
        Value::Null if prefix.is_empty() => {}
        Value::String(text) => {
            into.insert(prefix.to_owned(), text.clone());
        }
        other => {
            into.insert(prefix.to_owned(), other.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_that_is_not_defined_is_left_out() {
        let of_one_class = serde_json::to_value(Measures::new(&[0.9, 0.8], &[true, true])).unwrap();
        let named = numbers(&of_one_class);
        assert!(!named.contains_key("auc") && !named.contains_key("undefined"));
        assert!(named.contains_key("accuracy") && named.contains_key("tp"));
        assert!(named.values().all(|value| value.is_finite()));
    }

    #[test]
    fn parameters_are_listed_by_their_whole_names() {
        let mut params = BTreeMap::new();
        let value = serde_json::json!({"a": {"b": 1.5, "c": "x"}, "d": [1, 2], "e": null});
        flatten("", &value, &mut params);
        let got: Vec<_> = params.iter().map(|(k, v)| format!("{k}={v}")).collect();
        assert_eq!(got, ["a.b=1.5", "a.c=x", "d=[1,2]", "e=null"]);
    }
}
