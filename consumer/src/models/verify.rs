//! Are these the bytes that the pointer promised, and do they make a model that may serve? Pure.

use verdict_messages::ModelPointer;
use verdict_sentiment::{ArtifactError, Model, sha256_hex};
use verdict_telemetry::labels::ModelSwap;

use super::fetch::FetchError;

/// Why a candidate does not serve.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// There are no bytes to look at.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// There are more or fewer bytes than were published.
    #[error("the pointer says {told} bytes, got {got}")]
    Size {
        /// What the pointer says.
        told: u64,
        /// What there is.
        got: u64,
    },
    /// Other bytes than those that were published.
    #[error("the pointer says sha256 {told}, got {got}")]
    Checksum {
        /// What the pointer says.
        told: String,
        /// What there is.
        got: String,
    },
    /// Not a model that may serve.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
    /// A model of another name.
    #[error("the pointer is to a model named {told:?}, got one named {got:?}")]
    Name {
        /// What the pointer says.
        told: String,
        /// What the model says.
        got: String,
    },
}

impl Refusal {
    /// What it counts as.
    #[must_use]
    pub fn outcome(&self) -> ModelSwap {
        match self {
            Self::Fetch(FetchError::Unreachable(_)) => ModelSwap::Unreachable,
            Self::Fetch(FetchError::TooLarge(_)) | Self::Size { .. } => ModelSwap::Size,
            Self::Checksum { .. } | Self::Artifact(ArtifactError::Checksum) => ModelSwap::Checksum,
            Self::Artifact(ArtifactError::Example { .. }) => ModelSwap::Example,
            Self::Artifact(_) => ModelSwap::Format,
            Self::Name { .. } => ModelSwap::Name,
        }
    }

    /// Whether the same pointer may be good later.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Fetch(FetchError::Unreachable(_)))
    }
}

/// The model in `bytes` under the version that the pointer gives it.
///
/// The cheap comparisons come first, and nothing of the bytes is interpreted, or told in an error, before it is certain
/// that they are those that were published.
///
/// # Errors
/// The first thing that does not hold.
pub fn verify(pointer: &ModelPointer, bytes: &[u8]) -> Result<Model, Refusal> {
    let got = bytes.len() as u64;
    if got != pointer.bytes {
        let told = pointer.bytes;
        return Err(Refusal::Size { told, got });
    }
    let got = sha256_hex(bytes);
    if got != pointer.sha256 {
        let told = pointer.sha256.clone();
        return Err(Refusal::Checksum { told, got });
    }
    let model = Model::from_bytes(bytes)?;
    let name = &model.identity().name;
    if *name != pointer.name {
        return Err(Refusal::Name { told: pointer.name.clone(), got: name.clone() });
    }
    Ok(model.with_version(pointer.version.as_str()))
}
