//! The short form of `make chaos`: each kind of fault of members and requests at least once.
//! Brokers are killed by `make chaos` only: see docs/reliability.md, what is open.
#![cfg(test)]

use std::path::{Path, PathBuf};

use verdict_chaos::{Plan, storm};

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
        broker_kills: 0,
        crash_rounds: 1,
        unknown_rounds: 1,
    };
    let report = storm(&consumer(), &plan, folder.path());
    let text = serde_json::to_string_pretty(&report).unwrap();
    eprintln!("{text}");
    assert!(report.is_clean(), "{text}");
    assert!(report.counts.reviews > 1_000 && report.counts.dead_letters > 100, "{text}");
}
