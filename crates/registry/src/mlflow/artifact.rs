//! Where the model's file goes: into a LoggedModel, which MLflow has since 3.0, else among the
//! run's artifacts.

use super::client::Client;
use super::json::{items, text};
use super::tracking::{self, Run, SHA256};
use crate::{MODEL_FILE, NewVersion, Result, flavor};
use serde_json::{Value, json};

const READY: &str = "LOGGED_MODEL_READY";
const PENDING: &str = "LOGGED_MODEL_PENDING";

/// A stored model's file.
#[derive(Debug)]
pub(super) struct Stored {
    /// What a version names as its source.
    pub(super) source: String,
    /// The LoggedModel, if it is one.
    pub(super) model_id: Option<String>,
}

/// Where the file is among the run's artifacts.
pub(super) fn folder(run: &Run) -> String {
    format!("{}/model", run.artifact_uri)
}

/// Stores the file among the run's artifacts.
pub(super) fn into_run(client: &Client, run: &Run, new: &NewVersion<'_>) -> Result<Stored> {
    let source = folder(run);
    upload(client, &source, new)?;
    Ok(Stored { source, model_id: None })
}

/// Stores the file in the LoggedModel of the run: the one of an earlier attempt, or a new one.
pub(super) fn into_logged_model(
    client: &Client,
    run: &Run,
    new: &NewVersion<'_>,
    sha256: &str,
) -> Result<Stored> {
    let known = client.post("logged-models/search", &search(&run.experiment, sha256))?;
    let of_run = |model: &&Value| {
        let source = model.pointer("/info/source_run_id").and_then(Value::as_str);
        let status = model.pointer("/info/status").and_then(Value::as_str);
        source == Some(run.id.as_str()) && matches!(status, Some(READY | PENDING))
    };
    let created;
    let model = match items(&known, &["models"]).iter().find(of_run) {
        Some(model) => model,
        None => {
            let body = json!({
                "experiment_id": run.experiment,
                "name": new.name,
                "model_type": "verdict",
                "source_run_id": run.id,
                "tags": tracking::pairs(&tracking::own_tags(new, sha256)),
            });
            created = client.post("logged-models", &body)?;
            created.get("model").unwrap_or(&Value::Null)
        }
    };
    let id = text(model, &["info", "model_id"], "logged-models")?;
    if model.pointer("/info/status").and_then(Value::as_str) != Some(READY) {
        let place = text(model, &["info", "artifact_uri"], "logged-models")?;
        upload(client, &place, new)?;
        let body = json!({ "model_id": id, "status": READY });
        client.patch(&format!("logged-models/{id}"), &body)?;
    }
    Ok(Stored { source: format!("models:/{id}"), model_id: Some(id) })
}

/// Stores the model's file under `uri`, and before it those that tell MLflow what it is.
fn upload(client: &Client, uri: &str, new: &NewVersion<'_>) -> Result<()> {
    for (name, content) in flavor::files(new) {
        client.upload(uri, name, content.as_bytes())?;
    }
    client.upload(uri, MODEL_FILE, new.artifact)
}

/// The LoggedModels of these bytes in an experiment.
pub(super) fn search(experiment: &str, sha256: &str) -> Value {
    json!({
        "experiment_ids": [experiment],
        "filter": format!("tags.`{SHA256}` = '{sha256}'"),
        "max_results": 50,
    })
}
