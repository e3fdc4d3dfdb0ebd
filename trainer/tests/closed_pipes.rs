//! Commands of the trainer whose readers have gone.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "tests"
)]
#![allow(dead_code, unreachable_pub, reason = "shares `common` with the other tests")]

#[path = "../../crates/telemetry/tests/closed/mod.rs"]
mod closed;
mod common;

use std::process::Command;

use closed::{assert_full_is_an_error, assert_quiet};
use common::process::Place;

#[test]
fn commands_end_quietly() {
    let place = Place::trained();
    place.write("bad.csv", "review,sentiment\nfine,maybe\n");
    place.write("uncalibrated.yaml", "calibration: { method: none }\n");
    // Warns: texts that are labelled both ways, and a solver that may take no step.
    let mut both = std::fs::read_to_string(place.path("reviews.csv")).unwrap();
    for label in ["positive", "negative"] {
        both.push_str(&format!("both-{label},Said both ways.,{label}\n"));
    }
    place.write("both.csv", both);
    place.write("short.yaml", "model_building: {max_iter: 1}\n");
    let trainer = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trainer"));
        command.current_dir(place.path("")).args(args);
        command
    };
    let table: [(&[&str], i32); 16] = [
        (&["--help"], 0),
        (&["train", "--help"], 0),
        (&["no-such-command"], 2),
        (&["train", "--data", "bad.csv", "--params", "uncalibrated.yaml", "--out", "m"], 2),
        (&["train", "--data", "both.csv", "--params", "short.yaml", "--out", "m", "--json"], 0),
        (&["train", "--data", "reviews.csv", "--out", "m"], 0),
        (&["inspect", "model"], 0),
        (&["inspect", "model", "--json"], 0),
        (&["explain", "--model", "model", "A fine film"], 0),
        (&["score", "--model", "model", "--data", "reviews.csv", "--json"], 0),
        (&["score", "--model", "model"], 0),
        (&["params"], 0),
        (&["evaluate", "--model", "model", "--data", "reviews.csv", "--json"], 0),
        (&["evaluate", "--model", "no-such-model", "--data", "reviews.csv"], 2),
        (&["gate", "--help"], 0),
        (&["healthcheck", "--listen", "127.0.0.1:1"], 1),
    ];
    for (args, code) in table {
        assert_quiet(&args.join(" "), code, || trainer(args));
        let prints =
            code == 0 && !args.contains(&"--help") && args != ["score", "--model", "model"];
        if prints {
            assert_full_is_an_error(&args.join(" "), trainer(args));
        }
    }
}

/// A pipe's last reader ends what has no end.
#[test]
fn lines_without_end_are_scored_until_nobody_reads_the_scores() {
    use std::process::Stdio;
    let place = Place::trained();
    let mut yes = Command::new("yes").stdout(Stdio::piped()).spawn().unwrap();
    let lines = yes.stdout.take().unwrap();
    let status = Command::new(env!("CARGO_BIN_EXE_trainer"))
        .current_dir(place.path(""))
        .args(["score", "--model", "model"])
        .stdin(lines)
        .stdout(closed::nobody())
        .status()
        .unwrap();
    assert_eq!(status.code(), Some(0));
    yes.wait().unwrap();
}
