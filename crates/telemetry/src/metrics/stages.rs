//! Where the time of a review goes.

use std::time::Duration;

use opentelemetry::metrics::{Histogram, Meter};

use super::{Metrics, seconds};
use crate::{
    catalogue,
    labels::{Stage, label},
};

#[derive(Debug)]
pub(super) struct Instruments {
    duration: Histogram<f64>,
}

impl Instruments {
    pub(super) fn new(meter: &Meter) -> Self {
        Self { duration: seconds(meter, &catalogue::STAGE_DURATION) }
    }
}

impl Metrics {
    /// A batch, or a question, was this long in this stage.
    pub fn record_stage(&self, stage: Stage, took: Duration) {
        self.0.stages.duration.record(took.as_secs_f64(), &[label("stage", stage.as_str())]);
    }
}
