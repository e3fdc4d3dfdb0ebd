//! What the consumer does with records, and the model it does it with.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use opentelemetry::metrics::{Counter, Histogram, Meter};

use super::{Metrics, counter, lock, seconds};
use crate::{
    catalogue,
    labels::{Ending, ModelSwap, Prediction, ReplySent, label},
};

/// Which model scores now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelInfo {
    /// The model's name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its artifact's sha256, in hexadecimal.
    pub sha256: String,
}

// Gauges whose series come and go (a model is swapped, a partition is given away) are read at scrape time from here:
// a gauge that was set once would show the old series for ever.
#[derive(Debug, Default)]
struct Present {
    model: Mutex<Option<ModelInfo>>,
    lag: Mutex<BTreeMap<(Arc<str>, i32), u64>>,
}

#[derive(Debug)]
pub(super) struct Instruments {
    predictions: Counter<u64>,
    score_duration: Histogram<f64>,
    endings: Counter<u64>,
    replies: Counter<u64>,
    model_swaps: Counter<u64>,
    present: Arc<Present>,
}

impl Instruments {
    pub(super) fn new(meter: &Meter) -> Self {
        Self {
            predictions: counter(meter, &catalogue::MODEL_PREDICTION_COUNT),
            score_duration: seconds(meter, &catalogue::SCORE_DURATION),
            endings: counter(meter, &catalogue::ENDINGS),
            replies: counter(meter, &catalogue::REPLIES),
            model_swaps: counter(meter, &catalogue::MODEL_SWAPS),
            present: observed(meter),
        }
    }
}

impl Metrics {
    /// The model predicted this class `n` times.
    pub fn record_predictions(&self, class: Prediction, n: u64) {
        self.0.consumer.predictions.add(n, &[label("prediction", class.as_str())]);
    }

    /// One review was decoded and scored in `took`.
    pub fn record_scored(&self, took: Duration) {
        self.0.consumer.score_duration.record(took.as_secs_f64(), &[]);
    }

    /// `n` records ended this way.
    pub fn record_ended(&self, ending: Ending, n: u64) {
        match ending {
            Ending::Verdict => self.0.consumer.endings.add(n, &[label("ending", "verdict")]),
            Ending::DeadLetter(kind) => self
                .0
                .consumer
                .endings
                .add(n, &[label("ending", "dead_letter"), label("kind", kind.as_str())]),
        }
    }

    /// `n` replies that were asked for had this outcome.
    pub fn record_replies(&self, outcome: ReplySent, n: u64) {
        self.0.consumer.replies.add(n, &[label("outcome", outcome.as_str())]);
    }

    /// `n` pointers to model versions had this outcome.
    pub fn record_model_swaps(&self, outcome: ModelSwap, n: u64) {
        self.0.consumer.model_swaps.add(n, &[label("outcome", outcome.as_str())]);
    }

    /// This model scores from now on; its predecessor's series ends.
    pub fn set_model(&self, model: ModelInfo) {
        *lock(&self.0.consumer.present.model) = Some(model);
    }

    /// The lag of every partition that is assigned now; partitions not listed lose their series.
    pub fn set_lag(&self, lag: impl IntoIterator<Item = ((Arc<str>, i32), u64)>) {
        *lock(&self.0.consumer.present.lag) = lag.into_iter().collect();
    }
}

fn observed(meter: &Meter) -> Arc<Present> {
    let present = Arc::new(Present::default());
    let state = Arc::clone(&present);
    let _registered = meter
        .u64_observable_gauge(catalogue::MODEL_INFO.name)
        .with_description(catalogue::MODEL_INFO.help)
        .with_callback(move |observer| {
            if let Some(model) = &*lock(&state.model) {
                observer.observe(
                    1,
                    &[
                        label("name", model.name.clone()),
                        label("version", model.version.clone()),
                        label("sha256", model.sha256.clone()),
                    ],
                );
            }
        })
        .build();
    let state = Arc::clone(&present);
    let _registered = meter
        .u64_observable_gauge(catalogue::CONSUMER_LAG.name)
        .with_description(catalogue::CONSUMER_LAG.help)
        .with_unit(catalogue::CONSUMER_LAG.unit)
        .with_callback(move |observer| {
            for ((topic, partition), lag) in &*lock(&state.lag) {
                observer.observe(
                    *lag,
                    &[label("topic", Arc::clone(topic)), label("partition", i64::from(*partition))],
                );
            }
        })
        .build();
    present
}
