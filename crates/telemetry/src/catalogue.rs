//! Every instrument there is: name, unit, labels and the name that Prometheus sees.
//!
//! The exporter adds `_total` to counters and the unit to names (`s` becomes `_seconds`), so the five metrics kept from
//! the Python system are named here *without* those endings. A test compares [`Instrument::prometheus`] with the real
//! exposition, and `docs/metrics.md` is written from this table (`cargo run -p verdict-telemetry --example metrics_doc`).

use std::fmt::Write as _;

/// What an instrument measures and how.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// A present value.
    Gauge,
    /// A distribution; the upper bounds of its buckets, in the instrument's unit.
    Histogram(&'static [f64]),
}

/// One instrument of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Instrument {
    /// The OpenTelemetry name.
    pub name: &'static str,
    /// The name in the Prometheus exposition.
    pub prometheus: &'static str,
    /// Counter, gauge or histogram.
    pub kind: Kind,
    /// The UCUM unit; empty when the name already carries it.
    pub unit: &'static str,
    /// What it tells.
    pub help: &'static str,
    /// The label names, as OpenTelemetry attributes (dots become underscores in Prometheus).
    pub labels: &'static [&'static str],
    /// Which services record it.
    pub services: &'static str,
}

// The buckets that the semantic conventions advise and the Python client used, and three finer ones below: a verdict
// takes a millisecond or two, which the coarse ones cannot tell from five.
const REQUEST_SECONDS: &[f64] = &[
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0,
    7.5, 10.0,
];
// One review takes some ten microseconds.
const SCORE_SECONDS: &[f64] = &[
    0.000_002, 0.000_005, 0.000_01, 0.000_02, 0.000_05, 0.000_1, 0.000_2, 0.000_5, 0.001, 0.002,
    0.005, 0.01, 0.05,
];
const REBUILD_SECONDS: &[f64] = &[1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0];
const BATCH_RECORDS: &[f64] = &[
    1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0, 5000.0, 10_000.0,
    20_000.0,
];

