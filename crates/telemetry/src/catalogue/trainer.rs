//! What the trainer tells.

use super::{Instrument, Kind};

const REBUILD_SECONDS: &[f64] = &[1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0];

/// `verdict.trainer.rebuilds{outcome}`
pub const REBUILDS: Instrument = Instrument {
    name: "verdict.trainer.rebuilds",
    prometheus: "verdict_trainer_rebuilds_total",
    kind: Kind::Counter,
    unit: "{rebuild}",
    help: "Rebuilds of the model: promoted, refused by the gate, unchanged or failed",
    labels: &["outcome"],
    services: "trainer",
};
/// `verdict.trainer.rebuild.duration`
pub const REBUILD_DURATION: Instrument = Instrument {
    name: "verdict.trainer.rebuild.duration",
    prometheus: "verdict_trainer_rebuild_duration_seconds",
    kind: Kind::Histogram(REBUILD_SECONDS),
    unit: "s",
    help: "Time from the first review read to the last step of a rebuild",
    labels: &[],
    services: "trainer",
};
/// `verdict.trainer.labels.pending`
pub const LABELS_PENDING: Instrument = Instrument {
    name: "verdict.trainer.labels.pending",
    prometheus: "verdict_trainer_labels_pending",
    kind: Kind::Gauge,
    unit: "{label}",
    help: "Labels that have come since the last rebuild",
    labels: &[],
    services: "trainer",
};

pub(super) const ALL: &[Instrument] = &[REBUILDS, REBUILD_DURATION, LABELS_PENDING];
