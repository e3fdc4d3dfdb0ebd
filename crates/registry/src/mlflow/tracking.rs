//! Experiments and runs. The run of a model is found again by the model's SHA-256, so that a second
//! attempt continues where the first one ended.

use super::client::Client;
use super::json::{is_absent, items, set, text};
use crate::{Files, NewVersion, RegistryError, Result, Tags};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The tag of runs, logged models and versions that holds the model's SHA-256.
pub(super) const SHA256: &str = "verdict.sha256";
/// The tag that holds the length of the model's file.
pub(super) const BYTES: &str = "verdict.bytes";
/// The tag of runs that holds the model's name.
pub(super) const NAME: &str = "verdict.name";
/// The tag that holds when the caller registered it, RFC 3339.
pub(super) const CREATED_AT: &str = "verdict.created_at";

/// Most metrics, and most parameters or tags, in one `log-batch`.
const METRICS: usize = 1000;
const STRINGS: usize = 100;
/// Most bytes of values in one `log-batch`, whose bound is a megabyte of JSON; escapes may double
/// what is here.
const BATCH: usize = 400_000;

/// A run, as the server returns it.
#[derive(Debug, Clone)]
pub(super) struct Run {
    pub(super) id: String,
    pub(super) experiment: String,
    pub(super) artifact_uri: String,
    pub(super) status: String,
    pub(super) tags: Tags,
    params: Tags,
    metrics: BTreeMap<String, f64>,
}

impl Run {
    fn from_json(run: &Value, at: &str) -> Result<Self> {
        let pairs = |field: &str| {
            items(run, &["data", field]).iter().filter_map(|item| {
                Some((item.get("key")?.as_str()?.to_owned(), item.get("value")?.clone()))
            })
        };
        let strings = |field: &str| -> Tags {
            pairs(field)
                .map(|(key, value)| (key, value.as_str().unwrap_or_default().to_owned()))
                .collect()
        };
        Ok(Self {
            id: text(run, &["info", "run_id"], at)?,
            experiment: text(run, &["info", "experiment_id"], at)?,
            artifact_uri: text(run, &["info", "artifact_uri"], at)?,
            status: text(run, &["info", "status"], at)?,
            tags: strings("tags"),
            params: strings("params"),
            metrics: pairs("metrics")
                .filter_map(|(key, value)| Some((key, value.as_f64()?)))
                .collect(),
        })
    }
}

/// The id of an experiment, which is created if it is missing.
pub(super) fn experiment(client: &Client, name: &str) -> Result<String> {
    if let Some(id) = known_experiment(client, name)? {
        return Ok(id);
    }
    match client.post("experiments/create", &json!({ "name": name })) {
        // Another process created it first.
        Err(RegistryError::Status { code, .. }) if code == "RESOURCE_ALREADY_EXISTS" => {
            let what = format!("experiment {name}, although it exists");
            known_experiment(client, name)?
                .ok_or_else(|| RegistryError::not_found(client.base(), what))
        }
        answer => text(&answer?, &["experiment_id"], "experiments/create"),
    }
}

/// The id of an experiment, if there is such a one.
pub(super) fn known_experiment(client: &Client, name: &str) -> Result<Option<String>> {
    let path = "experiments/get-by-name";
    match client.get(path, &[("experiment_name", name)]) {
        Err(error) if is_absent(&error) => Ok(None),
        answer => text(&answer?, &["experiment", "experiment_id"], path).map(Some),
    }
}

/// The runs that have these tags, the first one first.
pub(super) fn runs(client: &Client, experiment: &str, tags: &[(&str, &str)]) -> Result<Vec<Run>> {
    let conditions: Vec<String> =
        tags.iter().map(|(key, value)| format!("tags.`{key}` = '{value}'")).collect();
    let mut body = json!({
        "experiment_ids": [experiment],
        "filter": conditions.join(" and "),
        "run_view_type": "ACTIVE_ONLY",
        "max_results": 200,
        "order_by": ["attributes.start_time ASC"],
    });
    let mut runs = Vec::new();
    loop {
        let answer = client.post("runs/search", &body)?;
        for run in items(&answer, &["runs"]) {
            runs.push(Run::from_json(run, "runs/search")?);
        }
        match answer.get("next_page_token").and_then(Value::as_str) {
            Some(token) if !token.is_empty() => set(&mut body, "page_token", token),
            _ => return Ok(runs),
        }
    }
}