/// `app_request_count_total{method,endpoint}`
pub const APP_REQUEST_COUNT: Instrument = Instrument {
    name: "app_request_count",
    prometheus: "app_request_count_total",
    kind: Kind::Counter,
    unit: "",
    help: "HTTP requests answered",
    labels: &["method", "endpoint"],
    services: "web",
};
/// `app_request_latency_seconds{endpoint}`
pub const APP_REQUEST_LATENCY: Instrument = Instrument {
    name: "app_request_latency",
    prometheus: "app_request_latency_seconds",
    kind: Kind::Histogram(REQUEST_SECONDS),
    unit: "s",
    help: "Time from the request's head to the answer",
    labels: &["endpoint"],
    services: "web",
};
/// `model_prediction_count_total{prediction}`
pub const MODEL_PREDICTION_COUNT: Instrument = Instrument {
    name: "model_prediction_count",
    prometheus: "model_prediction_count_total",
    kind: Kind::Counter,
    unit: "",
    help: "Predictions by class: 1 is positive, 0 is negative",
    labels: &["prediction"],
    services: "consumer",
};
/// `app_cost_per_request_usd{endpoint}`
pub const APP_COST_PER_REQUEST: Instrument = Instrument {
    name: "app_cost_per_request_usd",
    prometheus: "app_cost_per_request_usd",
    kind: Kind::Gauge,
    unit: "",
    help: "CPU time of the last request, as money: CPU-seconds x hourly price / 3600 / CPUs",
    labels: &["endpoint"],
    services: "web",
};
/// `app_total_cost_usd_total`
pub const APP_TOTAL_COST: Instrument = Instrument {
    name: "app_total_cost_usd",
    prometheus: "app_total_cost_usd_total",
    kind: Kind::Counter,
    unit: "",
    help: "CPU time of this process since its start, as money; the sum over all processes is the cost of the system",
    labels: &[],
    services: "all",
};
/// `http.server.request.duration`
pub const HTTP_SERVER_REQUEST_DURATION: Instrument = Instrument {
    name: "http.server.request.duration",
    prometheus: "http_server_request_duration_seconds",
    kind: Kind::Histogram(REQUEST_SECONDS),
    unit: "s",
    help: "Duration of HTTP server requests",
    labels: &[
        "http.request.method",
        "url.scheme",
        "http.response.status_code",
        "http.route",
    ],
    services: "web",
};
/// `messaging.client.sent.messages`
pub const MESSAGING_SENT: Instrument = Instrument {
    name: "messaging.client.sent.messages",
    prometheus: "messaging_client_sent_messages_total",
    kind: Kind::Counter,
    unit: "{message}",
    help: "Records given to Kafka; error.type is there when the broker did not confirm",
    labels: &[
        "messaging.system",
        "messaging.operation.name",
        "messaging.destination.name",
        "error.type",
    ],
    services: "consumer, producer, web",
};
/// `messaging.client.consumed.messages`
pub const MESSAGING_CONSUMED: Instrument = Instrument {
    name: "messaging.client.consumed.messages",
    prometheus: "messaging_client_consumed_messages_total",
    kind: Kind::Counter,
    unit: "{message}",
    help: "Records received from Kafka",
    labels: &[
        "messaging.system",
        "messaging.operation.name",
        "messaging.destination.name",
    ],
    services: "consumer, web",
};
/// `messaging.process.duration`
pub const MESSAGING_PROCESS_DURATION: Instrument = Instrument {
    name: "messaging.process.duration",
    prometheus: "messaging_process_duration_seconds",
    kind: Kind::Histogram(REQUEST_SECONDS),
    unit: "s",
    help: "From a batch's last poll to its committed positions",
    labels: &[
        "messaging.system",
        "messaging.operation.name",
        "messaging.destination.name",
    ],
    services: "consumer",
};
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
    help: "Records written but not yet read, for each partition assigned to this process",
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
/// `verdict.web.replies{outcome}`
pub const WEB_REPLIES: Instrument = Instrument {
    name: "verdict.web.replies",
    prometheus: "verdict_web_replies_total",
    kind: Kind::Counter,
    unit: "{reply}",
    help: "Records of the reply partition: delivered, kept (asked for later), late, mismatched or unreadable",
    labels: &["outcome"],
    services: "web",
};
/// `verdict.web.pending`
pub const WEB_PENDING: Instrument = Instrument {
    name: "verdict.web.pending",
    prometheus: "verdict_web_pending",
    kind: Kind::Gauge,
    unit: "{request}",
    help: "Requests that wait for their verdict",
    labels: &[],
    services: "web",
};
/// `verdict.web.refused{reason}`
pub const WEB_REFUSED: Instrument = Instrument {
    name: "verdict.web.refused",
    prometheus: "verdict_web_refused_total",
    kind: Kind::Counter,
    unit: "{request}",
    help: "Requests and connections turned away to stay within the limits",
    labels: &["reason"],
    services: "web",
};

/// The whole catalogue, in the order of the documentation.
pub const ALL: &[Instrument] = &[
    APP_REQUEST_COUNT,
    APP_REQUEST_LATENCY,
    MODEL_PREDICTION_COUNT,
    APP_COST_PER_REQUEST,
    APP_TOTAL_COST,
    HTTP_SERVER_REQUEST_DURATION,
    MESSAGING_SENT,
    MESSAGING_CONSUMED,
    MESSAGING_PROCESS_DURATION,
    SCORE_DURATION,
    ENDINGS,
    REPLIES,
    CONSUMER_LAG,
    BATCH_SIZE,
    MODEL_INFO,
    MODEL_SWAPS,
    REBUILDS,
    REBUILD_DURATION,
    LABELS_PENDING,
    WEB_REPLIES,
    WEB_PENDING,
    WEB_REFUSED,
];

/// The catalogue as the Markdown of `docs/metrics.md`.
#[must_use]
pub fn markdown() -> String {
    let mut text = String::from(
        "# Metrics\n\n\
         Written from `crates/telemetry/src/catalogue.rs` by `cargo run -p verdict-telemetry --example metrics_doc`.\n\
         The first five keep the names that Prometheus saw in the Python system, so its dashboards go on working.\n\n\
         | Prometheus name | kind | labels | recorded by | tells |\n|---|---|---|---|---|\n",
    );
    for instrument in ALL {
        let kind = match instrument.kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram(_) => "histogram",
        };
        let labels: Vec<String> = instrument
            .labels
            .iter()
            .map(|label| format!("`{}`", label.replace('.', "_")))
            .collect();
        // Writing to a String cannot fail.
        let _infallible = writeln!(
            text,
            "| `{}` | {kind} | {} | {} | {} |",
            instrument.prometheus,
            labels.join(", "),
            instrument.services,
            instrument.help,
        );
    }
    text
}
