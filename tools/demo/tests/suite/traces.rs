//! One trace of one request, from the form through Kafka to its verdict; and none where nobody
//! asked for one.

use std::collections::BTreeSet;
use std::path::Path;

use opentelemetry_proto::tonic::trace::v1::{span::SpanKind, status::StatusCode};
use serde_json::Value;
use verdict_kafka_io::{Outgoing, Record};
use verdict_messages::topic::{DEAD_LETTERS, REVIEWS, VERDICTS};
use verdict_messages::{Headers, headers};
use verdict_testkit::{eventually, kafka};

use crate::demo::{Demo, State, TEXT, command};
use crate::receiver::{GotSpan, Receiver, attribute};

const TRACED: &str = "0af7651916cd43dd8448eb211c80319c";
const UNSAMPLED: &str = "1af7651916cd43dd8448eb211c80319c";
const BAD: &str = "2af7651916cd43dd8448eb211c80319c";
const BARRIER: &str = "3af7651916cd43dd8448eb211c80319c";
const CALLER: &str = "b7ad6b7169203331";

fn traceparent(trace: &str, flags: &str) -> String {
    format!("00-{trace}-{CALLER}-{flags}")
}

fn start(state: &Path, collector: &Receiver, more: &[(&str, &str)]) -> Demo {
    let mut command = command(state);
    command
        .arg("--no-prometheus")
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint())
        .env("OTEL_EXPORTER_OTLP_HEADERS", "x-test=token")
        .env("OTEL_BSP_SCHEDULE_DELAY", "100")
        .env("VERDICT_LOG_FORMAT", "json")
        .env("RUST_LOG", "info,verdict_web=debug,verdict_consumer=debug")
        .env("OTEL_METRIC_EXPORT_INTERVAL", "300")
        .env("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test")
        .envs(more.iter().copied());
    Demo::start_as(&mut command, state)
}

fn ask(demo: &Demo, traceparent: Option<&str>) -> String {
    let headers = traceparent.map(|traceparent| ("traceparent", traceparent));
    demo.form(&headers.into_iter().chain([TEXT]).collect::<Vec<_>>(), "A superb film")
}

/// The five spans of `trace`, in the order of their descent.
fn five(collector: &Receiver, trace: &str) -> Vec<GotSpan> {
    let mut spans = collector.until(&format!("five spans of {trace}"), |got| {
        let of_trace = got.spans.iter().filter(|span| span.trace() == trace);
        let spans: Vec<GotSpan> = of_trace.cloned().collect();
        (spans.len() >= 5).then_some(spans)
    });
    assert_eq!(spans.len(), 5, "{spans:#?}");
    let ids: BTreeSet<String> = spans.iter().map(GotSpan::id).collect();
    let root = spans.iter().position(|span| !ids.contains(&span.parent())).unwrap();
    let mut chain = vec![spans.remove(root)];
    while let Some(next) =
        spans.iter().position(|span| span.parent() == chain[chain.len() - 1].id())
    {
        chain.push(spans.remove(next));
    }
    assert!(spans.is_empty(), "not in the chain: {spans:#?}");
    chain
}

const CHAIN: [(&str, &str, SpanKind); 5] = [
    ("POST /predict", "verdict-web", SpanKind::Server),
    ("send reviews", "verdict-web", SpanKind::Producer),
    ("process reviews", "verdict-consumer", SpanKind::Consumer),
    ("send reviews.replies", "verdict-consumer", SpanKind::Producer),
    ("process reviews.replies", "verdict-web", SpanKind::Consumer),
];

fn assert_chain(spans: &[GotSpan]) {
    let seen: Vec<(&str, String, i32)> =
        spans.iter().map(|got| (got.span.name.as_str(), got.service(), got.span.kind)).collect();
    let expected = CHAIN.map(|(name, service, kind)| (name, service.to_owned(), kind as i32));
    assert_eq!(seen, expected);
    let conversations: BTreeSet<String> =
        spans[1..].iter().map(|span| span.attribute("messaging.message.conversation_id")).collect();
    assert_eq!(conversations.len(), 1, "{conversations:?}");
    assert_eq!(conversations.first().unwrap().len(), 32);
    let keys: BTreeSet<String> =
        spans[1..].iter().map(|span| span.attribute("messaging.kafka.message.key")).collect();
    assert!(keys.len() == 1 && !keys.contains(""), "{keys:?}");
    for span in spans {
        assert_eq!(attribute(&span.resource, "deployment.environment.name"), "test");
        assert!(span.span.start_time_unix_nano <= span.span.end_time_unix_nano);
    }
}

