//! What the monitor tells: how right the verdicts were, and whether all are there.

use super::{Instrument, Kind};

/// `verdict.live.labelled{version}`
pub const LIVE_LABELLED: Instrument = Instrument {
    name: "verdict.live.labelled",
    prometheus: "verdict_live_labelled",
    kind: Kind::Gauge,
    unit: "{review}",
    help: "Reviews that this model version scored and that have a label",
    labels: &["version"],
    services: "monitor",
};
/// `verdict.live.accuracy{version,bound}`
pub const LIVE_ACCURACY: Instrument = Instrument {
    name: "verdict.live.accuracy",
    prometheus: "verdict_live_accuracy",
    kind: Kind::Gauge,
    unit: "",
    help: "Fraction of the labelled reviews that the version called right, with the bounds of Wilson's 95 % interval",
    labels: &["version", "bound"],
    services: "monitor",
};
/// `verdict.live.brier{version,bound}`
pub const LIVE_BRIER: Instrument = Instrument {
    name: "verdict.live.brier",
    prometheus: "verdict_live_brier",
    kind: Kind::Gauge,
    unit: "",
    help: "Mean squared distance of P(positive) from the label, with the bounds of its 95 % interval",
    labels: &["version", "bound"],
    services: "monitor",
};
/// `verdict.live.ece{version}`
pub const LIVE_ECE: Instrument = Instrument {
    name: "verdict.live.ece",
    prometheus: "verdict_live_ece",
    kind: Kind::Gauge,
    unit: "",
    help: "Expected calibration error over the labelled reviews, in the 15 bins of `trainer evaluate`",
    labels: &["version"],
    services: "monitor",
};
/// `verdict.live.calibration{version,bin,of}`
pub const LIVE_CALIBRATION: Instrument = Instrument {
    name: "verdict.live.calibration",
    prometheus: "verdict_live_calibration",
    kind: Kind::Gauge,
    unit: "",
    help: "Reliability curve: mean P(positive) and fraction of positive labels in each tenth that holds labelled reviews",
    labels: &["version", "bin", "of"],
    services: "monitor",
};
/// `verdict.live.unmatched{what}`
pub const LIVE_UNMATCHED: Instrument = Instrument {
    name: "verdict.live.unmatched",
    prometheus: "verdict_live_unmatched",
    kind: Kind::Gauge,
    unit: "{record}",
    help: "What is remembered and waits for its other half: verdicts without a label, labels without a verdict",
    labels: &["what"],
    services: "monitor",
};
/// `verdict.audit.findings{finding}`
pub const AUDIT_FINDINGS: Instrument = Instrument {
    name: "verdict.audit.findings",
    prometheus: "verdict_audit_findings",
    kind: Kind::Gauge,
    unit: "{review}",
    help: "What the last audit found among the reviews before the group's positions; 0 of each but duplicates is the promise",
    labels: &["finding"],
    services: "monitor",
};
/// `verdict.audit.reviews`
pub const AUDIT_REVIEWS: Instrument = Instrument {
    name: "verdict.audit.reviews",
    prometheus: "verdict_audit_reviews",
    kind: Kind::Gauge,
    unit: "{review}",
    help: "Reviews that the last audit looked at",
    labels: &[],
    services: "monitor",
};
/// `verdict.audit.time`
pub const AUDIT_TIME: Instrument = Instrument {
    name: "verdict.audit.time",
    prometheus: "verdict_audit_time_seconds",
    kind: Kind::Gauge,
    unit: "s",
    help: "When the last audit ended, as Unix time",
    labels: &[],
    services: "monitor",
};

pub(super) const ALL: &[Instrument] = &[
    LIVE_LABELLED,
    LIVE_ACCURACY,
    LIVE_BRIER,
    LIVE_ECE,
    LIVE_CALIBRATION,
    LIVE_UNMATCHED,
    AUDIT_FINDINGS,
    AUDIT_REVIEWS,
    AUDIT_TIME,
];
