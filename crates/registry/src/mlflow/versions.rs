//! The model registry of an MLflow server: registered models, their versions, and aliases.

use super::artifact::Stored;
use super::client::Client;
use super::json::{is_absent, items, number, set, tags, text};
use super::tracking::{self, BYTES, CREATED_AT, Run, SHA256};
use crate::{NewVersion, RegistryError, Result, Tags, Version, Which};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// How long a version may take to become ready. MLflow's own stores need no time; others copy the
/// model.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(200);
const FAILED: &str = "FAILED_REGISTRATION";

/// A version, with what only MLflow knows of it.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) version: Version,
    pub(super) run_id: String,
    status: String,
    message: String,
}

/// A version from the tags of a registered version or of a run.
pub(super) fn from_tags(name: &str, number: u64, tags: &Tags, location: &str) -> Result<Version> {
    let corrupt = |problem| {
        RegistryError::corrupt(format!("{location}: version {number} of model {name}"), problem)
    };
    let tag = |key: &str| tags.get(key).map(String::as_str);
    let own = |key: &str| {
        tag(key).ok_or_else(|| {
            corrupt(format!("it must have the tag {key}, which Verdict gives to what it registers"))
        })
    };
    let bytes = own(BYTES)?;
    Ok(Version {
        name: name.to_owned(),
        version: number,
        sha256: own(SHA256)?.to_owned(),
        bytes: bytes
            .parse()
            .map_err(|_| corrupt(format!("the tag {BYTES} must be a number, got {bytes:?}")))?,
        uri: format!("models:/{name}{}", Which::Version(number)),
        created_at: tag(CREATED_AT).and_then(|at| at.parse().ok()),
    })
}

fn found(client: &Client, answer: &Value, path: &str) -> Result<Found> {
    let name = text(answer, &["name"], path)?;
    let version = text(answer, &["version"], path)?;
    let number = number(&version).ok_or_else(|| {
        RegistryError::corrupt(path, format!("version must be a number from 1, got {version:?}"))
    })?;
    let or_empty = |field| text(answer, &[field], path).unwrap_or_default();
    Ok(Found {
        version: from_tags(&name, number, &tags(answer), client.base())?,
        run_id: or_empty("run_id"),
        status: or_empty("status"),
        message: or_empty("status_message"),
    })
}

/// Versions of a name by number; those of one artifact, if `sha256` is given. Only those that
/// Verdict registered, and none that failed to be registered.
pub(super) fn list(client: &Client, name: &str, sha256: Option<&str>) -> Result<Vec<Found>> {
    let path = "model-versions/search";
    let mut filter = format!("name='{name}'");
    if let Some(sha256) = sha256 {
        filter.push_str(&format!(" and tags.`{SHA256}` = '{sha256}'"));
    }
    let mut versions = Vec::new();
    let mut page = String::new();
    loop {
        let mut query = vec![("filter", filter.as_str()), ("max_results", "200")];
        if !page.is_empty() {
            query.push(("page_token", &page));
        }
        let answer = client.get(path, &query)?;
        for version in items(&answer, &["model_versions"]) {
            let is_ours = tags(version).contains_key(SHA256);
            if is_ours && version.get("status").and_then(Value::as_str) != Some(FAILED) {
                versions.push(found(client, version, path)?);
            }
        }
        page = text(&answer, &["next_page_token"], path).unwrap_or_default();
        if page.is_empty() {
            versions.sort_by_key(|found| found.version.version);
            return Ok(versions);
        }
    }
}

/// One version.
pub(super) fn get(client: &Client, name: &str, number: u64) -> Result<Found> {
    let query = [("name", name), ("version", &*number.to_string())];
    let found = one(client, "model-versions/get", &query, is_absent)?;
    found.ok_or_else(|| RegistryError::no_version(client.base(), name, number))
}

