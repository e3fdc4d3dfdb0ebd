//! A registry in an MLflow server, by its REST interface: versions and aliases in its model
//! registry, parameters, metrics and files in a run, the model's file in a LoggedModel where the
//! server has them.
//!
//! Everything is found again by the tag `verdict.sha256`, and the version is created last. So a
//! call that was cut off at any point may be repeated, from any process: it continues the same run
//! and creates one version. Two processes that register the same bytes *at the same time* may
//! create two; MLflow offers no lock.

mod artifact;
mod client;
mod json;
mod runs;
mod settings;
mod tracking;
mod versions;

pub use settings::{Secret, TrackingSettings};

use crate::version::{check_annotations, check_digest};
use crate::{Files, NewVersion, Registry, RegistryError, Result, Tags, Version, names};
use client::Client;
use json::{is_absent, is_no_such_method};
use std::sync::OnceLock;
use tracking::Run;
use verdict_sentiment::sha256_hex;

/// Models in an MLflow server, 2.x or 3.x. One that has no model registry keeps runs and artifacts
/// only: versions are numbered there by a tag, aliases are refused, and a warning is logged once.
#[derive(Debug)]
pub struct MlflowRegistry {
    client: Client,
    experiment: String,
    has_models: OnceLock<bool>,
    has_logged_models: OnceLock<bool>,
}

impl MlflowRegistry {
    /// The registry of this server. Calls nothing yet.
    ///
    /// # Errors
    /// If the settings' URI is not the URL of a server.
    pub fn new(settings: &TrackingSettings) -> Result<Self> {
        // The fields are public, so the URI may still have credentials.
        let mut checked = TrackingSettings::new(&settings.uri)?;
        checked.username = settings.username.clone().or(checked.username);
        checked.password = settings.password.clone().or(checked.password);
        checked.token = settings.token.clone();
        Ok(Self {
            client: Client::new(&checked),
            experiment: settings.experiment.clone(),
            has_models: OnceLock::new(),
            has_logged_models: OnceLock::new(),
        })
    }

    /// Whether the server has a model registry; asked once.
    fn has_models(&self) -> Result<bool> {
        if let Some(&known) = self.has_models.get() {
            return Ok(known);
        }
        let query = [("max_results", "1")];
        let has = supports(self.client.get("registered-models/search", &query))?;
        if !has && self.has_models.set(has).is_ok() {
            tracing::warn!(
                server = self.client.base(),
                "the server has no model registry: models are kept as runs with artifacts; aliases need a directory registry"
            );
        }
        Ok(*self.has_models.get_or_init(|| has))
    }

    /// Whether the server has LoggedModels; asked once.
    fn has_logged_models(&self, run: &Run) -> Result<bool> {
        if let Some(&known) = self.has_logged_models.get() {
            return Ok(known);
        }
        let body = artifact::search(&run.experiment, "");
        let has = supports(self.client.post("logged-models/search", &body))?;
        Ok(*self.has_logged_models.get_or_init(|| has))
    }

    /// Checks that the server may be asked about an alias.
    fn check_alias(&self, name: &str, alias: &str) -> Result<()> {
        names::model(name)?;
        names::alias(alias)?;
        if self.has_models()? {
            return Ok(());
        }
        Err(RegistryError::Unsupported(format!(
            "{}: the server has no model registry; aliases need one, or a directory registry (dir:ROOT/NAME@ALIAS)",
            self.location()
        )))
    }

    /// The version and its run.
    fn with_run(&self, name: &str, version: u64) -> Result<(Version, Run)> {
        if self.has_models()? {
            let found = versions::get(&self.client, name, version)?;
            let run = tracking::run(&self.client, &found.run_id)?;
            return Ok((found.version, run));
        }
        runs::list(&self.client, &self.experiment, name)?
            .into_iter()
            .find(|(known, _)| known.version == version)
            .ok_or_else(|| RegistryError::no_version(self.location(), name, version))
    }

