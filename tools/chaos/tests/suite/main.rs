//! The short form of `make chaos`: each kind of fault at least once.
#![cfg(test)]

use std::path::{Path, PathBuf};

use verdict_chaos::{Plan, roll, storm};

fn consumer() -> PathBuf {
    Path::new(env!("CARGO_BIN_EXE_chaos")).with_file_name("consumer")
}

#[test]
fn whatever_is_killed_frozen_or_delayed_every_review_has_exactly_one_outcome() {
    if !verdict_testkit::kafka::is_installed() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let plan = Plan {
        kills: 10,
        guests: 1,
        freezes: 2,
        broker_kills: 2,
        crash_rounds: 1,
        unknown_rounds: 1,
    };
    let report = storm(&consumer(), &plan, folder.path());
    let text = serde_json::to_string_pretty(&report).unwrap();
    eprintln!("{text}");
    assert!(report.is_clean(), "{text}");
    assert!(report.counts.reviews > 1_000 && report.counts.dead_letters > 100, "{text}");
}

#[test]
fn each_of_three_brokers_may_be_killed_in_turn() {
    if !verdict_testkit::kafka::is_installed() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let report = roll(&consumer(), 1, folder.path());
    let text = serde_json::to_string_pretty(&report).unwrap();
    assert!(report.is_clean(), "{text}");
}
