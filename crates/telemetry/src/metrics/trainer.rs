//! Rebuilds of the model.

use std::time::Duration;

use opentelemetry::metrics::{Counter, Gauge, Histogram, Meter};

use super::{Metrics, count, counter, seconds};
use crate::{
    catalogue,
    labels::{Rebuild, label},
};

#[derive(Debug)]
pub(super) struct Instruments {
    pub(super) rebuilds: Counter<u64>,
    rebuild_duration: Histogram<f64>,
    labels_pending: Gauge<u64>,
}

impl Instruments {
    pub(super) fn new(meter: &Meter) -> Self {
        Self {
            rebuilds: counter(meter, &catalogue::REBUILDS),
            rebuild_duration: seconds(meter, &catalogue::REBUILD_DURATION),
            labels_pending: count(meter, &catalogue::LABELS_PENDING),
        }
    }
}

impl Metrics {
    /// The trainer rebuilt the model, with this outcome.
    pub fn record_rebuild(&self, outcome: Rebuild, took: Duration) {
        self.0.trainer.rebuilds.add(1, &[label("outcome", outcome.as_str())]);
        self.0.trainer.rebuild_duration.record(took.as_secs_f64(), &[]);
    }

    /// So many labels have come since the last rebuild.
    pub fn set_labels_pending(&self, n: u64) {
        self.0.trainer.labels_pending.record(n, &[]);
    }
}
