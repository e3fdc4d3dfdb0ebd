//! Why the model that a pointer names does not serve.

use verdict_sentiment::ArtifactError;
use verdict_telemetry::labels::ModelSwap;

/// Why the model that a pointer names does not serve.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ModelError {
    /// Its bytes cannot be read, now at least: they may still come, or the place may be away for a
    /// while.
    #[error("{0}")]
    Unreachable(String),
    /// There are more bytes than a model may have.
    #[error("{0}")]
    TooLarge(String),
    /// There are more or fewer bytes than were published.
    #[error("the pointer says {expected} bytes, got {got}")]
    Size {
        /// What the pointer says.
        expected: u64,
        /// What there is.
        got: u64,
    },
    /// Other bytes than those that were published.
    #[error("the pointer says sha256 {expected}, got {got}")]
    Checksum {
        /// What the pointer says.
        expected: String,
        /// What there is.
        got: String,
    },
    /// Not a model that may serve.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
    /// A model of another name.
    #[error("the pointer is to a model named {expected:?}, got one named {got:?}")]
    Name {
        /// What the pointer says.
        expected: String,
        /// What the model says.
        got: String,
    },
}

impl ModelError {
    /// What it counts as.
    #[must_use]
    pub fn outcome(&self) -> ModelSwap {
        match self {
            Self::Unreachable(_) => ModelSwap::Unreachable,
            Self::TooLarge(_) | Self::Size { .. } => ModelSwap::Size,
            Self::Checksum { .. } | Self::Artifact(ArtifactError::Checksum) => ModelSwap::Checksum,
            Self::Artifact(ArtifactError::Example { .. }) => ModelSwap::Example,
            Self::Artifact(_) => ModelSwap::Format,
            Self::Name { .. } => ModelSwap::Name,
        }
    }

    /// Whether the same pointer may be good later.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Unreachable(_))
    }
}
