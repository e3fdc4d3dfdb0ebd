//! The metrics kept from the Python system, under the names that its Prometheus saw.

use std::time::Duration;

use super::{REQUEST_SECONDS, declare::*};
use crate::{
    cpu,
    labels::{Method, Prediction, Route},
};

instruments! { kept;
    /// HTTP requests answered
    Counter<u64> "app_request_count" as "app_request_count_total" in "", by &[Web],
        field request_count, labels ["method", "endpoint"];

    /// Time from the request's head to the answer
    Histogram<f64> "app_request_latency" as "app_request_latency_seconds"
        in ("s", REQUEST_SECONDS), by &[Web],
        field request_latency, labels ["endpoint"];

    /// Predictions by class: 1 is positive, 0 is negative
    Counter<u64> "model_prediction_count" as "model_prediction_count_total" in "", by &[Consumer],
        pub fn record_predictions[prediction: Prediction](n: u64) { n };

    /// CPU time of the last request, as money: CPU-seconds x hourly price / 3600 / CPUs
    Gauge<f64> "app_cost_per_request_usd" as "app_cost_per_request_usd" in "", by &[Web],
        field request_cost, labels ["endpoint"];

    /// CPU time of this process since its start, as money; the sum over all processes is the cost of
    /// the system
    Counter<f64> "app_total_cost_usd" as "app_total_cost_usd_total" in "", by Service::ALL,
        shows |shown| one(shown.price.of(cpu::process_time()));
}

impl Metrics {
    /// A request was answered with `status`; `took` is wall time, `cpu` the CPU time of its handler.
    pub fn record_request(
        &self,
        method: Method,
        route: Route,
        status: u16,
        took: Duration,
        cpu: Duration,
    ) {
        let (kept, took) = (&self.0.kept, took.as_secs_f64());
        let endpoint = [label("endpoint", route.as_str())];
        let [of_endpoint] = endpoint.clone();
        kept.request_count.add(1, &[label("method", method.as_str()), of_endpoint]);
        kept.request_latency.record(took, &endpoint);
        kept.request_cost.record(self.0.price.of(cpu), &endpoint);
        self.record_http_request(method, route, status, took);
    }
}
