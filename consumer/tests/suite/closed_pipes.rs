//! Commands of the consumer whose readers have gone.

#[allow(dead_code, reason = "each program uses its part")]
#[path = "../../crates/telemetry/tests/closed/mod.rs"]
mod closed;
use std::process::{Command, Stdio};

use closed::{assert_full_is_an_error, assert_quiet, await_page, free_address, nobody};
use crate::common::{artifact, kafka::kafka, kafka::publish};
use rustix::process::{Pid, Signal, kill_process};
use verdict_kafka_io::Outgoing;
use verdict_messages::topic;

fn consumer(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_consumer"));
    command.args(args);
    command
}

#[test]
fn commands_without_kafka_end_quietly() {
    let table: [(&[&str], i32); 9] = [
        (&["--help"], 0),
        (&["--version"], 0),
        (&["audit", "--help"], 0),
        (&["monitor", "--help"], 0),
        (&["--no-such-flag"], 2),
        (&["--model", "no-such-model"], 2),
        (&["audit", "--kafka", "nonsense"], 2),
        (&["monitor", "--kafka", "nonsense"], 2),
        (&["healthcheck", "--listen", "127.0.0.1:1"], 1),
    ];
    for (args, code) in table {
        assert_quiet(&args.join(" "), code, || consumer(args));
    }
}

#[test]
fn reports_end_quietly_and_a_consumer_runs_on_without_a_reader() {
    let Some((_kafka, settings)) = kafka(1) else {
        return;
    };
    let at = settings.bootstrap();
    let commands: [(&[&str], i32); 4] = [
        (&["audit", "--json", "--bootstrap-servers", at], 1),
        (&["audit", "--bootstrap-servers", at], 1),
        (&["monitor", "--once", "--json", "--bootstrap-servers", at], 0),
        (&["monitor", "--once", "--bootstrap-servers", at], 0),
    ];
    // A review without an outcome: what scripts look at is the exit code of the audit.
    publish(&settings, [Outgoing::to(topic::REVIEWS).value("A great film.")]);
    for (args, code) in commands {
        assert_quiet(&args.join(" "), code, || consumer(args));
        assert_full_is_an_error(&args.join(" "), consumer(args));
    }

    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("model.verdict");
    std::fs::write(&model, artifact()).unwrap();
    let address = free_address();
    let mut running = consumer(&["--bootstrap-servers", at, "--log-filter", "debug"])
        .arg("--model")
        .arg(model)
        .args(["--listen", &address.to_string()])
        .stdin(Stdio::null())
        .stdout(nobody())
        .stderr(nobody())
        .spawn()
        .unwrap();
    await_page(address, "/metrics", |page| {
        page.contains("verdict_endings_total{ending=\"verdict\"} 1\n")
    });
    kill_process(Pid::from_child(&running), Signal::TERM).unwrap();
    assert_eq!(running.wait().unwrap().code(), Some(0));
    let audited = consumer(commands[0].0).output().unwrap();
    assert_eq!(audited.status.code(), Some(0), "{audited:?}");
}
