//! What the consumer tells of the reviews and of how its models take them.

use super::{Instrument, Kind};

// P(positive), in 20 equal buckets.
const PROBABILITY: &[f64] = &[
    0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85,
    0.9, 0.95, 1.0,
];
const DIFFERENCE: &[f64] = &[0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0];
const TOKENS: &[f64] =
    &[1.0, 5.0, 10.0, 20.0, 50.0, 100.0, 150.0, 200.0, 300.0, 500.0, 1000.0, 2000.0, 5000.0];

/// `verdict.score.probability`
pub const SCORE_PROBABILITY: Instrument = Instrument {
    name: "verdict.score.probability",
    prometheus: "verdict_score_probability",
    kind: Kind::Histogram(PROBABILITY),
    unit: "",
    help: "Calibrated probability of the positive class, one value a verdict",
    labels: &[],
    services: "consumer",
};
/// `verdict.review.tokens`
pub const REVIEW_TOKENS: Instrument = Instrument {
    name: "verdict.review.tokens",
    prometheus: "verdict_review_tokens",
    kind: Kind::Histogram(TOKENS),
    unit: "{token}",
    help: "Tokens of a review, one value a verdict",
    labels: &[],
    services: "consumer",
};
/// `verdict.oov.ratio`
pub const OOV_RATIO: Instrument = Instrument {
    name: "verdict.oov.ratio",
    prometheus: "verdict_oov_ratio",
    kind: Kind::Gauge,
    unit: "",
    help: "Part of the tokens of the window's reviews that the model does not know, 0 to 1",
    labels: &[],
    services: "consumer",
};
/// `verdict.drift.psi{feature}`
pub const DRIFT_PSI: Instrument = Instrument {
    name: "verdict.drift.psi",
    prometheus: "verdict_drift_psi",
    kind: Kind::Gauge,
    unit: "",
    help: "Population stability index of the window against the training reviews: probability, tokens or oov",
    labels: &["feature"],
    services: "consumer",
};
/// `verdict.drift.alarm`
pub const DRIFT_ALARM: Instrument = Instrument {
    name: "verdict.drift.alarm",
    prometheus: "verdict_drift_alarm",
    kind: Kind::Gauge,
    unit: "",
    help: "1 while a stability index of a full window is above the threshold, else 0",
    labels: &[],
    services: "consumer",
};
/// `verdict.drift.window`
pub const DRIFT_WINDOW: Instrument = Instrument {
    name: "verdict.drift.window",
    prometheus: "verdict_drift_window",
    kind: Kind::Gauge,
    unit: "{review}",
    help: "Reviews in the window; it begins anew with each model",
    labels: &[],
    services: "consumer",
};
/// `verdict.shadow.reviews{outcome}`
pub const SHADOW_REVIEWS: Instrument = Instrument {
    name: "verdict.shadow.reviews",
    prometheus: "verdict_shadow_reviews_total",
    kind: Kind::Counter,
    unit: "{review}",
    help: "Reviews that the shadow model scored too, by whether both gave the same label: agree or disagree",
    labels: &["outcome"],
    services: "consumer",
};
/// `verdict.shadow.difference`
pub const SHADOW_DIFFERENCE: Instrument = Instrument {
    name: "verdict.shadow.difference",
    prometheus: "verdict_shadow_difference",
    kind: Kind::Histogram(DIFFERENCE),
    unit: "",
    help: "Absolute difference between the probabilities of the serving and the shadow model",
    labels: &[],
    services: "consumer",
};
/// `verdict.shadow.info{name,version,sha256}`
pub const SHADOW_INFO: Instrument = Instrument {
    name: "verdict.shadow.info",
    prometheus: "verdict_shadow_info",
    kind: Kind::Gauge,
    unit: "",
    help: "Always 1: the model that scores beside the one that serves",
    labels: &["name", "version", "sha256"],
    services: "consumer",
};

pub(super) const ALL: &[Instrument] = &[
    SCORE_PROBABILITY,
    REVIEW_TOKENS,
    OOV_RATIO,
    DRIFT_PSI,
    DRIFT_ALARM,
    DRIFT_WINDOW,
    SHADOW_REVIEWS,
    SHADOW_DIFFERENCE,
    SHADOW_INFO,
];