#[test]
fn one_request_is_one_trace_through_a_real_kafka() {
    let Some(state) = State::new() else { return };
    let collector = Receiver::start();
    let demo = start(state.path(), &collector, &[]);

    // A client that traces: its span is the parent of all.
    assert!(ask(&demo, Some(&traceparent(TRACED, "01"))).starts_with("positive"));
    let traced = five(&collector, TRACED);
    assert_chain(&traced);
    assert_eq!(traced[0].parent(), CALLER);
    the_log_names_the_trace(&demo, &traced[0]);
    the_verdict_carries_the_context_of_its_span(&demo, &traced[2]);

    // A client that does not: a trace of its own.
    ask(&demo, None);
    let root = collector.until("a trace that begins here", |got| {
        let mut roots = got.spans.iter().filter(|got| got.parent().is_empty());
        roots.next().map(GotSpan::trace)
    });
    assert_chain(&five(&collector, &root));

    // A trace that its client does not sample, bulk work without a context, and a traced record
    // that cannot be read.
    ask(&demo, Some(&traceparent(UNSAMPLED, "00")));
    let bulk = Outgoing::to(REVIEWS).value(r#"{"id": "bulk", "text": "A dull film"}"#);
    let mut traced = Headers::new();
    traced.push(headers::TRACEPARENT, traceparent(BAD, "01"));
    let unreadable = Outgoing::to(REVIEWS).key("bad").value(vec![0xff, 0xfe]).headers(traced);
    demo.publish([bulk, unreadable]);
    let bad = collector.until("the span of the dead letter", |got| {
        got.spans.iter().find(|got| got.trace() == BAD).cloned()
    });
    assert_eq!(bad.span.name, "process reviews");
    assert_eq!(bad.attribute("error.type"), "decode");
    assert_eq!(bad.span.status.clone().unwrap().code, StatusCode::Error as i32);
    let dead_letter = record(&demo, DEAD_LETTERS, "bad");
    assert_eq!(parent_of(&dead_letter), (BAD.to_owned(), bad.id()));
    let bulk = record(&demo, VERDICTS, "bulk");
    assert!(!bulk.headers.contains(headers::TRACEPARENT));

    // What was sent before it and is not there now never comes.
    let answer = ureq::post(format!("{}/predict", demo.web))
        .header("traceparent", traceparent(BARRIER, "01"))
        .send_form([("text", "A superb film")])
        .unwrap();
    let span = five(&collector, BARRIER)[0].id();
    assert_eq!(answer.headers()["traceresponse"], format!("00-{BARRIER}-{span}-01"));
    let known = [TRACED, BAD, BARRIER, &root].map(str::to_owned);
    let traces: BTreeSet<String> =
        collector.now(|got| got.spans.iter().map(GotSpan::trace).collect());
    assert_eq!(traces, BTreeSet::from(known));

    every_stage_is_measured(&collector);
    assert_eq!(demo.interrupt(), Some(0));
}

fn the_log_names_the_trace(demo: &Demo, serve: &GotSpan) {
    let line = eventually("the log line of the request", || {
        let log = demo.log("web");
        let wanted = |line: &&str| line.contains("request answered") && line.contains(TRACED);
        log.lines().find(wanted).map(str::to_owned)
    });
    let line: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(line["trace_id"], TRACED);
    assert_eq!(line["span_id"], serve.id());
    eventually("the consumer's line about the review", || {
        let log = demo.log("consumer");
        let wanted = |line: &str| line.contains("review was scored") && line.contains(TRACED);
        log.lines().any(wanted).then_some(())
    });
}

fn the_verdict_carries_the_context_of_its_span(demo: &Demo, process: &GotSpan) {
    let key = process.attribute("messaging.kafka.message.key");
    let verdict = record(demo, VERDICTS, &key);
    assert_eq!(parent_of(&verdict), (TRACED.to_owned(), process.id()));
    assert_eq!(process.attribute("messaging.consumer.group.name"), "verdict");
    assert!(!process.attribute("messaging.kafka.offset").is_empty());
    assert!(!process.attribute("messaging.destination.partition.id").is_empty());
}

/// Trace and span of the one `traceparent` that a record has.
fn parent_of(record: &Record) -> (String, String) {
    let mut all = record.headers.iter().filter(|(name, _)| *name == headers::TRACEPARENT);
    let (_, value) = all.next().unwrap();
    assert!(all.next().is_none(), "{:?}", record.headers);
    let text = std::str::from_utf8(value.unwrap()).unwrap();
    let parts: Vec<&str> = text.split('-').collect();
    (parts[1].to_owned(), parts[2].to_owned())
}

fn record(demo: &Demo, topic: &str, key: &str) -> Record {
    eventually(topic, || {
        let mut records = kafka::read(&demo.kafka(), topic).into_iter();
        records.find(|record| record.key.as_deref() == Some(key.as_bytes()))
    })
}

fn every_stage_is_measured(collector: &Receiver) {
    for (service, stages) in [
        ("verdict-consumer", &["deliver", "queue", "score"][..]),
        ("verdict-web", &["answer", "publish"]),
    ] {
        let stages: BTreeSet<String> = stages.iter().map(|stage| (*stage).to_owned()).collect();
        collector.until(&format!("stages and process metrics of {service}"), |got| {
            let of_it = got.metrics.iter();
            let of_it = of_it.filter(|got| attribute(&got.resource, "service.name") == service);
            let (mut names, mut is_measured) = (BTreeSet::new(), false);
            for got in of_it {
                names.insert(got.metric.name.as_str());
                is_measured |=
                    got.metric.name == "verdict.stage.duration" && got.labels("stage") == stages;
            }
            let process = ["process.cpu.time", "process.memory.usage", "verdict.ready"];
            (is_measured && process.iter().all(|name| names.contains(name))).then_some(())
        });
    }
    assert_eq!(collector.now(|got| got.marks.clone()), BTreeSet::from(["token".to_owned()]));
}

#[test]
fn a_sampler_that_is_off_makes_no_span_and_metrics_are_pushed_all_the_same() {
    let Some(state) = State::new() else { return };
    let collector = Receiver::start();
    let off = [("OTEL_TRACES_SAMPLER", "always_off")];
    let demo = start(state.path(), &collector, &off);
    ask(&demo, None);
    assert!(ask(&demo, Some(&traceparent(TRACED, "01"))).starts_with("positive"));
    collector.until("the endings", |got| {
        let mut names = got.metrics.iter().map(|got| got.metric.name.as_str());
        names.any(|name| name == "verdict.endings").then_some(())
    });
    // The end sends what there is.
    assert_eq!(demo.interrupt(), Some(0));
    assert_eq!(collector.now(|got| got.spans.len()), 0);
}
