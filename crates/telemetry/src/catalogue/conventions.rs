//! The OpenTelemetry semantic conventions for HTTP servers and messaging.

use std::time::Duration;

use opentelemetry::KeyValue;

use super::{REQUEST_SECONDS, declare::*};
use crate::labels::{Destination, Method, Route, SendError};

instruments! { conventions;
    /// Duration of HTTP server requests
    Histogram<f64> "http.server.request.duration" as "http_server_request_duration_seconds"
        in ("s", REQUEST_SECONDS), by &[Web],
        field request_duration,
        labels ["http.request.method", "url.scheme", "http.response.status_code", "http.route"];

    /// Records given to Kafka; error.type is there when the broker did not confirm
    Counter<u64> "messaging.client.sent.messages" as "messaging_client_sent_messages_total"
        in "{message}", by &[Consumer, Producer, Web],
        field sent, labels ["messaging.system", "messaging.operation.name",
            "messaging.destination.name", "error.type"];

    /// Records received from Kafka
    Counter<u64> "messaging.client.consumed.messages" as "messaging_client_consumed_messages_total"
        in "{message}", by &[Consumer, Web],
        field consumed, labels ["messaging.system", "messaging.operation.name",
            "messaging.destination.name"];

    /// From a batch's last poll to its committed positions
    Histogram<f64> "messaging.process.duration" as "messaging_process_duration_seconds"
        in ("s", REQUEST_SECONDS), by &[Consumer],
        field process_duration, labels ["messaging.system", "messaging.operation.name",
            "messaging.destination.name"];
}

impl Metrics {
    pub(super) fn record_http_request(
        &self,
        method: Method,
        route: Route,
        status: u16,
        seconds: f64,
    ) {
        let mut labels = vec![
            label("http.request.method", method.as_str()),
            label("url.scheme", "http"),
            label("http.response.status_code", i64::from(status)),
        ];
        if route != Route::Unmatched {
            labels.push(label("http.route", route.as_str()));
        }
        self.0.conventions.request_duration.record(seconds, &labels);
    }

    /// The broker confirmed `n` records for `topic`.
    pub fn record_sent(&self, topic: &Destination, n: u64) {
        self.0.conventions.sent.add(n, &operation("send", topic));
    }

    /// `n` records for `topic` were not confirmed.
    pub fn record_not_sent(&self, topic: &Destination, error: SendError, n: u64) {
        let [system, name, destination] = operation("send", topic);
        let error = label("error.type", error.as_str());
        self.0.conventions.sent.add(n, &[system, name, destination, error]);
    }

    /// `n` records of `topic` were received.
    pub fn record_consumed(&self, topic: &Destination, n: u64) {
        self.0.conventions.consumed.add(n, &operation("poll", topic));
    }

    /// A batch of `n` records of `topic` took so long from its last poll to its committed positions.
    pub fn record_batch(&self, topic: &Destination, n: u64, took: Duration) {
        self.record_batch_size(n);
        let process_duration = &self.0.conventions.process_duration;
        process_duration.record(took.as_secs_f64(), &operation("process", topic));
    }
}

fn operation(name: &'static str, topic: &Destination) -> [KeyValue; 3] {
    [
        label("messaging.system", "kafka"),
        label("messaging.operation.name", name),
        label("messaging.destination.name", topic.value()),
    ]
}