fn one(
    client: &Client,
    path: &str,
    query: &[(&str, &str)],
    is_none: fn(&RegistryError) -> bool,
) -> Result<Option<Found>> {
    match client.get(path, query) {
        Err(error) if is_none(&error) => Ok(None),
        answer => {
            let answer = answer?;
            let version = answer.get("model_version").unwrap_or(&Value::Null);
            found(client, version, path).map(Some)
        }
    }
}

/// Makes the next version of a name.
pub(super) fn create(
    client: &Client,
    new: &NewVersion<'_>,
    run: &Run,
    stored: &Stored,
    sha256: &str,
) -> Result<Found> {
    match client.post("registered-models/create", &json!({ "name": new.name })) {
        Err(RegistryError::Status { code, .. }) if code == "RESOURCE_ALREADY_EXISTS" => {}
        answer => drop(answer?),
    }
    let mut tags = new.tags.clone();
    tags.extend(tracking::own_tags(new, sha256));
    let mut body = json!({
        "name": new.name,
        "source": stored.source,
        "run_id": run.id,
        "tags": tracking::pairs(&tags),
    });
    if let Some(id) = &stored.model_id {
        set(&mut body, "model_id", id);
    }
    let path = "model-versions/create";
    let answer = client.post(path, &body)?;
    found(client, answer.get("model_version").unwrap_or(&Value::Null), path)
}

/// Waits until a version can be used.
pub(super) fn ready(client: &Client, mut version: Found) -> Result<Found> {
    let start = Instant::now();
    let Version { name, version: number, .. } = version.version.clone();
    let what = format!("version {number} of model {name}");
    loop {
        match version.status.as_str() {
            // Older servers leave the status out.
            "READY" | "" => return Ok(version),
            FAILED => {
                let location = format!("{}: {what}", client.base());
                let problem = format!("{FAILED}: {}", version.message);
                return Err(RegistryError::corrupt(location, problem));
            }
            status if start.elapsed() >= PATIENCE => {
                return Err(RegistryError::Pending(format!(
                    "{}: {what} is {status} after {PATIENCE:?}",
                    client.base()
                )));
            }
            _ => std::thread::park_timeout(PAUSE),
        }
        version = get(client, &name, number)?;
    }
}

/// Where the artifacts of a version are.
pub(super) fn artifact_uri(client: &Client, version: &Version) -> Result<String> {
    let (path, number) = ("model-versions/get-download-uri", version.version.to_string());
    let answer = client.get(path, &[("name", &version.name), ("version", &number)])?;
    text(&answer, &["artifact_uri"], path)
}

pub(super) fn tag_version(client: &Client, version: &Version, tags: &Tags) -> Result<()> {
    for (key, value) in tags {
        let body = json!({
            "name": version.name,
            "version": version.version.to_string(),
            "key": key,
            "value": value,
        });
        client.post("model-versions/set-tag", &body)?;
    }
    Ok(())
}

const ALIAS: &str = "registered-models/alias";

/// Whether the server answered that there is no such alias: 400 from MLflow's own server, 404
/// without the model. Name and alias were checked before, so 400 cannot mean that they are invalid.
fn has_no_alias(error: &RegistryError) -> bool {
    is_absent(error)
        || matches!(error, RegistryError::Status { status: 400, code, .. } if code == "INVALID_PARAMETER_VALUE")
}

pub(super) fn by_alias(client: &Client, name: &str, alias: &str) -> Result<Option<Found>> {
    one(client, ALIAS, &[("name", name), ("alias", alias)], has_no_alias)
}

pub(super) fn set_alias(client: &Client, name: &str, alias: &str, number: u64) -> Result<()> {
    let body = json!({ "name": name, "alias": alias, "version": number.to_string() });
    client.post(ALIAS, &body).map(drop)
}

pub(super) fn delete_alias(client: &Client, name: &str, alias: &str) -> Result<()> {
    match client.delete(ALIAS, &json!({ "name": name, "alias": alias })) {
        Err(error) if has_no_alias(&error) => Ok(()),
        answer => answer.map(drop),
    }
}
