//! The reviews, and how the models take them.

use super::{
    declare::*,
    shown::{Drift, Estimate, ExpectedAccuracy, ModelInfo},
};
use crate::labels::ShadowOutcome;

// P(positive), in 20 equal buckets.
const PROBABILITY: &[f64] = &[
    0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85,
    0.9, 0.95, 1.0,
];
const DIFFERENCE: &[f64] = &[0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0];
const TOKENS: &[f64] =
    &[1.0, 5.0, 10.0, 20.0, 50.0, 100.0, 150.0, 200.0, 300.0, 500.0, 1000.0, 2000.0, 5000.0];

instruments! { watch;
    /// Calibrated probability of the positive class, one value a verdict
    Histogram<f64> "verdict.score.probability" as "verdict_score_probability"
        in ("", PROBABILITY), by &[Consumer],
        field probability;

    /// Tokens of a review, one value a verdict
    Histogram<f64> "verdict.review.tokens" as "verdict_review_tokens"
        in ("{token}", TOKENS), by &[Consumer],
        field tokens;

    /// Part of the tokens of the window's reviews that the model does not know, 0 to 1
    Gauge<f64> "verdict.oov.ratio" as "verdict_oov_ratio" in "", by &[Consumer],
        shows |shown| one(shown.drift.as_ref().and_then(|drift| drift.oov_ratio));

    /// Population stability index of the window against the training reviews: probability, tokens or
    /// oov
    Gauge<f64> "verdict.drift.psi" as "verdict_drift_psi" in "", by &[Consumer],
        shows |shown| {
            let psi = shown.drift.iter().flat_map(|drift| &drift.psi);
            psi.map(|(feature, psi)| (*psi, feature.labels("feature"))).collect()
        },
        labels ["feature"];

    /// 1 while a stability index of a full window is above the threshold, else 0
    Gauge<u64> "verdict.drift.alarm" as "verdict_drift_alarm" in "", by &[Consumer],
        shows |shown| one(shown.drift.as_ref().and_then(|drift| drift.alarm.map(u64::from)));

    /// Reviews in the window; it begins anew with each model
    Gauge<u64> "verdict.drift.window" as "verdict_drift_window" in "{review}", by &[Consumer],
        shows |shown| one(shown.drift.as_ref().map(|drift| drift.reviews));

    /// Accuracy to expect of the window's reviews, by the calibrated probabilities and without a
    /// label, with the bounds of its 95 % interval, and the floor of the promotion gate; none while
    /// the window fills or drifts
    Gauge<f64> "verdict.expected.accuracy" as "verdict_expected_accuracy" in "", by &[Consumer],
        shows |shown| shown.drift.iter().filter_map(|it| it.expected.as_ref()).flat_map(bounds).collect(),
        labels ["version", "bound"];

    /// Reviews that the shadow model scored too, by whether both gave the same label: agree or
    /// disagree
    Counter<u64> "verdict.shadow.reviews" as "verdict_shadow_reviews_total" in "{review}",
        by &[Consumer],
        pub(super) fn count_shadow[outcome: ShadowOutcome]() { 1 };

    /// Absolute difference between the probabilities of the serving and the shadow model
    Histogram<f64> "verdict.shadow.difference" as "verdict_shadow_difference"
        in ("", DIFFERENCE), by &[Consumer],
        field shadow_difference;

    /// Always 1: the model that scores beside the one that serves
    Gauge<u64> "verdict.shadow.info" as "verdict_shadow_info" in "", by &[Consumer],
        shows |shown| info(&shown.shadow), labels ["name", "version", "sha256"];
}

fn bounds(expected: &ExpectedAccuracy) -> [(f64, Vec<opentelemetry::KeyValue>); 4] {
    let ExpectedAccuracy { version, accuracy: Estimate { value, lower, upper }, floor } = expected;
    [("estimate", value), ("lower", lower), ("upper", upper), ("floor", floor)].map(
        |(bound, value)| (*value, vec![label("version", version.clone()), label("bound", bound)]),
    )
}

impl Metrics {
    /// A review of so many tokens was given this probability of being positive.
    pub fn record_review(&self, probability: f64, tokens: f64) {
        self.0.watch.probability.record(probability, &[]);
        self.0.watch.tokens.record(tokens, &[]);
    }

    /// The shadow model has scored a review; `difference` is that of the probabilities, without its
    /// sign.
    pub fn record_shadow(&self, outcome: ShadowOutcome, difference: f64) {
        self.count_shadow(outcome);
        self.0.watch.shadow_difference.record(difference, &[]);
    }

    /// What the window shows now; `None` where nothing is watched, and no series is shown.
    pub fn set_drift(&self, drift: Option<Drift>) {
        self.shown().drift = drift;
    }

    /// This model scores beside the one that serves.
    pub fn set_shadow(&self, model: ModelInfo) {
        self.shown().shadow = Some(model);
    }
}
