//! Where models live: a file, a directory of versions, or an MLflow server.
//!
//! A model is read as a whole, never more than a model may have, and
//! [`verdict_sentiment::Model::from_bytes`] checks it before it is returned. It is written to a
//! temporary file and renamed, so that a reader finds the old model or the new one, never a part.
//!
//! A [`Registry`] keeps numbered versions of named models, and aliases such as `staging` and
//! `production` that point to them. [`DirectoryRegistry`] needs only a disk, [`MlflowRegistry`] an
//! MLflow server. A [`ModelUri`] names a model in any of them, and a [`Resolver`] (or [`load`],
//! without a server) loads it:
//!
//! ```
//! use verdict_registry::{DirectoryRegistry, NewVersion, Registry, read};
//!
//! # let directory = tempfile::tempdir()?;
//! let registry = DirectoryRegistry::new(directory.path());
//! let new = NewVersion::new("sentiment", b"the model's bytes", "2026-01-01T00:00:00Z".parse()?);
//! let version = registry.register(new)?;
//! assert_eq!(version.version, 1);
//! registry.set_alias("sentiment", "production", 1)?;
//!
//! let uri = format!("dir:{}/sentiment@production", directory.path().display());
//! assert_eq!(read(&uri)?, b"the model's bytes");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod directory;
mod error;
mod file;
mod flavor;
mod load;
mod mlflow;
mod names;
mod uri;
mod version;
mod write;

pub(crate) use error::Result;

pub use directory::DirectoryRegistry;
pub use error::RegistryError;
pub use file::{SaveError, save};
pub use load::{LoadError, Resolver, load, read};
pub use mlflow::{MlflowRegistry, Secret, TrackingSettings};
pub use names::MODEL_FILE;
pub use uri::{ModelUri, UriError, Which};
pub use version::{Files, NewVersion, Registry, Tags, Version};
