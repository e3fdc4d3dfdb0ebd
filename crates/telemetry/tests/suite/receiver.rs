//! A collector: an HTTP server on loopback that reads OTLP in protobuf with the types of the protocol.
#![allow(dead_code, reason = "each test uses its part")]

use std::collections::BTreeSet;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Instant;

use opentelemetry_proto::tonic::{
    collector::{metrics::v1::ExportMetricsServiceRequest, trace::v1::ExportTraceServiceRequest},
    common::v1::{KeyValue, any_value::Value},
    metrics::v1::{Metric, metric::Data},
    trace::v1::Span,
};
use prost::Message as _;
use verdict_testkit::{PATIENCE, Proxy, Request, http_answer};

/// A span, and the resource that made it.
#[derive(Debug, Clone)]
pub(crate) struct GotSpan {
    pub(crate) resource: Vec<KeyValue>,
    pub(crate) span: Span,
}

/// A metric, and the resource that it is of.
#[derive(Debug, Clone)]
pub(crate) struct GotMetric {
    pub(crate) resource: Vec<KeyValue>,
    pub(crate) metric: Metric,
}

#[derive(Debug, Default)]
pub(crate) struct Got {
    pub(crate) spans: Vec<GotSpan>,
    pub(crate) metrics: Vec<GotMetric>,
    /// The headers `x-test` of all requests.
    pub(crate) marks: BTreeSet<String>,
}

/// A running collector.
pub(crate) struct Receiver {
    server: Proxy,
    got: Arc<(Mutex<Got>, Condvar)>,
}

impl Receiver {
    pub(crate) fn start() -> Self {
        let got = Arc::new((Mutex::default(), Condvar::new()));
        let shared = Arc::clone(&got);
        let server = Proxy::server(move |request| {
            keep(request, &mut shared.0.lock().unwrap());
            shared.1.notify_all();
            // The answer of either kind is empty where everything was taken.
            http_answer(200, "content-type: application/x-protobuf\r\n", b"")
        });
        Self { server, got }
    }

    pub(crate) fn endpoint(&self) -> String {
        self.server.url()
    }

    /// What `look` finds in what has come, as soon as it finds something.
    pub(crate) fn until<T>(&self, what: &str, mut look: impl FnMut(&Got) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        let (got, news) = &*self.got;
        let mut got = got.lock().unwrap();
        loop {
            if let Some(found) = look(&got) {
                return found;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "{what}: not within {PATIENCE:?}: {got:#?}");
            got = news.wait_timeout(got, left).unwrap().0;
        }
    }

    /// What has come so far.
    pub(crate) fn now<T>(&self, look: impl FnOnce(&Got) -> T) -> T {
        look(&self.got.0.lock().unwrap())
    }
}

fn keep(request: &Request, got: &mut Got) {
    assert_eq!(request.header("content-type"), Some("application/x-protobuf"));
    got.marks.extend(request.header("x-test").map(str::to_owned));
    match &*request.path {
        "/v1/traces" => {
            let request = ExportTraceServiceRequest::decode(&*request.body).unwrap();
            for all in request.resource_spans {
                let resource = all.resource.unwrap().attributes;
                for span in all.scope_spans.into_iter().flat_map(|scope| scope.spans) {
                    got.spans.push(GotSpan { resource: resource.clone(), span });
                }
            }
        }
        "/v1/metrics" => {
            let request = ExportMetricsServiceRequest::decode(&*request.body).unwrap();
            for all in request.resource_metrics {
                let resource = all.resource.unwrap().attributes;
                for metric in all.scope_metrics.into_iter().flat_map(|s| s.metrics) {
                    got.metrics.push(GotMetric { resource: resource.clone(), metric });
                }
            }
        }
        other => panic!("an export to {other}"),
    }
}

/// The value of an attribute as text; empty when it is not there.
pub(crate) fn attribute(attributes: &[KeyValue], name: &str) -> String {
    let found = attributes.iter().find(|attribute| attribute.key == name);
    let value = found.and_then(|attribute| attribute.value.clone()?.value);
    match value {
        None => String::new(),
        Some(Value::StringValue(text)) => text,
        Some(Value::IntValue(number)) => number.to_string(),
        Some(other) => format!("{other:?}"),
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl GotSpan {
    pub(crate) fn attribute(&self, name: &str) -> String {
        attribute(&self.span.attributes, name)
    }

    pub(crate) fn service(&self) -> String {
        attribute(&self.resource, "service.name")
    }

    pub(crate) fn trace(&self) -> String {
        hex(&self.span.trace_id)
    }

    pub(crate) fn id(&self) -> String {
        hex(&self.span.span_id)
    }

    pub(crate) fn parent(&self) -> String {
        hex(&self.span.parent_span_id)
    }
}

impl GotMetric {
    /// The values of the label `name` over all series of a histogram.
    pub(crate) fn labels(&self, name: &str) -> BTreeSet<String> {
        match &self.metric.data {
            Some(Data::Histogram(histogram)) => histogram
                .data_points
                .iter()
                .map(|point| attribute(&point.attributes, name))
                .collect(),
            _ => BTreeSet::new(),
        }
    }
}
