//! A registry in a directory: `ROOT/NAME/versions/N/{model.verdict, version.json, MLmodel, …}` and
//! `ROOT/NAME/aliases.json`. The folder of a version is a model of MLflow's, as [`flavor`] has it;
//! one that was written before is read without those files.
//!
//! A version is written under a temporary name and renamed to its number when it is on disk: it is
//! there whole or not at all, wherever the writer is killed. Writers of a model take turns by a
//! file lock, which the system releases when its holder ends. Where a file system has no locks, the
//! rename still gives a number to one writer only.

use crate::flavor;
use crate::names::{self, MODEL_FILE, VERSION_FILE};
use crate::version::{check_annotations, check_digest};
use crate::write::{self, Lock};
use crate::{Files, NewVersion, Registry, RegistryError, Result, Tags, Version, Which};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use verdict_sentiment::sha256_hex;

const ALIASES_FILE: &str = "aliases.json";
const VERSIONS: &str = "versions";

/// Models under a directory, which may be on a disk that several machines share.
#[derive(Debug, Clone)]
pub struct DirectoryRegistry {
    root: PathBuf,
}

/// What `version.json` holds. Other tools read it, so its layout is a promise.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Record {
    name: String,
    version: u64,
    sha256: String,
    bytes: u64,
    created_at: Timestamp,
    metrics: BTreeMap<String, f64>,
    params: BTreeMap<String, String>,
    tags: Tags,
}

type Aliases = BTreeMap<String, u64>;

impl DirectoryRegistry {
    /// The registry in `root`, which is created when the first model is registered.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    fn model(&self, name: &str) -> Result<PathBuf> {
        names::model(name)?;
        Ok(self.root.join(name))
    }

    fn folder(&self, name: &str, version: u64) -> Result<PathBuf> {
        Ok(self.model(name)?.join(VERSIONS).join(version.to_string()))
    }

    /// What is recorded of a version.
    fn record(&self, name: &str, version: u64) -> Result<Record> {
        let path = self.folder(name, version)?.join(VERSION_FILE);
        let record: Record = read_json(&path)?
            .ok_or_else(|| RegistryError::no_version(self.location(), name, version))?;
        if (record.name.as_str(), record.version) == (name, version) {
            return Ok(record);
        }
        let problem = format!("tells of version {} of model {}", record.version, record.name);
        Err(RegistryError::corrupt(path.display(), problem))
    }

    fn records(&self, name: &str) -> Result<Vec<Record>> {
        let versions = self.model(name)?.join(VERSIONS);
        numbers(&versions)?.into_iter().map(|number| self.record(name, number)).collect()
    }

    fn version_of(&self, record: &Record) -> Result<Version> {
        // The URI is sent to processes that run in other directories.
        let root = std::path::absolute(&self.root).map_err(RegistryError::io(&self.root))?;
        let Some(root) = root.to_str() else {
            let what = "directory of the registry";
            return Err(RegistryError::invalid(what, "must be UTF-8", root.display()));
        };
        let which = Which::Version(record.version);
        Ok(Version {
            name: record.name.clone(),
            version: record.version,
            sha256: record.sha256.clone(),
            bytes: record.bytes,
            uri: format!("dir:{}/{}{which}", root.trim_end_matches('/'), record.name),
            created_at: Some(record.created_at),
        })
    }

    fn aliases(&self, name: &str) -> Result<Aliases> {
        let path = self.model(name)?.join(ALIASES_FILE);
        Ok(read_json(&path)?.unwrap_or_default())
    }

    fn save_aliases(&self, name: &str, aliases: &Aliases) -> Result<()> {
        let model = self.model(name)?;
        let json = to_json(aliases, &model.join(ALIASES_FILE))?;
        write::file(&model, ALIASES_FILE, &json)
    }
}

