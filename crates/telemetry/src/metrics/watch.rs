//! The reviews, and how the models take them.

use std::sync::{Arc, Mutex};

use opentelemetry::{
    KeyValue,
    metrics::{Counter, Histogram, Meter},
};

use super::{Metrics, ModelInfo, bounds, counter, lock};
use crate::{
    catalogue::{self, Instrument},
    labels::{DriftFeature, ShadowOutcome, label},
};

/// What the window of the last reviews shows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Drift {
    /// Reviews in it.
    pub reviews: u64,
    /// Part of their tokens that is unknown; `None` without a token.
    pub oov_ratio: Option<f64>,
    /// The stability index of each feature that has a reference; none without a review.
    pub psi: Vec<(DriftFeature, f64)>,
    /// Whether one is above the threshold; `None` where there is no reference.
    pub alarm: Option<bool>,
}

// Read at scrape time: see the state of the consumer's gauges.
#[derive(Debug, Default)]
struct Present {
    drift: Mutex<Option<Drift>>,
    shadow: Mutex<Option<ModelInfo>>,
}

#[derive(Debug)]
pub(super) struct Instruments {
    probability: Histogram<f64>,
    tokens: Histogram<f64>,
    pub(super) shadow_reviews: Counter<u64>,
    shadow_difference: Histogram<f64>,
    present: Arc<Present>,
}

impl Instruments {
    pub(super) fn new(meter: &Meter) -> Self {
        let present = Arc::new(Present::default());
        observe(meter, &present);
        Self {
            probability: histogram(meter, &catalogue::SCORE_PROBABILITY),
            tokens: histogram(meter, &catalogue::REVIEW_TOKENS),
            shadow_reviews: counter(meter, &catalogue::SHADOW_REVIEWS),
            shadow_difference: histogram(meter, &catalogue::SHADOW_DIFFERENCE),
            present,
        }
    }
}

impl Metrics {
    /// A review of so many tokens was given this probability of being positive.
    pub fn record_review(&self, probability: f64, tokens: f64) {
        self.0.watch.probability.record(probability, &[]);
        self.0.watch.tokens.record(tokens, &[]);
    }

    /// The shadow model has scored a review; `difference` is that of the probabilities, without its sign.
    pub fn record_shadow(&self, outcome: ShadowOutcome, difference: f64) {
        let outcome = label("outcome", outcome.as_str());
        self.0.watch.shadow_reviews.add(1, &[outcome]);
        self.0.watch.shadow_difference.record(difference, &[]);
    }

    /// What the window shows now; `None` where nothing is watched, and no series is shown.
    pub fn set_drift(&self, drift: Option<Drift>) {
        *lock(&self.0.watch.present.drift) = drift;
    }

    /// This model scores beside the one that serves.
    pub fn set_shadow(&self, model: ModelInfo) {
        *lock(&self.0.watch.present.shadow) = Some(model);
    }
}

fn histogram(meter: &Meter, instrument: &Instrument) -> Histogram<f64> {
    meter
        .f64_histogram(instrument.name)
        .with_description(instrument.help)
        .with_unit(instrument.unit)
        .with_boundaries(bounds(instrument))
        .build()
}

/// Numbers with their labels.
type Series = Vec<(f64, Vec<KeyValue>)>;
/// What a gauge shows of the window.
type Shown = fn(&Drift) -> Series;

fn observe(meter: &Meter, present: &Arc<Present>) {
    let gauges: [(&Instrument, Shown); 4] = [
        (&catalogue::OOV_RATIO, |drift| plain(drift.oov_ratio)),
        (&catalogue::DRIFT_PSI, |drift| {
            let psi = drift.psi.iter();
            psi.map(|&(feature, psi)| (psi, vec![label("feature", feature.as_str())])).collect()
        }),
        (&catalogue::DRIFT_ALARM, |drift| {
            plain(drift.alarm.map(|alarm| f64::from(u8::from(alarm))))
        }),
        (&catalogue::DRIFT_WINDOW, |drift| {
            #[allow(clippy::cast_precision_loss, reason = "a window has at most a million")]
            plain(Some(drift.reviews as f64))
        }),
    ];
    for (instrument, series) in gauges {
        let state = Arc::clone(present);
        observed(meter, instrument, move || {
            lock(&state.drift).as_ref().map(series).unwrap_or_default()
        });
    }
    let state = Arc::clone(present);
    observed(meter, &catalogue::SHADOW_INFO, move || {
        let shadow = lock(&state.shadow);
        let series = shadow.iter().map(|model| {
            let labels = vec![
                label("name", model.name.clone()),
                label("version", model.version.clone()),
                label("sha256", model.sha256.clone()),
            ];
            (1.0, labels)
        });
        series.collect()
    });
}

fn plain(value: Option<f64>) -> Series {
    value.into_iter().map(|value| (value, Vec::new())).collect()
}

fn observed(
    meter: &Meter,
    instrument: &Instrument,
    series: impl Fn() -> Series + Send + Sync + 'static,
) {
    let _registered = meter
        .f64_observable_gauge(instrument.name)
        .with_description(instrument.help)
        .with_unit(instrument.unit)
        .with_callback(move |observer| {
            for (value, labels) in series() {
                observer.observe(value, &labels);
            }
        })
        .build();
}
