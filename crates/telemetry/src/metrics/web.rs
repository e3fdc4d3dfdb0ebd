//! What the frontend does: requests, replies and what it turns away.

use std::time::Duration;

use opentelemetry::metrics::{Counter, Gauge, Histogram, Meter, UpDownCounter};

use super::{Metrics, counter, gauge, seconds};
use crate::{
    catalogue,
    labels::{Method, Refused, ReplyReceived, Route, label},
};

#[derive(Debug)]
pub(super) struct Instruments {
    request_count: Counter<u64>,
    request_latency: Histogram<f64>,
    request_cost: Gauge<f64>,
    http_duration: Histogram<f64>,
    pub(super) replies: Counter<u64>,
    pending: UpDownCounter<i64>,
    pub(super) refused: Counter<u64>,
}

impl Instruments {
    pub(super) fn new(meter: &Meter) -> Self {
        Self {
            request_count: counter(meter, &catalogue::APP_REQUEST_COUNT),
            request_latency: seconds(meter, &catalogue::APP_REQUEST_LATENCY),
            request_cost: gauge(meter, &catalogue::APP_COST_PER_REQUEST),
            http_duration: seconds(meter, &catalogue::HTTP_SERVER_REQUEST_DURATION),
            replies: counter(meter, &catalogue::WEB_REPLIES),
            pending: meter
                .i64_up_down_counter(catalogue::WEB_PENDING.name)
                .with_description(catalogue::WEB_PENDING.help)
                .with_unit(catalogue::WEB_PENDING.unit)
                .build(),
            refused: counter(meter, &catalogue::WEB_REFUSED),
        }
    }
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
        let endpoint = label("endpoint", route.as_str());
        self.0.web.request_count.add(1, &[label("method", method.as_str()), endpoint.clone()]);
        self.0.web.request_latency.record(took.as_secs_f64(), std::slice::from_ref(&endpoint));
        self.0.web.request_cost.record(self.0.price.of(cpu), &[endpoint]);
        let mut labels = vec![
            label("http.request.method", method.as_str()),
            label("url.scheme", "http"),
            label("http.response.status_code", i64::from(status)),
        ];
        if route != Route::Unmatched {
            labels.push(label("http.route", route.as_str()));
        }
        self.0.web.http_duration.record(took.as_secs_f64(), &labels);
    }

    /// The frontend did this with a record of its reply partition.
    pub fn record_web_reply(&self, outcome: ReplyReceived) {
        self.0.web.replies.add(1, &[label("outcome", outcome.as_str())]);
    }

    /// One more request (`+1`) or one less (`-1`) waits for a verdict.
    pub fn add_web_pending(&self, change: i64) {
        self.0.web.pending.add(change, &[]);
    }

    /// The frontend turned a request or a connection away.
    pub fn record_web_refused(&self, reason: Refused) {
        self.0.web.refused.add(1, &[label("reason", reason.as_str())]);
    }
}
