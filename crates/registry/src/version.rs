//! What a registry is: numbered versions of named models, and aliases that point to them.

use crate::{RegistryError, Result, Which, names};
use jiff::Timestamp;
use std::collections::BTreeMap;
use verdict_sentiment::{Limits, sha256_hex};

/// Tags by name.
pub type Tags = BTreeMap<String, String>;
/// Contents of files by name, such as `metrics.json`, `MODEL_CARD.md` and `report.html`.
pub type Files = BTreeMap<String, Vec<u8>>;

/// A model to register.
#[derive(Debug, Clone)]
pub struct NewVersion<'a> {
    /// What the model is called.
    pub name: &'a str,
    /// The model's file.
    pub artifact: &'a [u8],
    /// When it is registered, by the caller's clock.
    pub created_at: Timestamp,
    /// Numbers measured, all of them finite.
    pub metrics: BTreeMap<String, f64>,
    /// What it was trained with; values of at most 6000 characters.
    pub params: BTreeMap<String, String>,
    /// Anything else, such as a commit; values of at most 5000 characters.
    pub tags: Tags,
    /// Files to keep beside the model.
    pub files: Files,
}

/// A version in a registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// What the model is called.
    pub name: String,
    /// Counted from 1 for each name.
    pub version: u64,
    /// SHA-256 of the model's file, 64 lower-case hexadecimal digits.
    pub sha256: String,
    /// Length of the model's file.
    pub bytes: u64,
    /// What [`load`](crate::load) or a [`Resolver`](crate::Resolver) takes.
    pub uri: String,
    /// When it was registered, by the clock of who did.
    pub created_at: Option<Timestamp>,
}

/// Where versions of models live. All implementations pass one conformance suite.
pub trait Registry: Send + Sync + std::fmt::Debug {
    /// Stores a model under the next number of its name. Bytes that are registered under the name
    /// already are not stored again: their version is returned, so that a call can be repeated
    /// after a crash or a lost answer.
    ///
    /// # Errors
    /// What is out of bounds, or what failed. A later call continues where this one ended.
    fn register(&self, new: NewVersion<'_>) -> Result<Version>;

    /// All versions of a name, the lowest number first; none for a name that is not there.
    ///
    /// # Errors
    /// What failed.
    fn versions(&self, name: &str) -> Result<Vec<Version>>;

    /// One version.
    ///
    /// # Errors
    /// [`RegistryError::NotFound`] without it, or what failed.
    fn version(&self, name: &str, version: u64) -> Result<Version>;

    /// The version that an alias points to, if there is such an alias.
    ///
    /// # Errors
    /// What failed.
    fn alias(&self, name: &str, alias: &str) -> Result<Option<Version>>;

    /// Points an alias to a version, from wherever it pointed before.
    ///
    /// # Errors
    /// [`RegistryError::NotFound`] without the version, or what failed.
    fn set_alias(&self, name: &str, alias: &str, version: u64) -> Result<()>;

    /// Removes an alias; succeeds if there is none.
    ///
    /// # Errors
    /// What failed.
    fn delete_alias(&self, name: &str, alias: &str) -> Result<()>;

    /// The bytes of a version, at most [`Limits::FILE`] of them, whose SHA-256 is the version's.
    ///
    /// # Errors
    /// [`RegistryError::NotFound`] without the version, [`RegistryError::Corrupt`] if the bytes are
    /// others, or what failed.
    fn fetch(&self, name: &str, version: u64) -> Result<Vec<u8>>;

    /// Adds tags and files to a version, such as the decision to promote it. Those of the same
    /// names are replaced.
    ///
    /// # Errors
    /// [`RegistryError::NotFound`] without the version, or what failed.
    fn annotate(&self, name: &str, version: u64, tags: &Tags, files: &Files) -> Result<()>;

    /// The version that is meant.
    ///
    /// # Errors
    /// [`RegistryError::NotFound`] without it, or what failed.
    fn resolve(&self, name: &str, which: &Which) -> Result<Version> {
        match which {
            Which::Version(number) => self.version(name, *number),
            Which::Alias(alias) => {
                let what = format!("alias {alias} of model {name}");
                let found = self.alias(name, alias)?;
                found.ok_or_else(|| RegistryError::not_found(self.location(), what))
            }
        }
    }

    /// Where the registry is: a directory, or a server's URL without credentials.
    fn location(&self) -> String;
}

impl<'a> NewVersion<'a> {
    /// A model without metrics, parameters, tags and files.
    pub fn new(name: &'a str, artifact: &'a [u8], created_at: Timestamp) -> Self {
        Self {
            name,
            artifact,
            created_at,
            metrics: BTreeMap::new(),
            params: BTreeMap::new(),
            tags: Tags::new(),
            files: Files::new(),
        }
    }

