//! `trainer rollback`: one step back, and never two.

use crate::folder::{Ran, assert_says};
use crate::lifecycle::log::{Log, params, ran};
use crate::made::reviews;
use serde_json::{Value, json};

/// Versions 1, 2 and 3 have served, one after another.
fn three(prefix: &'static str) -> Option<Log> {
    let log = Log::empty(prefix)?;
    for version in 1..=3 {
        let more = format!("model_building: {{C: {}.0}}", 10 + version);
        assert_eq!(log.register(&reviews(400), &params(&more)), version);
        assert_eq!(log.json("promote --data reviews.csv --json")["announced"], true);
    }
    assert_eq!((log.alias("production"), log.alias("previous")), (Some(3), Some(2)));
    Some(log)
}

fn rollback(log: &Log, more: &str) -> Ran {
    log.run(&format!("rollback --json {more}"))
}

fn went(from: u64, to: u64, announced: bool) -> Value {
    json!({"name": "sentiment", "from": from, "to": to, "alias": "production", "announced": announced})
}

/// What the alias and the last pointer say, and what that pointer withdraws.
fn state(log: &Log) -> (Option<u64>, String, Option<String>) {
    let pointer = log.pointer().unwrap();
    (log.alias("production"), pointer.version, pointer.withdraws)
}

#[test]
fn a_rollback_goes_one_step_back_and_withdraws_what_served() {
    let Some(log) = three("back") else { return };
    assert_eq!(rollback(&log, "").json(0), went(3, 2, true));
    assert_eq!(state(&log), (Some(2), "2".into(), Some("3".into())));
    let ran = rollback(&log, "");
    assert_says(ran.refused(2), &["no version is known to have served before 2", "--version"]);
    assert_eq!((state(&log).0, log.announced()), (Some(2), 4));
    // By name it goes further, and also where it is already, and forward.
    assert_eq!(rollback(&log, "--version 1").json(0), went(2, 1, true));
    assert_eq!(state(&log), (Some(1), "1".into(), Some("3".into())));
    let ran = rollback(&log, "--version 1");
    assert_says(ran.refused(2), &["version 1 of sentiment serves already"]);
    let ran = rollback(&log, "--version 9");
    assert_says(ran.refused(2), &["has no version 9"]);
    assert_eq!(log.announced(), 5);
    // What was withdrawn may be promoted again.
    let promote = "promote --data reviews.csv --candidate 3 --json";
    assert_eq!(log.json(promote)["announced"], true);
    assert_eq!(state(&log), (Some(3), "3".into(), None));
}

#[test]
fn an_interrupted_rollback_is_finished_and_goes_no_further_back() {
    let Some(log) = three("interrupted") else { return };
    // As if killed after the alias was moved.
    assert_eq!(rollback(&log, "--no-announce").json(0), went(3, 2, false));
    assert_eq!(state(&log), (Some(2), "3".into(), None));
    assert_eq!(rollback(&log, "").json(0), went(3, 2, true));
    assert_eq!(state(&log), (Some(2), "2".into(), Some("3".into())));
}

#[test]
fn an_interrupted_rollback_does_not_stand_in_for_one_that_is_asked_for_by_name() {
    let Some(log) = three("by-name") else { return };
    rollback(&log, "--no-announce").json(0);
    assert_eq!(rollback(&log, "--version 1").json(0), went(2, 1, true));
    assert_eq!(state(&log), (Some(1), "1".into(), Some("3".into())));
}

#[test]
fn a_foreign_registry_rolls_nothing_back() {
    let Some(log) = three("abroad") else { return };
    let abroad = |registry: &str, name: &str| {
        let mut command = log.command(&format!("rollback --json --name {name}"));
        ran(command.env("VERDICT_REGISTRY", registry))
    };
    let said = abroad("elsewhere", "sentiment");
    assert_says(said.refused(2), &["elsewhere", "no alias production of sentiment"]);
    let said = abroad("registry", "other");
    assert_says(said.refused(2), &["no alias production of other"]);
    // One with versions and an alias of its own, but without the one that serves.
    std::fs::rename(log.folder.path("registry"), log.folder.path("lost")).unwrap();
    for version in 1..=2 {
        let more = format!("model_building: {{C: {version}.0}}");
        log.register(&reviews(400), &params(&more));
        log.json("promote --data reviews.csv --no-announce --json");
    }
    let said = rollback(&log, "");
    assert_says(said.refused(2), &["version 3", "sentiment"]);
    assert_eq!((log.alias("production"), log.announced()), (Some(2), 3));
}
