//! What is kept from batch to batch: written by the observer, read by the page.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use verdict_learning::drift::{Feature, Window};
use verdict_sentiment::Model;
use verdict_telemetry::labels::DriftFeature;

use super::{
    alarm::Alarm,
    shadow::{Comparison, Shadow},
    terms::TermSample,
};

/// Terms that are logged and shown.
pub(super) const TERMS: usize = 10;

/// What is known of the model that serves and of its reviews.
#[derive(Debug)]
pub(super) struct State {
    pub(super) serving: Option<Serving>,
    pub(super) alarm: Alarm,
    pub(super) shadow: Option<Shadow>,
    pub(super) comparison: Comparison,
    /// What is promised of each review; none until the broker has shown what it can do.
    pub(super) promise: Option<&'static str>,
}

#[derive(Debug)]
pub(super) struct Serving {
    pub(super) model: Arc<Model>,
    /// Reviews that the model was trained on, as its reference says.
    pub(super) trained_on: Option<u64>,
    pub(super) window: Option<Window>,
    pub(super) sample: TermSample,
    /// Reviews since the stability indices were computed.
    pub(super) since_look: usize,
}

// Nothing panics while it holds this lock, and nothing relies on what it left.
pub(super) fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The feature as a label of the metrics.
pub(super) fn label(feature: Feature) -> DriftFeature {
    match feature {
        Feature::Probability => DriftFeature::Probability,
        Feature::Tokens => DriftFeature::Tokens,
        Feature::Oov => DriftFeature::Oov,
    }
}
