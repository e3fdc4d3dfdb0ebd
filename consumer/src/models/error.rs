//! Why the model that a pointer names does not serve.

use verdict_sentiment::ArtifactError;
use verdict_telemetry::labels::ModelSwap;

/// Why the model that a pointer names does not serve.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{why}")]
pub struct ModelError {
    /// What it counts as.
    pub outcome: ModelSwap,
    why: String,
}

impl ModelError {
    pub(super) fn new(outcome: ModelSwap, why: impl Into<String>) -> Self {
        Self { outcome, why: why.into() }
    }

    /// Whether the same pointer may be good later: its bytes may still come, or their place may be
    /// away for a while.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        self.outcome == ModelSwap::Unreachable
    }
}

impl From<ArtifactError> for ModelError {
    fn from(error: ArtifactError) -> Self {
        let outcome = match error {
            ArtifactError::Checksum => ModelSwap::Checksum,
            ArtifactError::Example { .. } => ModelSwap::Example,
            _ => ModelSwap::Format,
        };
        Self::new(outcome, error.to_string())
    }
}
