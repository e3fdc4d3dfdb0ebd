//! The consumer as a process: kill -9, SIGTERM, exit codes, operator pages.

use std::{process::Command, time::Instant};

use verdict_messages::topic;
use verdict_telemetry::Service;
use verdict_testkit::{Signal, assert_healthcheck_follows_readyz, kafka};

use crate::common::{
    process::{CONSUMER, END_WITHIN, Running, report},
    read_until, review, sources,
};

const DEFAULT_MODEL: &str = concat!("--model=", env!("CARGO_MANIFEST_DIR"), "/../models/default");

const FLAGS: [&str; 2] = ["--max-batch-records=50", "--kafka=session.timeout.ms=6000"];

#[test]
fn killed_at_any_moment_it_loses_nothing_and_asked_to_stop_it_ends_in_order() {
    let Some((_broker, kafka)) = kafka::own_with_topics(3) else { return };
    kafka::publish(&kafka, (0..2000).map(review));
    let (code, before) = report(&kafka, &["audit", "--json"]);
    assert_eq!((code, &before["missing"], &before["ok"]), (Some(1), &2000.into(), &false.into()));
    assert_eq!(before["first"]["missing"].as_array().unwrap().len(), 5);

    for round in 1..=3 {
        let running = Running::consumer(&kafka, &FLAGS);
        read_until(&kafka, &[topic::VERDICTS], |records| sources(records).len() >= round * 300);
        // Dropping it is kill -9, in the middle of its work.
        drop(running);
    }
    let mut running = Running::consumer(&kafka, &FLAGS);
    read_until(&kafka, &[topic::VERDICTS], |records| sources(records).len() >= 2000);
    assert_eq!(running.get("/healthz").status, 200);
    // Its killed predecessors may have done all the work; then the group lets it in when their
    // session times out.
    running.await_ready();
    assert!(running.get("/metrics").text.contains("verdict_model_info{"));

    running.end(Signal::TERM);
    running.process.err.next_with("consumer stopped");

    let (code, after) = report(&kafka, &["audit", "--json"]);
    assert_eq!((code, &after["reviews"], &after["ok"]), (Some(0), &2000.into(), &true.into()));
}

#[test]
fn asked_to_stop_while_its_broker_is_away_it_ends_within_ten_seconds() {
    let Some((mut broker, kafka)) = kafka::own_with_topics(1) else { return };
    kafka::publish(&kafka, (0..500).map(review));
    let mut running = Running::consumer(&kafka, &FLAGS);
    read_until(&kafka, &[topic::VERDICTS], |records| !records.is_empty());
    // Frozen, not closed: connections stay and nothing answers, which is what takes clients
    // longest.
    broker.pause().unwrap();
    let asked = Instant::now();
    running.process.end(Signal::INT);
    assert!(asked.elapsed() < END_WITHIN, "{:?}", asked.elapsed());
    broker.kill9().unwrap();
}

/// What the user can put right exits with 2, and standard error says what it is.
#[track_caller]
fn assert_refused(command: &mut Command, says: &str) {
    let output = command.output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{command:?}: {stderr}");
    assert!(stderr.contains(says), "{command:?}: {stderr}");
}

#[test]
fn what_the_user_can_put_right_exits_with_2() {
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
        assert_refused(Command::new(CONSUMER).args(flags), says);
    }
}

#[test]
fn a_variable_of_opentelemetry_that_cannot_be_used_exits_with_2() {
    let protocol = "OTEL_EXPORTER_OTLP_PROTOCOL must be http/protobuf, got \"grpc\"";
    for (name, value, says) in [
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", protocol),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318", "must be a URL"),
        ("OTEL_TRACES_SAMPLER", "sometimes", "OTEL_TRACES_SAMPLER must be one of"),
    ] {
        let mut command = Command::new(CONSUMER);
        command.args(["--listen=127.0.0.1:0", DEFAULT_MODEL]);
        command.env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9").env(name, value);
        assert_refused(&mut command, says);
    }
}

#[test]
fn a_health_check_says_what_readyz_says() {
    assert_healthcheck_follows_readyz(CONSUMER, Service::Consumer);
}
