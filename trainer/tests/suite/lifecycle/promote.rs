//! `trainer promote`: who is refused leaves everything as it was, who is accepted serves.

use crate::folder::{Ran, assert_has, assert_says};
use crate::lifecycle::log::{Log, failed, params};
use crate::made::{flipped, reviews};
use serde_json::json;
use std::fmt::Display;
use verdict_registry::Registry;

/// Version 1, trained on the 400 reviews, serves.
fn serving(prefix: &'static str) -> Option<Log> {
    let log = Log::empty(prefix)?;
    assert_eq!(log.register(&reviews(400), &params("")), 1);
    let promoted = promote(&log, 1, "").json(0);
    assert_has(&promoted, &json!({"serves": true, "announced": true, "replaces": null}));
    assert_eq!((log.alias("production"), log.serving().as_deref()), (Some(1), Some("1")));
    Some(log)
}

fn promote(log: &Log, candidate: impl Display, more: &str) -> Ran {
    log.run(&format!("promote --data reviews.csv --json --candidate {candidate} {more}"))
}

#[test]
fn a_candidate_that_learnt_from_wrong_labels_is_refused_and_nothing_moves() {
    let Some(log) = serving("refused") else { return };
    // The bound that applies where none is set: on a hundred reviews one more mistake is too many.
    let strict = params("").replace("max_regression: 0.02", "max_regression: 0.005");
    log.folder.write("params.yaml", strict);
    for percent in [5, 10, 20, 40] {
        let version = log.register(&flipped(&reviews(400), percent), &params(""));
        let refused = promote(&log, version, "").json(1);
        assert_has(&refused, &json!({"serves": false, "announced": false, "version": version}));
        let decision = log.folder.read_json("reports/promotion.json");
        assert_eq!(decision, refused["decision"], "{percent} %");
        assert_eq!(decision["accepted"], false);
        let failed = failed(&decision).join(", ");
        assert!(!failed.is_empty());
        // The decision stands beside the version too.
        let kept = format!("registry/sentiment/versions/{version}");
        assert_eq!(log.folder.read_json(&format!("{kept}/promotion.json")), decision);
        let tags = &log.folder.read_json(&format!("{kept}/version.json"))["tags"];
        assert_eq!(tags["verdict.promotion"], "refused");
        assert_eq!(tags["verdict.promotion.failed"], failed);
        // Nothing has moved.
        assert_eq!(log.alias("production"), Some(1), "{percent} %");
        assert_eq!(log.alias("previous"), None);
        assert_eq!((log.serving().as_deref(), log.announced()), (Some("1"), 1));
    }
}

#[test]
fn a_candidate_that_fails_a_test_that_the_champion_passes_is_refused_by_promote_and_rebuild() {
    let Some(log) = serving("unable") else { return };
    // No review has capitals, so that accuracy says nothing.
    let suite = "capabilities: [{name: capitals, kind: minimum, tests: [{expect: positive, texts: \
                 [THE CAST WAS SUPERB]}]}]";
    log.folder.write("capitals.yaml", suite);
    let keep = params("data_preprocessing: {case: keep}")
        .replace("suite: null", "suite: capitals.yaml, max_new_failures: 0");
    let version = log.register(&reviews(400), &keep);
    log.folder.write("params.yaml", keep);
    let refused = promote(&log, version, "").json(1);
    assert_eq!(failed(&refused["decision"]), ["behaviour"]);
    let tags = log.folder.read_json("registry/sentiment/versions/2/version.json");
    assert_eq!(tags["tags"]["verdict.promotion.failed"], "behaviour");
    let rebuilt = log.run("rebuild --source reviews.csv --json").json(1);
    assert_says(&rebuilt["failed"].to_string(), &["capitals.yaml", "THE CAST WAS SUPERB"]);
    assert_eq!((log.alias("production"), log.serving().as_deref()), (Some(1), Some("1")));
    assert_says(&log.folder.text("reports/promotion.json"), &["\"n_new_failures\": 1"]);
}

#[test]
fn an_accepted_candidate_serves_and_asking_again_changes_nothing() {
    let Some(log) = serving("accepted") else { return };
    let version = log.register(&reviews(400), &params("model_building: {C: 12.0}"));
    // The alias of what was registered last is the candidate where none is named.
    let promoted = log.json("promote --data reviews.csv --json");
    assert_has(&promoted, &json!({"version": version, "replaces": 1, "announced": true}));
    assert_eq!(log.folder.read_json("reports/promotion.json"), promoted["decision"]);
    let pointer = log.pointer().unwrap();
    assert_eq!((pointer.version.as_str(), &pointer.withdraws), ("2", &None));
    assert_eq!((log.alias("production"), log.alias("previous")), (Some(2), Some(1)));

    let again = promote(&log, 2, "").json(0);
    assert_has(&again, &json!({"serves": true, "announced": false, "decision": null}));
    assert_eq!((log.alias("previous"), log.announced()), (Some(1), 2));
    for (candidate, says) in [("7", "has no version 7"), ("nobody", "has no alias nobody")] {
        assert_says(promote(&log, candidate, "").refused(2), &[says]);
    }
    assert_eq!((log.alias("production"), log.announced()), (Some(2), 2));
}

#[test]
fn an_alias_that_moved_before_anyone_was_told_is_announced_by_the_next_run() {
    let Some(log) = serving("untold") else { return };
    log.register(&reviews(400), &params("model_building: {C: 12.0}"));
    // As if killed after the alias was moved.
    let untold = promote(&log, 2, "--no-announce").json(0);
    assert_has(&untold, &json!({"serves": true, "announced": false}));
    assert_eq!((log.alias("production"), log.serving().as_deref()), (Some(2), Some("1")));
    let told = promote(&log, 2, "").json(0);
    assert_has(&told, &json!({"serves": true, "announced": true}));
    assert_eq!((log.serving().as_deref(), log.announced()), (Some("2"), 2));
}

#[test]
fn a_registry_that_did_not_give_out_what_serves_promotes_nothing() {
    let Some(log) = serving("foreign") else { return };
    log.register(&reviews(400), &params("model_building: {C: 12.0}"));
    promote(&log, 2, "").json(0);
    let home = log.folder.path("registry");
    std::fs::rename(&home, log.folder.path("lost")).unwrap();
    // Begun anew: its versions 1 and 2 are others, and so is what comes first.
    for n in 1..=2 {
        let more = format!("model_building: {{C: {n}.0}}");
        assert_eq!(log.register(&reviews(400), &params(&more)), n);
        let foreign = ["version 2 of sentiment serves", "does not have it", "another registry"];
        assert_says(promote(&log, n, "").refused(2), &foreign);
        assert_eq!(log.registry().alias("sentiment", "production").unwrap(), None);
    }
    assert_eq!(log.announced(), 2);
    assert_says(log.run("publish --model made --json").refused(2), &["does not have it"]);
    assert_eq!((log.alias("production"), log.announced()), (None, 2));
}
