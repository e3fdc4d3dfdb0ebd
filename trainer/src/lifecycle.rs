//! From a model's bytes to the model that serves: register, decide, move the alias,
//! announce.
//!
//! ```text
//! register ─► gate ─► alias `production` ─► pointer on topic `models`
//! ```
//!
//! The alias is what was decided, the pointer is what consumers follow. They are written in that
//! order, and every command calls
//! [`Serving::settle`], which makes the pointer follow the alias: so a run
//! that was killed between the two is finished by the next, whichever it is. Each step by itself is
//! whole or not at all, and done twice is done once.

pub mod promote;
pub mod rebuild;
pub mod register;
pub mod watch;

use crate::announce::{self, ModelsTopic};
use anyhow::{Context, bail};
use verdict_messages::{ModelPointer, TrainedFrom};
use verdict_registry::{Registry, RegistryError, Version};
use verdict_sentiment::Model;

/// What serves: the version of a name that an alias points to, and the topic that announces it.
#[derive(Debug, Clone, Copy)]
pub struct Serving<'a> {
    /// Where versions are kept.
    pub registry: &'a dyn Registry,
    /// Where they are announced, if they are.
    pub topic: Option<&'a ModelsTopic>,
    /// What the model is called.
    pub name: &'a str,
    /// The alias of what serves.
    pub alias: &'a str,
}

impl Serving<'_> {
    /// The pointer that was announced last, if consumers follow a topic at all.
    ///
    /// # Errors
    /// Where the topic cannot be read.
    pub fn last_announced(&self) -> anyhow::Result<Option<ModelPointer>> {
        self.topic.map_or(Ok(None), |topic| topic.last(self.name))
    }

    /// Makes the pointer follow the alias. Returns the pointer that was written, if one had to be;
    /// without a topic, none is.
    ///
    /// A version older than the one that was announced withdraws the newer ones: consumers then
    /// step back.
    ///
    /// # Errors
    /// Where the registry or the topic cannot be read or written, or where the version's bytes are
    /// no model.
    pub fn settle(
        &self,
        trained_from: Option<&TrainedFrom>,
    ) -> anyhow::Result<Option<ModelPointer>> {
        let Self { registry, name, alias, .. } = *self;
        let (Some(topic), Some(version)) = (self.topic, registry.alias(name, alias)?) else {
            return Ok(None);
        };
        let last = topic.last(name)?;
        if let Some(last) = &last
            && last.version == version.version.to_string()
            && last.sha256 == version.sha256
        {
            return Ok(None);
        }
        let model = fetch(registry, &version)?;
        let mut pointer = pointer(&version, &model, trained_from)?;
        if let Some(last) = &last
            && is_back(registry, last, &version)?
        {
            pointer = pointer.withdrawing(last);
        }
        topic.announce(&pointer)?;
        Ok(Some(pointer))
    }
}

/// Whether `version` is older than the one that was announced `last`, so that announcing it
/// withdraws that one.
///
/// # Errors
/// Where the registry cannot be read, or where it is another than the one that gave out `last`: a
/// registry that was lost and begun anew must not withdraw what serves.
pub fn is_back(
    registry: &dyn Registry,
    last: &ModelPointer,
    version: &Version,
) -> anyhow::Result<bool> {
    let announced = last.version.parse::<u64>();
    if announced.as_ref().is_ok_and(|&announced| announced < version.version) {
        return Ok(false);
    }
    let name = &version.name;
    let known = announced.map_or(Ok(None), |number| match registry.version(name, number) {
        Ok(known) => Ok(Some(known)),
        Err(RegistryError::NotFound { .. }) => Ok(None),
        Err(other) => Err(other),
    })?;
    if known.is_none_or(|known| known.sha256 != last.sha256) {
        bail!(
            "version {} of {name} serves and {} does not have it: the announced versions are those of another registry \
             (--registry, --models-topic)",
            last.version,
            registry.location()
        );
    }
    Ok(last.version != version.version.to_string())
}

/// Fetches a version and checks all of it.
///
/// # Errors
/// Where it cannot be fetched or is no model.
pub fn fetch(registry: &dyn Registry, version: &Version) -> anyhow::Result<Model> {
    let bytes = registry.fetch(&version.name, version.version)?;
    let model = Model::from_bytes(&bytes)
        .with_context(|| format!("loading {} {}", version.name, version.version))?;
    Ok(model.with_version(version.version.to_string()))
}

fn pointer(
    version: &Version,
    model: &Model,
    trained_from: Option<&TrainedFrom>,
) -> anyhow::Result<ModelPointer> {
    let registered = version.created_at.unwrap_or_default().as_millisecond();
    let number = version.version.to_string();
    let mut pointer = announce::pointer(model, version.bytes, number, registered)?;
    pointer.uri.clone_from(&version.uri);
    if let Some(trained_from) = trained_from {
        pointer.trained_from = trained_from.clone();
    }
    Ok(pointer)
}
