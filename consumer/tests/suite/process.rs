//! The consumer as a process: kill -9, SIGTERM, exit codes, operator pages.

use std::{path::Path, process::Command, time::Instant};

use verdict_kafka_io::{KafkaSettings, Outgoing};
use verdict_messages::topic;
use verdict_telemetry::Service;
use verdict_testkit::{Signal, assert_healthcheck_follows_readyz, kafka};

use crate::common::{
    artifact,
    process::{CONSUMER, END_WITHIN, Running},
    read_until, sources,
};

const DEFAULT_MODEL: &str = concat!("--model=", env!("CARGO_MANIFEST_DIR"), "/../models/default");

fn consumer(kafka: &KafkaSettings, model: &Path) -> Running {
    let flags = ["--max-batch-records=50", "--kafka=session.timeout.ms=6000"];
    let model = format!("--model={}", model.display());
    Running::start(kafka, &[&flags[..], &[&model]].concat())
}

fn audit(kafka: &KafkaSettings, flags: &[&str]) -> (Option<i32>, serde_json::Value) {
    let output = Command::new(CONSUMER)
        .args(["audit", "--json", "--bootstrap-servers", kafka.bootstrap()])
        .args(flags)
        .output()
        .unwrap();
    let report = serde_json::from_slice(&output.stdout);
    (output.status.code(), report.unwrap_or_else(|error| panic!("{error}: {output:?}")))
}

fn reviews(n: usize) -> impl Iterator<Item = Outgoing> {
    (0..n).map(|n| Outgoing::to(topic::REVIEWS).key(format!("r{n}")).value("A great film."))
}

#[test]
fn killed_at_any_moment_it_loses_nothing_and_asked_to_stop_it_ends_in_order() {
    let Some((_broker, kafka)) = kafka::own_with_topics(3) else { return };
    let directory = tempfile::tempdir().unwrap();
    verdict_registry::save(directory.path(), &artifact()).unwrap();
    kafka::publish(&kafka, reviews(2000));
    let (code, report) = audit(&kafka, &[]);
    assert_eq!(
        (code, &report["missing"], &report["ok"]),
        (Some(1), &2000.into(), &false.into()),
        "{report}"
    );
    assert_eq!(report["first"]["missing"].as_array().unwrap().len(), 5);

    for round in 1..=3 {
        let running = consumer(&kafka, directory.path());
        read_until(&kafka, &[topic::VERDICTS], |records| sources(records).len() >= round * 300);
        // Dropping it is kill -9, in the middle of its work.
        drop(running);
    }
    let mut running = consumer(&kafka, directory.path());
    read_until(&kafka, &[topic::VERDICTS], |records| sources(records).len() >= 2000);
    assert_eq!(running.get("/healthz").status, 200);
    // Its killed predecessors may have done all the work; then the group lets it in when their
    // session times out.
    running.await_ready();
    assert!(running.get("/metrics").text.contains("verdict_model_info{"));

    let asked = Instant::now();
    assert!(running.process.end(Signal::TERM).success());
    assert!(asked.elapsed() < END_WITHIN, "{:?}", asked.elapsed());
    running.process.err.next_with("consumer stopped");

    let (code, report) = audit(&kafka, &["--allow-duplicates"]);
    assert_eq!(
        (code, &report["ok"], &report["reviews"]),
        (Some(0), &true.into(), &2000.into()),
        "{report}"
    );
}

#[test]
fn asked_to_stop_while_its_broker_is_away_it_ends_within_ten_seconds() {
    let Some((mut broker, kafka)) = kafka::own_with_topics(1) else { return };
    let directory = tempfile::tempdir().unwrap();
    verdict_registry::save(directory.path(), &artifact()).unwrap();
    kafka::publish(&kafka, reviews(500));
    let mut running = consumer(&kafka, directory.path());
    read_until(&kafka, &[topic::VERDICTS], |records| !records.is_empty());
    // Frozen, not closed: connections stay and nothing answers, which is what takes clients
    // longest.
    broker.pause().unwrap();
    let asked = Instant::now();
    running.process.end(Signal::INT);
    assert!(asked.elapsed() < END_WITHIN, "{:?}", asked.elapsed());
    broker.kill9().unwrap();
}

#[test]
fn what_the_user_can_put_right_exits_with_2() {
    let run = |flags: &[&str]| {
        let output = Command::new(CONSUMER).args(flags).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    for (flags, says) in [
        (&["--no-such-flag"][..], "--no-such-flag"),
        (&["--max-batch-records=0"], "--max-batch-records must be 1 to 40000, got 0"),
        (&["--kafka=no.such.property=1"], "no.such.property"),
        (&["--model=/no/such/model"], "/no/such/model"),
        (&["--drift-window=7"], "--drift-window must be 0 or 100 to"),
        (&[DEFAULT_MODEL, "--shadow=/no/such/shadow"], "--shadow: loading model /no/such/shadow"),
        (&[DEFAULT_MODEL, "--shadow=dir:/no/such/registry/x@y"], "--shadow: "),
        (&["audit", "--verdicts-topic=reviews"], "--verdicts-topic"),
        (&["--breaker-pause-s=0"], "--breaker-pause-s must be 1 to"),
        (&["monitor", "--remember=0"], "--remember must be 1 to"),
        (&["monitor", "--json"], "--once"),
    ] {
        let (code, stderr) = run(flags);
        assert_eq!(code, Some(2), "{flags:?}: {stderr}");
        assert!(stderr.contains(says), "{flags:?}: {stderr}");
    }
}

#[test]
fn a_variable_of_opentelemetry_that_cannot_be_used_exits_with_2() {
    let model = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(model.path(), artifact()).unwrap();
    for (name, value, says) in [
        (
            "OTEL_EXPORTER_OTLP_PROTOCOL",
            "grpc",
            "OTEL_EXPORTER_OTLP_PROTOCOL must be http/protobuf, got \"grpc\"",
        ),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318", "must be a URL"),
        ("OTEL_TRACES_SAMPLER", "sometimes", "OTEL_TRACES_SAMPLER must be one of"),
    ] {
        let output = Command::new(CONSUMER)
            .args(["--listen=127.0.0.1:0", "--model"])
            .arg(model.path())
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
            .env(name, value)
            .output()
            .unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{name}: {stderr}");
        assert!(stderr.contains(says), "{name}: {stderr}");
    }
}

#[test]
fn a_health_check_says_what_readyz_says() {
    assert_healthcheck_follows_readyz(CONSUMER, Service::Consumer);
}
