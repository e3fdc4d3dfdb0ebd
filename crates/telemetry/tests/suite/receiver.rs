//! A collector: an HTTP server on loopback that reads OTLP in protobuf with the types of the protocol.
#![allow(dead_code, reason = "each test uses its part")]

use std::{
    collections::BTreeSet,
    convert::Infallible,
    net::SocketAddr,
    sync::{Arc, Condvar, Mutex},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use opentelemetry_proto::tonic::{
    collector::{
        metrics::v1::{ExportMetricsServiceRequest, ExportMetricsServiceResponse},
        trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse},
    },
    common::v1::{KeyValue, any_value::Value},
    metrics::v1::{Metric, metric::Data},
    trace::v1::Span,
};
use prost::Message as _;
use tokio::{net::TcpListener, sync::oneshot};

/// Far longer than anything takes: only a hang reaches it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

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

/// A running collector; ends when it is dropped.
pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    got: Arc<(Mutex<Got>, Condvar)>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Receiver {
    pub(crate) fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let got = Arc::new((Mutex::default(), Condvar::new()));
        let (stop, stopped) = oneshot::channel::<()>();
        let shared = Arc::clone(&got);
        let thread = std::thread::spawn(move || {
            let accept_all = async move {
                loop {
                    let (stream, _peer) = listener.accept().await.unwrap();
                    let shared = Arc::clone(&shared);
                    let service = service_fn(move |request| {
                        let shared = Arc::clone(&shared);
                        async move { Ok::<_, Infallible>(export(request, &shared).await) }
                    });
                    let connection =
                        http1::Builder::new().serve_connection(TokioIo::new(stream), service);
                    tokio::spawn(async { drop(connection.await) });
                }
            };
            runtime.block_on(async {
                tokio::select! { () = accept_all => {}, _ = stopped => {} }
            });
        });
        Self { address, got, stop: Some(stop), thread: Some(thread) }
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
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

impl Drop for Receiver {
    fn drop(&mut self) {
        drop(self.stop.take());
        drop(self.thread.take().map(JoinHandle::join));
    }
}

async fn export(
    request: Request<Incoming>,
    shared: &(Mutex<Got>, Condvar),
) -> Response<Full<Bytes>> {
    let header = |name| {
        let value = request.headers().get(name);
        value.map(|value| value.to_str().unwrap().to_owned())
    };
    assert_eq!(header("content-type").as_deref(), Some("application/x-protobuf"));
    let (path, mark) = (request.uri().path().to_owned(), header("x-test"));
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let mut got = shared.0.lock().unwrap();
    got.marks.extend(mark);
    let answer = match path.as_str() {
        "/v1/traces" => {
            let request = ExportTraceServiceRequest::decode(body).unwrap();
            for all in request.resource_spans {
                let resource = all.resource.unwrap().attributes;
                for span in all.scope_spans.into_iter().flat_map(|scope| scope.spans) {
                    got.spans.push(GotSpan { resource: resource.clone(), span });
                }
            }
            ExportTraceServiceResponse::default().encode_to_vec()
        }
        "/v1/metrics" => {
            let request = ExportMetricsServiceRequest::decode(body).unwrap();
            for all in request.resource_metrics {
                let resource = all.resource.unwrap().attributes;
                for metric in all.scope_metrics.into_iter().flat_map(|s| s.metrics) {
                    got.metrics.push(GotMetric { resource: resource.clone(), metric });
                }
            }
            ExportMetricsServiceResponse::default().encode_to_vec()
        }
        other => panic!("an export to {other}"),
    };
    shared.1.notify_all();
    Response::new(Full::new(Bytes::from(answer)))
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
