//! The metrics kept from the Python system, under the names that its Prometheus saw.

use super::{Instrument, Kind, REQUEST_SECONDS};

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

pub(super) const ALL: &[Instrument] = &[
    APP_REQUEST_COUNT,
    APP_REQUEST_LATENCY,
    MODEL_PREDICTION_COUNT,
    APP_COST_PER_REQUEST,
    APP_TOTAL_COST,
];