impl Registry for DirectoryRegistry {
    fn register(&self, new: NewVersion<'_>) -> Result<Version> {
        new.check()?;
        let model = self.model(new.name)?;
        let versions = model.join(VERSIONS);
        write::folders(&versions)?;
        let lock = Lock::take(&model)?;
        write::sweep(&versions, &lock)?;
        let flavor = flavor::files(&new);
        let mut record = Record {
            name: new.name.to_owned(),
            version: 0,
            sha256: sha256_hex(new.artifact),
            bytes: new.artifact.len() as u64,
            created_at: new.created_at,
            metrics: new.metrics,
            params: new.params,
            tags: new.tags,
        };
        loop {
            let known = self.records(new.name)?;
            if let Some(same) = known.iter().find(|known| known.sha256 == record.sha256) {
                return self.version_of(same);
            }
            record.version = known.last().map_or(0, |last| last.version) + 1;
            let json = to_json(&record, &versions.join(VERSION_FILE))?;
            let mut files: Vec<(&str, &[u8])> =
                vec![(MODEL_FILE, new.artifact), (VERSION_FILE, &json)];
            files.extend(flavor.iter().map(|(name, text)| (*name, text.as_bytes())));
            files.extend(new.files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())));
            if write::folder(&versions, &record.version.to_string(), &files)? {
                return self.version_of(&record);
            }
        }
    }

    fn versions(&self, name: &str) -> Result<Vec<Version>> {
        let records = self.records(name)?;
        records.iter().map(|record| self.version_of(record)).collect()
    }

    fn version(&self, name: &str, version: u64) -> Result<Version> {
        self.version_of(&self.record(name, version)?)
    }

    fn alias(&self, name: &str, alias: &str) -> Result<Option<Version>> {
        names::alias(alias)?;
        let version = self.aliases(name)?.get(alias).copied();
        version.map(|version| self.version(name, version)).transpose()
    }

    fn set_alias(&self, name: &str, alias: &str, version: u64) -> Result<()> {
        names::alias(alias)?;
        self.record(name, version)?;
        let _lock = Lock::take(&self.model(name)?)?;
        let mut aliases = self.aliases(name)?;
        if aliases.insert(alias.to_owned(), version) == Some(version) {
            return Ok(());
        }
        self.save_aliases(name, &aliases)
    }

    fn delete_alias(&self, name: &str, alias: &str) -> Result<()> {
        names::alias(alias)?;
        if !self.aliases(name)?.contains_key(alias) {
            return Ok(());
        }
        let _lock = Lock::take(&self.model(name)?)?;
        let mut aliases = self.aliases(name)?;
        aliases.remove(alias);
        self.save_aliases(name, &aliases)
    }

    fn fetch(&self, name: &str, version: u64) -> Result<Vec<u8>> {
        let record = self.record(name, version)?;
        let path = self.folder(name, version)?.join(MODEL_FILE);
        let (bytes, length) = crate::file::read_bounded(&path).map_err(RegistryError::io(&path))?;
        if length != record.bytes || bytes.len() as u64 != length {
            let problem = format!("length must be {}, got {length}", record.bytes);
            return Err(RegistryError::corrupt(path.display(), problem));
        }
        check_digest(&bytes, &record.sha256, || path.display().to_string())?;
        Ok(bytes)
    }

    fn annotate(&self, name: &str, version: u64, tags: &Tags, files: &Files) -> Result<()> {
        check_annotations(tags, files)?;
        self.record(name, version)?;
        let folder = self.folder(name, version)?;
        let _lock = Lock::take(&self.model(name)?)?;
        for (file, bytes) in files {
            write::file(&folder, file, bytes)?;
        }
        if tags.is_empty() {
            return Ok(());
        }
        let mut record = self.record(name, version)?;
        record.tags.extend(tags.clone());
        let json = to_json(&record, &folder.join(VERSION_FILE))?;
        write::file(&folder, VERSION_FILE, &json)
    }

    fn location(&self) -> String {
        self.root.display().to_string()
    }
}

/// The numbers of the versions under `versions`, in order. Other names are ignored.
fn numbers(versions: &Path) -> Result<Vec<u64>> {
    let entries = match fs::read_dir(versions) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(RegistryError::io(versions))?,
    };
    let mut numbers = Vec::new();
    for entry in entries {
        let name = entry.map_err(RegistryError::io(versions))?.file_name();
        let number: Option<u64> = name.to_str().and_then(|name| name.parse().ok());
        numbers.extend(number.filter(|number| name.to_str() == Some(&number.to_string())));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// Largest JSON file of the registry in bytes, so that a wrong file cannot fill the memory.
const LONGEST_JSON: u64 = 16 << 20;

fn read_json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<Option<T>> {
    let mut text = Vec::new();
    let read = fs::File::open(path).and_then(|file| file.take(LONGEST_JSON).read_to_end(&mut text));
    match read {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        read => read.map_err(RegistryError::io(path))?,
    };
    let corrupt = |problem| RegistryError::corrupt(path.display(), problem);
    // Some editors write a UTF-8 mark first; and serde would accept an array for an object.
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text);
    if text.trim_ascii_start().first() != Some(&b'{') {
        return Err(corrupt("must be a JSON object".to_owned()));
    }
    serde_json::from_slice(text).map(Some).map_err(|problem| corrupt(problem.to_string()))
}

fn to_json(value: &impl Serialize, path: &Path) -> Result<Vec<u8>> {
    let mut json = serde_json::to_vec_pretty(value)
        .map_err(|problem| RegistryError::io(path)(problem.into()))?;
    json.push(b'\n');
    if json.len() as u64 <= LONGEST_JSON {
        return Ok(json);
    }
    let what = format!("length of {}", path.display());
    Err(RegistryError::invalid(what, "must be at most 16777216", json.len()))
}