    /// What an earlier attempt registered, with its last step repeated if it is missing.
    fn known(&self, new: &NewVersion<'_>, sha256: &str) -> Result<Option<Version>> {
        if !self.has_models()? {
            let known = runs::list(&self.client, &self.experiment, new.name)?;
            let same = known.into_iter().find(|(version, _)| version.sha256 == sha256);
            let Some((version, run)) = same else {
                return Ok(None);
            };
            tracking::finish(&self.client, &run, new)?;
            return Ok(Some(version));
        }
        let known = versions::list(&self.client, new.name, Some(sha256))?;
        let Some(found) = known.into_iter().next() else {
            return Ok(None);
        };
        let found = versions::ready(&self.client, found)?;
        match tracking::run(&self.client, &found.run_id) {
            Ok(run) => tracking::finish(&self.client, &run, new)?,
            // The run was deleted for good; the version still has its artifact.
            Err(error) if is_absent(&error) => {}
            Err(error) => return Err(error),
        }
        Ok(Some(found.version))
    }
}

fn supports(answer: Result<serde_json::Value>) -> Result<bool> {
    match answer {
        Ok(_) => Ok(true),
        Err(error) if is_no_such_method(&error) || is_absent(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

impl Registry for MlflowRegistry {
    fn register(&self, new: NewVersion<'_>) -> Result<Version> {
        new.check()?;
        let client = &self.client;
        let sha256 = sha256_hex(new.artifact);
        if let Some(version) = self.known(&new, &sha256)? {
            return Ok(version);
        }
        let experiment = tracking::experiment(client, &self.experiment)?;
        let run = tracking::run_of(client, &experiment, &new, &sha256)?;
        tracking::log(client, &run, &new)?;
        tracking::upload(client, &run, &new.files)?;
        let version = if self.has_models()? {
            let stored = if self.has_logged_models(&run)? {
                artifact::into_logged_model(client, &run, &new, &sha256)?
            } else {
                artifact::into_run(client, &run, &new)?
            };
            let created = versions::create(client, &new, &run, &stored, &sha256)?;
            versions::ready(client, created)?.version
        } else {
            artifact::into_run(client, &run, &new)?;
            runs::number(client, &self.experiment, &run, &new, &sha256)?
        };
        tracking::finish(client, &run, &new)?;
        Ok(version)
    }

    fn versions(&self, name: &str) -> Result<Vec<Version>> {
        names::model(name)?;
        if self.has_models()? {
            let found = versions::list(&self.client, name, None)?;
            return Ok(found.into_iter().map(|found| found.version).collect());
        }
        let listed = runs::list(&self.client, &self.experiment, name)?;
        Ok(listed.into_iter().map(|(version, _)| version).collect())
    }

    fn version(&self, name: &str, version: u64) -> Result<Version> {
        names::model(name)?;
        if self.has_models()? {
            return Ok(versions::get(&self.client, name, version)?.version);
        }
        Ok(self.with_run(name, version)?.0)
    }

    fn alias(&self, name: &str, alias: &str) -> Result<Option<Version>> {
        self.check_alias(name, alias)?;
        let found = versions::by_alias(&self.client, name, alias)?;
        Ok(found.map(|found| found.version))
    }

    fn set_alias(&self, name: &str, alias: &str, version: u64) -> Result<()> {
        self.check_alias(name, alias)?;
        self.version(name, version)?;
        versions::set_alias(&self.client, name, alias, version)
    }

    fn delete_alias(&self, name: &str, alias: &str) -> Result<()> {
        self.check_alias(name, alias)?;
        versions::delete_alias(&self.client, name, alias)
    }

    fn fetch(&self, name: &str, version: u64) -> Result<Vec<u8>> {
        names::model(name)?;
        let (version, uri) = if self.has_models()? {
            let version = self.version(name, version)?;
            let uri = versions::artifact_uri(&self.client, &version)?;
            (version, uri)
        } else {
            let (version, run) = self.with_run(name, version)?;
            (version, artifact::folder(&run))
        };
        let bytes = self.client.download(&uri)?;
        check_digest(&bytes, &version.sha256, || {
            format!("{}: version {} of model {name}", self.location(), version.version)
        })?;
        Ok(bytes)
    }

    fn annotate(&self, name: &str, version: u64, tags: &Tags, files: &Files) -> Result<()> {
        names::model(name)?;
        check_annotations(tags, files)?;
        let (version, run) = self.with_run(name, version)?;
        tracking::upload(&self.client, &run, files)?;
        tracking::log_tags(&self.client, &run, tags)?;
        if self.has_models()? {
            versions::tag_version(&self.client, &version, tags)?;
        }
        Ok(())
    }

    fn location(&self) -> String {
        self.client.base().to_owned()
    }
}
