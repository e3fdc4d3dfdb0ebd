//! Commands of the producer whose readers have gone.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "tests"
)]

#[allow(dead_code, reason = "each program uses its part")]
#[path = "../../crates/telemetry/tests/closed/mod.rs"]
mod closed;

use std::process::Command;

use closed::{assert_full_is_an_error, assert_quiet};
use verdict_kafka::{Kafka, Options};

fn producer(args: &[&str]) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("producer"));
    command.args(args);
    command
}

#[test]
fn commands_end_quietly() {
    let kafka = Kafka::start(Options::default()).unwrap();
    let at = kafka.bootstrap();
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let good = file("good.jsonl", "{\"text\":\"Warm and witty.\",\"label\":1}\n");
    let bad = file("bad.jsonl", "{\"text\":\"Warm.\",\"label\":1}\nnonsense\n");
    let to = ["--bootstrap-servers", at.as_str()];
    let publish = |path: &str| {
        [&["publish", path, "--json", "--listen", "127.0.0.1:0"], &to[..]]
            .concat()
            .iter()
            .map(|arg| (*arg).to_owned())
            .collect::<Vec<_>>()
    };
    let ensure: Vec<String> =
        [&["topics", "ensure", "--json", "--replication-factor", "1"], &to[..]]
            .concat()
            .iter()
            .map(|arg| (*arg).to_owned())
            .collect();
    let table: [(Vec<String>, i32); 7] = [
        (vec!["--help".into()], 0),
        (vec!["publish".into(), "--help".into()], 0),
        (vec!["publish".into()], 2),
        (ensure.clone(), 0),
        (publish(&good), 0),
        (publish(&bad), 2),
        (publish("no-such-file"), 2),
    ];
    for (args, code) in &table {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        assert_quiet(&args.join(" "), *code, || producer(&args));
    }
    for args in [&ensure, &publish(&good)] {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        assert_full_is_an_error(&args.join(" "), producer(&args));
    }
}
