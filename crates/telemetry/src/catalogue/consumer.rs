//! What the consumer does with records, and the model it does it with.

use std::{sync::Arc, time::Duration};

use super::{declare::*, shown::ModelInfo};
use crate::labels::{Ending, ModelSwap, ReplySent};

// One review takes some ten microseconds.
const SCORE_SECONDS: &[f64] = &[
    0.000_002, 0.000_005, 0.000_01, 0.000_02, 0.000_05, 0.000_1, 0.000_2, 0.000_5, 0.001, 0.002,
    0.005, 0.01, 0.05,
];
const BATCH_RECORDS: &[f64] = &[
    1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0, 5000.0, 10_000.0,
    20_000.0,
];

instruments! { consumer;
    /// Time to decode and score one review; measured over a batch, one value a review
    Histogram<f64> "verdict.score.duration" as "verdict_score_duration_seconds"
        in ("s", SCORE_SECONDS), by &[Consumer],
        pub fn record_scored[](took: Duration) { took.as_secs_f64() };

    /// How each record ended: verdict, or dead_letter with its kind; the sum is the number of records
    /// read
    Counter<u64> "verdict.endings" as "verdict_endings_total" in "{record}", by &[Consumer],
        pub fn record_ended[ending: Ending](n: u64) { n }, labels ["kind"];

    /// Verdicts whose decision is unsure: too close to call
    Counter<u64> "verdict.unsure" as "verdict_unsure_total" in "{review}", by &[Consumer],
        pub fn record_unsure[](n: u64) { n };

    /// Replies asked for: sent, expired (deadline passed) or failed
    Counter<u64> "verdict.replies" as "verdict_replies_total" in "{reply}", by &[Consumer],
        pub fn record_replies[outcome: ReplySent](n: u64) { n };

    /// Records that can be read and have no outcome yet, for each partition assigned to this process.
    /// At most so many: offsets are subtracted, and those of transaction markers and aborted records
    /// count until they are read over. 0 when every record has its outcome
    Gauge<u64> "verdict.consumer.lag" as "verdict_consumer_lag" in "{record}", by &[Consumer],
        shows |shown| {
            let of = |topic: &Arc<str>, partition: i32| {
                vec![label("topic", Arc::clone(topic)), label("partition", i64::from(partition))]
            };
            shown.lag.iter().map(|(&(ref topic, partition), &n)| (n, of(topic, partition))).collect()
        },
        labels ["topic", "partition"];

    /// Records committed together
    Histogram<u64> "verdict.batch.size" as "verdict_batch_size"
        in ("{record}", BATCH_RECORDS), by &[Consumer],
        pub(super) fn record_batch_size[](n: u64) { n };

    /// Always 1: the model that scores now
    Gauge<u64> "verdict.model.info" as "verdict_model_info" in "", by &[Consumer],
        shows |shown| info(&shown.model), labels ["name", "version", "sha256"];

    /// Largest share of errors among what the model that scores now decides, its target; none where
    /// it decides whatever it knows a word of
    Gauge<f64> "verdict.decision.target.error" as "verdict_decision_target_error" in "",
        by &[Consumer],
        shows |shown| {
            let target = shown.model.as_ref().zip(shown.target_error).into_iter();
            target.map(|(it, error)| (error, vec![label("version", it.version.clone())])).collect()
        },
        labels ["version"];

    /// Pointers to model versions: taken, same, superseded or removed; pointer, name, older, conflict,
    /// unreachable, size, checksum, format or example when refused
    Counter<u64> "verdict.model.swaps" as "verdict_model_swaps_total" in "{pointer}",
        by &[Consumer],
        pub fn record_model_swaps[outcome: ModelSwap](n: u64) { n };
}

impl Metrics {
    /// This model scores from now on, with this target of errors if it has one; its predecessor's
    /// series end.
    pub fn set_model(&self, model: ModelInfo, target_error: Option<f64>) {
        let mut shown = self.shown();
        (shown.model, shown.target_error) = (Some(model), target_error);
    }

    /// The lag of every partition that is assigned now; partitions not listed lose their series.
    pub fn set_lag(&self, lag: impl IntoIterator<Item = ((Arc<str>, i32), u64)>) {
        self.shown().lag = lag.into_iter().collect();
    }
}
