//! Rebuilds of the model.

use std::time::Duration;

use super::declare::*;
use crate::labels::Rebuild;

const REBUILD_SECONDS: &[f64] = &[1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0];

instruments! { trainer;
    /// Rebuilds of the model: promoted, refused by the gate, unchanged or failed
    Counter<u64> "verdict.trainer.rebuilds" as "verdict_trainer_rebuilds_total" in "{rebuild}",
        by &[Trainer],
        pub(super) fn count_rebuild[outcome: Rebuild]() { 1 };

    /// Time from the first review read to the last step of a rebuild
    Histogram<f64> "verdict.trainer.rebuild.duration" as "verdict_trainer_rebuild_duration_seconds"
        in ("s", REBUILD_SECONDS), by &[Trainer],
        field rebuild_duration;

    /// Labels that have come since the last rebuild
    Gauge<u64> "verdict.trainer.labels.pending" as "verdict_trainer_labels_pending" in "{label}",
        by &[Trainer],
        pub fn set_labels_pending[](n: u64) { n };
}

impl Metrics {
    /// The trainer rebuilt the model, with this outcome.
    pub fn record_rebuild(&self, outcome: Rebuild, took: Duration) {
        self.count_rebuild(outcome);
        self.0.trainer.rebuild_duration.record(took.as_secs_f64(), &[]);
    }
}
