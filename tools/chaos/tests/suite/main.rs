//! The short form of `make chaos`: each kind of fault at least once.
#![cfg(test)]

use std::path::{Path, PathBuf};

use verdict_chaos::{Plan, roll, storm};

fn consumer() -> PathBuf {
    Path::new(env!("CARGO_BIN_EXE_chaos")).with_file_name("consumer")
}

fn assert_clean(plan: Plan) {
    if !verdict_testkit::kafka::is_installed() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let report = storm(&consumer(), &plan, folder.path());
    let text = serde_json::to_string_pretty(&report).unwrap();
    eprintln!("{text}");
    assert!(report.is_clean(), "{text}");
    assert!(report.counts.reviews > 1_000 && report.counts.dead_letters > 100, "{text}");
}

// Each on a Kafka of its own, beside the others: nearly all of their time is waiting.
#[test]
fn whatever_is_killed_or_frozen_every_review_has_exactly_one_outcome() {
    assert_clean(Plan { kills: 10, guests: 1, freezes: 2, broker_kills: 2, ..Plan::default() });
}

#[test]
fn whatever_request_is_cut_off_late_or_lost_every_review_has_exactly_one_outcome() {
    assert_clean(Plan { crash_rounds: 1, unknown_rounds: 1, ..Plan::default() });
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
