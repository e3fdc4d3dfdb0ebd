//! What becomes of pointers: each event is one function that logs and counts together.

use verdict_messages::{ModelPointer, Rejection};
use verdict_sentiment::Model;
use verdict_telemetry::{Metrics, labels::ModelSwap};

use super::{
    decide::{Decision, Serving},
    error::ModelError,
};

/// Logs and counts what becomes of pointers: each that was read ends in exactly one of these
/// events.
#[derive(Debug, Clone)]
pub struct Events(Metrics);

impl Events {
    /// Events that are counted in these metrics.
    #[must_use]
    pub fn new(metrics: Metrics) -> Self {
        Self(metrics)
    }

    /// The next batch is scored by this model.
    pub fn swapped(&self, model: &Model) {
        self.0.record_model_swaps(ModelSwap::Taken, 1);
        let identity = model.identity();
        tracing::info!(
            name = identity.name,
            version = identity.version,
            sha256 = identity.sha256,
            terms = model.n_terms(),
            "the model was fetched and verified; the next batch takes it"
        );
    }

    /// The pointer is not followed, and nothing was fetched.
    pub fn declined(&self, pointer: &ModelPointer, decision: Decision, serving: &Serving) {
        let serving_version = serving.version.as_deref().unwrap_or("of --model");
        let (outcome, why) = match decision {
            Decision::Take => return,
            Decision::Same => {
                self.0.record_model_swaps(ModelSwap::Same, 1);
                return tracing::info!(version = pointer.version, "this model serves already");
            }
            Decision::Older => (
                ModelSwap::Older,
                "an older version than the one that serves, which it does not withdraw (--allow-rollback takes it)",
            ),
            Decision::Conflict => {
                (ModelSwap::Conflict, "other bytes under the version that serves")
            }
            Decision::OtherName => (ModelSwap::Name, "a pointer to another name than its key's"),
            Decision::TooLarge => (ModelSwap::Size, "more bytes than a model may have"),
        };
        self.0.record_model_swaps(outcome, 1);
        tracing::warn!(
            outcome = outcome.as_str(),
            name = pointer.name,
            version = pointer.version,
            sha256 = pointer.sha256,
            bytes = pointer.bytes,
            serving_version,
            serving_sha256 = serving.sha256,
            "pointer refused: {why}"
        );
    }

    /// What the pointer names does not serve.
    pub fn refused(&self, pointer: &ModelPointer, error: &ModelError, tries: u32) {
        self.0.record_model_swaps(error.outcome, 1);
        tracing::warn!(
            outcome = error.outcome.as_str(),
            name = pointer.name,
            version = pointer.version,
            uri = pointer.uri,
            tries,
            "model refused, the old one goes on serving: {error}"
        );
    }

    /// The record is not a pointer.
    pub fn unreadable(&self, position: &impl std::fmt::Display, rejection: &Rejection) {
        self.0.record_model_swaps(ModelSwap::Pointer, 1);
        tracing::warn!(%position, "not a pointer to a model, the old one goes on serving: {rejection}");
    }

    /// The name has no pointer any more.
    pub fn removed(&self) {
        self.0.record_model_swaps(ModelSwap::Removed, 1);
        tracing::warn!("the pointer was removed; the model goes on serving until there is another");
    }

    /// A newer pointer came before this one was looked at.
    pub fn superseded(&self) {
        self.0.record_model_swaps(ModelSwap::Superseded, 1);
    }
}