    /// Refuses what any of the registries would refuse, before the first byte is written.
    pub(crate) fn check(&self) -> Result<()> {
        names::model(self.name)?;
        if self.artifact.is_empty() || self.artifact.len() > Limits::FILE {
            let (what, bound) = ("length of the artifact", "must be from 1 to 67108864");
            return Err(RegistryError::invalid(what, bound, self.artifact.len()));
        }
        for (key, value) in &self.metrics {
            check_key("metric", key)?;
            if !value.is_finite() {
                return Err(RegistryError::invalid(
                    format_args!("metric {key}"),
                    "must be finite",
                    value,
                ));
            }
        }
        for (key, value) in &self.params {
            check_key("parameter", key)?;
            let (n, bound) = (value.chars().count(), "must be of at most 6000 characters");
            if n > 6000 {
                let what = format!("value of parameter {key}");
                return Err(RegistryError::invalid(what, bound, n));
            }
        }
        check_annotations(&self.tags, &self.files)
    }
}

/// Tags that the registry itself sets.
const RESERVED: [&str; 5] =
    ["verdict.sha256", "verdict.bytes", "verdict.name", "verdict.created_at", "verdict.version"];

/// Refuses tags and files that any of the registries would refuse.
pub(crate) fn check_annotations(tags: &Tags, files: &Files) -> Result<()> {
    for (key, value) in tags {
        check_key("tag", key)?;
        if RESERVED.contains(&key.as_str()) {
            let bound = "must not be one of the registry's own";
            return Err(RegistryError::invalid("name of the tag", bound, format_args!("{key:?}")));
        }
        let (n, bound) = (value.chars().count(), "must be of at most 5000 characters");
        if n > 5000 {
            return Err(RegistryError::invalid(format_args!("value of tag {key}"), bound, n));
        }
    }
    for (name, bytes) in files {
        names::file(name)?;
        if bytes.len() > Limits::FILE {
            let what = format!("length of file {name}");
            return Err(RegistryError::invalid(what, "must be at most 67108864", bytes.len()));
        }
    }
    Ok(())
}

/// Keys that MLflow accepts (`validate_param_and_metric_name`), without parts that a path would
/// drop.
fn check_key(what: &str, key: &str) -> Result<()> {
    let known = |c: char| c.is_ascii_alphanumeric() || "_-. /".contains(c);
    let folded = key.split('/').any(|part| ["", ".", ".."].contains(&part));
    if !folded && key.len() <= 250 && key.chars().all(known) {
        return Ok(());
    }
    let bound = "must be 1 to 250 of A-Z a-z 0-9 _ - . / and space, none of its parts between slashes empty, \".\" or \"..\"";
    Err(RegistryError::invalid(format_args!("name of the {what}"), bound, format_args!("{key:?}")))
}

/// Refuses bytes that are not those of the version.
pub(crate) fn check_digest(
    bytes: &[u8],
    expected: &str,
    location: impl FnOnce() -> String,
) -> Result<()> {
    let got = sha256_hex(bytes);
    if got == expected {
        return Ok(());
    }
    let problem = format!("SHA-256 must be {expected}, got {got}");
    Err(RegistryError::corrupt(location(), problem))
}
