//! From a URI to a model.

use crate::mlflow::{MlflowRegistry, TrackingSettings};
use crate::{DirectoryRegistry, ModelUri, Registry, RegistryError, UriError, Version, Which, file};
use std::path::Path;
use verdict_sentiment::{Limits, Model};

/// Why a model could not be loaded. The text is complete and there is no `source`, so that a caller
/// who prints the chain of errors does not repeat it.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file cannot be read.
    #[error("loading model {0}")]
    Io(String),
    /// The bytes are not a model that may serve.
    #[error("loading model {0}")]
    Artifact(String),
    /// The URI names no model.
    #[error("loading {0}")]
    Uri(UriError),
    /// An MLflow server is meant and none is set.
    #[error("loading model {0}: must be given an MLflow server (MLFLOW_TRACKING_URI), got none")]
    NoTracking(String),
    /// The registry did not give it.
    #[error("loading model {uri}: {problem}")]
    Registry {
        /// The URI.
        uri: String,
        /// What the registry says.
        problem: RegistryError,
    },
}

/// A version, and the registry that has it.
type Kept = (Box<dyn Registry>, Version);

impl LoadError {
    /// Whether the same call may succeed later, as [`RegistryError::is_retryable`].
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Registry { problem, .. } if problem.is_retryable())
    }
}

/// Finds models by URI, those in an MLflow server too.
#[derive(Debug, Clone, Default)]
pub struct Resolver {
    /// The server that `models:/…` means, if any.
    pub tracking: Option<TrackingSettings>,
}

impl Resolver {
    /// Loads and checks the model at `uri`, a [`ModelUri`]. One from a registry has its number
    /// there as its version.
    ///
    /// # Errors
    /// Names the URI or file, and what is wrong with it.
    pub fn load(&self, uri: impl AsRef<Path>) -> Result<Model, LoadError> {
        let (bytes, found) = self.fetch(&uri)?;
        let model = Model::from_bytes(&bytes).map_err(|problem| {
            let path = match found {
                Some(_) => uri.as_ref().to_path_buf(),
                None => file::file_of(uri.as_ref()),
            };
            LoadError::Artifact(format!("{}: {problem}", path.display()))
        })?;
        Ok(match found {
            Some(version) => model.with_version(version.version.to_string()),
            None => model,
        })
    }

    /// Reads the bytes of the model at `uri`, at most [`verdict_sentiment::Limits::FILE`] of them.
    /// They are not parsed; those from a registry are compared with their SHA-256.
    ///
    /// # Errors
    /// Names the URI or file, and what is wrong with it.
    pub fn read(&self, uri: impl AsRef<Path>) -> Result<Vec<u8>, LoadError> {
        self.fetch(uri).map(|(bytes, _)| bytes)
    }

    /// The version that `uri` means now; none for a path, which has no versions.
    ///
    /// # Errors
    /// Names the URI, and what is wrong with it.
    pub fn version(&self, uri: impl AsRef<Path>) -> Result<Option<Version>, LoadError> {
        Ok(self.resolve(uri.as_ref())?.map(|(_, version)| version))
    }

    /// Reads the bytes as [`Resolver::read`] does, with the version that they are; none for a path.
    ///
    /// # Errors
    /// As [`Resolver::read`].
    pub fn fetch(&self, uri: impl AsRef<Path>) -> Result<(Vec<u8>, Option<Version>), LoadError> {
        let uri = uri.as_ref();
        let Some((registry, version)) = self.resolve(uri)? else {
            return Ok((read_file(uri)?, None));
        };
        let bytes = registry.fetch(&version.name, version.version).map_err(at(uri))?;
        Ok((bytes, Some(version)))
    }

    fn resolve(&self, uri: &Path) -> Result<Option<Kept>, LoadError> {
        let parsed = ModelUri::of(uri).map_err(LoadError::Uri)?;
        let (registry, name, which): (Box<dyn Registry>, String, Which) = match parsed {
            ModelUri::Path(_) => return Ok(None),
            ModelUri::Directory { root, name, which } => {
                (Box::new(DirectoryRegistry::new(root)), name, which)
            }
            ModelUri::Mlflow { name, which } => {
                let settings = self
                    .tracking
                    .as_ref()
                    .ok_or_else(|| LoadError::NoTracking(uri.display().to_string()))?;
                let registry = MlflowRegistry::new(settings).map_err(at(uri))?;
                (Box::new(registry), name, which)
            }
        };
        let version = registry.resolve(&name, &which).map_err(at(uri))?;
        Ok(Some((registry, version)))
    }
}

/// The bytes of the model at `path`: a file, or a directory with a model's file.
fn read_file(path: &Path) -> Result<Vec<u8>, LoadError> {
    let path = file::file_of(path);
    let name = path.display();
    let (bytes, length) =
        file::read_bounded(&path).map_err(|problem| LoadError::Io(format!("{name}: {problem}")))?;
    let most = Limits::FILE;
    if length <= most as u64 {
        return Ok(bytes);
    }
    Err(LoadError::Artifact(format!(
        "{name}: length of the file must be at most {most}, got {length} (byte 0)"
    )))
}

fn at(uri: &Path) -> impl FnOnce(RegistryError) -> LoadError {
    move |problem| LoadError::Registry { uri: uri.display().to_string(), problem }
}

/// Loads and checks the model at `uri`: a path, or a version in a directory registry. For an MLflow
/// server use a [`Resolver`].
///
/// # Errors
/// As [`Resolver::load`].
pub fn load(uri: impl AsRef<Path>) -> Result<Model, LoadError> {
    Resolver::default().load(uri)
}

/// Reads the bytes of the model at `uri`, as [`load`] does.
///
/// # Errors
/// As [`Resolver::read`].
pub fn read(uri: impl AsRef<Path>) -> Result<Vec<u8>, LoadError> {
    Resolver::default().read(uri)
}
