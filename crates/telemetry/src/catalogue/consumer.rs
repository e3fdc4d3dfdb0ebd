//! What the consumer tells of its work.

use super::{Instrument, Kind};

// One review takes some ten microseconds.
const SCORE_SECONDS: &[f64] = &[
    0.000_002, 0.000_005, 0.000_01, 0.000_02, 0.000_05, 0.000_1, 0.000_2, 0.000_5, 0.001, 0.002,
    0.005, 0.01, 0.05,
];
const BATCH_RECORDS: &[f64] = &[
    1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0, 5000.0, 10_000.0,
    20_000.0,
];

/// `verdict.score.duration`
pub const SCORE_DURATION: Instrument = Instrument {
    name: "verdict.score.duration",
    prometheus: "verdict_score_duration_seconds",
    kind: Kind::Histogram(SCORE_SECONDS),
    unit: "s",
    help: "Time to decode and score one review; measured over a batch, one value a review",
    labels: &[],
    services: "consumer",
};
/// `verdict.endings{ending,kind}`
pub const ENDINGS: Instrument = Instrument {
    name: "verdict.endings",
    prometheus: "verdict_endings_total",
    kind: Kind::Counter,
    unit: "{record}",
    help: "How each record ended: verdict, or dead_letter with its kind; the sum is the number of records read",
    labels: &["ending", "kind"],
    services: "consumer",
};
/// `verdict.replies{outcome}`
pub const REPLIES: Instrument = Instrument {
    name: "verdict.replies",
    prometheus: "verdict_replies_total",
    kind: Kind::Counter,
    unit: "{reply}",
    help: "Replies asked for: sent, expired (deadline passed) or failed",
    labels: &["outcome"],
    services: "consumer",
};
/// `verdict.consumer.lag{topic,partition}`
pub const CONSUMER_LAG: Instrument = Instrument {
    name: "verdict.consumer.lag",
    prometheus: "verdict_consumer_lag",
    kind: Kind::Gauge,
    unit: "{record}",
    help: "Records that can be read and have no outcome yet, for each partition assigned to this process. At most so many: offsets are subtracted, and those of transaction markers and aborted records count until they are read over. 0 when every record has its outcome",
    labels: &["topic", "partition"],
    services: "consumer",
};
/// `verdict.batch.size`
pub const BATCH_SIZE: Instrument = Instrument {
    name: "verdict.batch.size",
    prometheus: "verdict_batch_size",
    kind: Kind::Histogram(BATCH_RECORDS),
    unit: "{record}",
    help: "Records committed together",
    labels: &[],
    services: "consumer",
};
/// `verdict.model.info{name,version,sha256}`
pub const MODEL_INFO: Instrument = Instrument {
    name: "verdict.model.info",
    prometheus: "verdict_model_info",
    kind: Kind::Gauge,
    unit: "",
    help: "Always 1: the model that scores now",
    labels: &["name", "version", "sha256"],
    services: "consumer",
};
/// `verdict.model.swaps{outcome}`
pub const MODEL_SWAPS: Instrument = Instrument {
    name: "verdict.model.swaps",
    prometheus: "verdict_model_swaps_total",
    kind: Kind::Counter,
    unit: "{pointer}",
    help: "Pointers to model versions: taken, same, superseded or removed; pointer, name, older, conflict, unreachable, size, checksum, format or example when refused",
    labels: &["outcome"],
    services: "consumer",
};

pub(super) const ALL: &[Instrument] =
    &[SCORE_DURATION, ENDINGS, REPLIES, CONSUMER_LAG, BATCH_SIZE, MODEL_INFO, MODEL_SWAPS];