/// The run of this id.
pub(super) fn run(client: &Client, id: &str) -> Result<Run> {
    let answer = client.get("runs/get", &[("run_id", id)])?;
    Run::from_json(answer.get("run").unwrap_or(&Value::Null), "runs/get")
}

/// The run of a model: the one of an earlier attempt, or a new one.
pub(super) fn run_of(
    client: &Client,
    experiment: &str,
    new: &NewVersion<'_>,
    sha256: &str,
) -> Result<Run> {
    let known = runs(client, experiment, &[(SHA256, sha256), (NAME, new.name)])?;
    if let Some(run) = known.into_iter().next() {
        return Ok(run);
    }
    let short: String = sha256.chars().take(12).collect();
    let body = json!({
        "experiment_id": experiment,
        "run_name": format!("{}-{short}", new.name),
        "start_time": new.created_at.as_millisecond(),
        "tags": pairs(&own_tags(new, sha256)),
    });
    let answer = client.post("runs/create", &body)?;
    Run::from_json(answer.get("run").unwrap_or(&Value::Null), "runs/create")
}

/// The tags by which Verdict finds again what it made.
pub(super) fn own_tags(new: &NewVersion<'_>, sha256: &str) -> Tags {
    [
        (SHA256, sha256.to_owned()),
        (BYTES, new.artifact.len().to_string()),
        (NAME, new.name.to_owned()),
        (CREATED_AT, new.created_at.to_string()),
    ]
    .map(|(key, value)| (key.to_owned(), value))
    .into()
}

/// MLflow's form of a map.
pub(super) fn pairs(tags: &Tags) -> Vec<Value> {
    let pair = |(key, value)| json!({ "key": key, "value": value });
    tags.iter().map(pair).collect()
}

/// Logs what the run lacks. MLflow never changes a parameter, so those that are there are skipped.
pub(super) fn log(client: &Client, run: &Run, new: &NewVersion<'_>) -> Result<()> {
    let at = new.created_at.as_millisecond();
    let metrics: Vec<Value> = new
        .metrics
        .iter()
        .filter(|&(key, value)| {
            run.metrics.get(key).map(|known| known.to_bits()) != Some(value.to_bits())
        })
        .map(|(key, value)| json!({ "key": key, "value": value, "timestamp": at, "step": 0 }))
        .collect();
    batches(client, &run.id, "metrics", metrics, METRICS)?;
    let mut params = new.params.clone();
    params.retain(|key, _| !run.params.contains_key(key));
    batches(client, &run.id, "params", pairs(&params), STRINGS)?;
    log_tags(client, run, &new.tags)
}

/// Sets tags of the run.
pub(super) fn log_tags(client: &Client, run: &Run, tags: &Tags) -> Result<()> {
    let mut tags = tags.clone();
    tags.retain(|key, value| run.tags.get(key) != Some(value));
    batches(client, &run.id, "tags", pairs(&tags), STRINGS)
}

fn batches(client: &Client, run: &str, field: &str, items: Vec<Value>, most: usize) -> Result<()> {
    let send = |items: Vec<Value>| {
        let sent = client.post("runs/log-batch", &json!({ "run_id": run, field: items }));
        sent.map(drop)
    };
    let (mut batch, mut size) = (Vec::new(), 0);
    for item in items {
        let length = item.to_string().len();
        if batch.len() == most || (!batch.is_empty() && size + length > BATCH) {
            send(std::mem::take(&mut batch))?;
            size = 0;
        }
        size += length;
        batch.push(item);
    }
    if batch.is_empty() { Ok(()) } else { send(batch) }
}

/// Keeps files beside the run.
pub(super) fn upload(client: &Client, run: &Run, files: &Files) -> Result<()> {
    files.iter().try_for_each(|(name, bytes)| client.upload(&run.artifact_uri, name, bytes))
}

/// Marks a run as finished, unless it is.
pub(super) fn finish(client: &Client, run: &Run, new: &NewVersion<'_>) -> Result<()> {
    if run.status == "FINISHED" {
        return Ok(());
    }
    let body = json!({
        "run_id": run.id,
        "status": "FINISHED",
        "end_time": new.created_at.as_millisecond(),
    });
    client.post("runs/update", &body).map(drop)
}
