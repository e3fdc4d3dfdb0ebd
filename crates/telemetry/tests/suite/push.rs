//! What is pushed, as a collector reads it; and what a service is spared when there is no collector.

use std::{
    net::TcpListener,
    time::{Duration, Instant},
};

use opentelemetry_proto::tonic::trace::v1::{span::SpanKind, status::StatusCode};
use verdict_telemetry::{
    CpuPrice, Service, Telemetry, TraceContext,
    labels::{Destination, Ending, Method, Route},
    push::PushSettings,
    trace::{Message, Request},
};

use super::receiver::{Receiver, attribute};

fn pushing_to(endpoint: &str) -> Telemetry {
    let settings = PushSettings::read(|name| match name {
        "OTEL_EXPORTER_OTLP_ENDPOINT" => Some(endpoint.to_owned()),
        "OTEL_EXPORTER_OTLP_TIMEOUT" => Some("1500".to_owned()),
        _ => None,
    })
    .expect("good settings");
    Telemetry::start_with(Service::Consumer, CpuPrice::default(), &settings).expect("starts")
}

const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

#[test]
fn metrics_and_spans_arrive_with_their_resource() {
    let collector = Receiver::start();
    let telemetry = pushing_to(&collector.endpoint());
    telemetry.metrics().record_ended(Ending::Verdict, 7);
    let parent = TraceContext::parse(Some(PARENT), Some("vendor=1")).unwrap();
    let reviews = Destination::topic("reviews");
    let request = Request { method: Method::Post, route: Route::Predict, path: "/predict" };
    let serve = telemetry.tracer().serve(request, Some(&parent));
    let message = Message {
        key: Some("r1"),
        partition: Some(3),
        offset: Some(41),
        group: Some("verdict"),
        conversation: Some("c1"),
        ..Message::of(&reviews)
    };
    let process = telemetry.tracer().process(message, &serve.context().unwrap());
    let next = process.context().unwrap();
    assert_eq!(next.tracestate().as_deref(), Some("vendor=1"));
    assert_eq!(next.trace_id(), parent.trace_id());
    process.fail("decode");
    serve.answered(503);
    drop((process, serve));
    // What is pushed is what is read.
    let text = telemetry.metrics().exposition().unwrap();
    assert!(text.contains("verdict_endings_total{ending=\"verdict\"} 7"));
    telemetry.finish();

    let (spans, metrics) = collector.now(|got| (got.spans.clone(), got.metrics.clone()));
    assert_eq!(spans.len(), 2, "{spans:?}");
    let find = |name: &str| spans.iter().find(|got| got.span.name == name).unwrap();
    let (serve, process) = (find("POST /predict"), find("process reviews"));
    assert_eq!(serve.parent(), parent.span_id());
    assert_eq!(process.parent(), serve.id());
    assert_eq!(serve.span.kind, SpanKind::Server as i32);
    assert_eq!(process.span.kind, SpanKind::Consumer as i32);
    for (span, name, value) in [
        (serve, "http.request.method", "POST"),
        (serve, "http.route", "/predict"),
        (serve, "url.scheme", "http"),
        (serve, "url.path", "/predict"),
        (serve, "http.response.status_code", "503"),
        (serve, "error.type", "503"),
        (process, "messaging.system", "kafka"),
        (process, "messaging.operation.name", "process"),
        (process, "messaging.operation.type", "process"),
        (process, "messaging.destination.name", "reviews"),
        (process, "messaging.destination.partition.id", "3"),
        (process, "messaging.kafka.offset", "41"),
        (process, "messaging.kafka.message.key", "r1"),
        (process, "messaging.consumer.group.name", "verdict"),
        (process, "messaging.message.conversation_id", "c1"),
        (process, "error.type", "decode"),
    ] {
        assert_eq!(span.attribute(name), value, "{name}");
    }
    for span in [serve, process] {
        assert_eq!(span.span.status.clone().unwrap().code, StatusCode::Error as i32);
    }
    let endings = metrics
        .iter()
        .find(|got| got.metric.name == "verdict.endings")
        .expect("the counter was pushed");
    for resource in [&serve.resource, &endings.resource] {
        assert_eq!(attribute(resource, "service.name"), "verdict-consumer");
        assert_eq!(attribute(resource, "service.version"), "0.1.0");
        assert_eq!(attribute(resource, "service.instance.id").len(), 32);
    }
}

#[test]
fn nothing_is_traced_where_nothing_is_pushed() {
    let nowhere = PushSettings::read(|_| None).unwrap();
    let telemetry =
        Telemetry::start_with(Service::Web, CpuPrice::default(), &nowhere).expect("starts");
    assert!(!telemetry.tracer().is_on());
    let parent = TraceContext::parse(Some(PARENT), None).unwrap();
    let reviews = Destination::topic("reviews");
    let span = telemetry.tracer().process(Message::of(&reviews), &parent);
    assert_eq!(span.context(), None);
    let _current = span.enter();
    assert_eq!(TraceContext::current(), None);
}

#[test]
fn a_trace_that_is_not_sampled_gets_no_span_and_goes_on_unsampled() {
    let collector = Receiver::start();
    let telemetry = pushing_to(&collector.endpoint());
    let unsampled = PARENT.replace("-01", "-00");
    let parent = TraceContext::parse(Some(&unsampled), None).unwrap();
    let reviews = Destination::topic("reviews");
    let span = telemetry.tracer().send(Message::of(&reviews), Some(&parent));
    let next = span.context().expect("a context for the next hop");
    assert!(!next.is_sampled());
    assert_eq!(next.trace_id(), parent.trace_id());
    drop(span);
    telemetry.finish();
    assert_eq!(collector.now(|got| got.spans.len()), 0);
}

/// A thousand spans, the exposition, and the end, with a collector that takes nothing.
fn goes_on_without(endpoint: &str) {
    let telemetry = pushing_to(endpoint);
    let reviews = Destination::topic("reviews");
    let started = Instant::now();
    for _ in 0..10_000 {
        drop(telemetry.tracer().send(Message::of(&reviews), None));
    }
    telemetry.metrics().record_ended(Ending::Verdict, 1);
    assert!(telemetry.metrics().exposition().unwrap().contains("verdict_endings_total"));
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    let ending = Instant::now();
    telemetry.finish();
    drop(telemetry);
    assert!(ending.elapsed() < Duration::from_millis(2500), "{:?}", ending.elapsed());
}

#[test]
fn a_collector_that_is_away_costs_a_service_nothing() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = nobody.local_addr().unwrap();
    drop(nobody);
    goes_on_without(&format!("http://{address}"));
}

#[test]
fn a_collector_that_never_answers_costs_a_service_nothing() {
    // It accepts connections, by the kernel's backlog, and reads nothing.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    goes_on_without(&format!("http://{}", silent.local_addr().unwrap()));
}

#[test]
fn a_future_runs_in_its_span_and_leaves_it_when_it_waits() {
    let collector = Receiver::start();
    let telemetry = pushing_to(&collector.endpoint());
    let reviews = Destination::topic("reviews");
    let span = telemetry.tracer().send(Message::of(&reviews), None);
    let id = span.context().unwrap().span_id();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let seen = runtime.block_on(async {
        let inside = span.around(async {
            tokio::task::yield_now().await;
            TraceContext::current().map(|current| current.span_id())
        });
        let outside = async { TraceContext::current().map(|current| current.span_id()) };
        tokio::join!(inside, outside)
    });
    assert_eq!(seen, (Some(id), None));
}
