//! Logs that give no model, logs with rubbish in them, and a Kafka that is not there.

use crate::folder::{assert_has, assert_says};
use crate::lifecycle::log::{Log, failed, params};
use crate::made::{Made, reviews};
use serde_json::json;
use verdict_kafka_io::Outgoing;
use verdict_registry::Registry;

/// Nothing is kept and nothing announced.
fn assert_untouched(log: &Log, what: &str) {
    assert!(!log.folder.path("registry").exists(), "{what}");
    assert_eq!(log.announced(), 0, "{what}");
}

#[test]
fn a_log_without_enough_to_learn_from_says_what_it_lacks() {
    let Some(log) = Log::empty("lacking") else { return };
    let refused = |what: &str, says: &[&str]| {
        let ran = log.run("rebuild --json");
        assert_says(ran.refused(2), says);
        assert_untouched(&log, what);
    };
    let none = "has no labelled review (reviews without a label: 0, labels without a review: 0)";
    refused("an empty log", &["kafka", none]);

    let made = reviews(40);
    log.write(made.iter().map(|review| log.review(review)));
    log.write([log.label("nobody", true)]);
    refused("no label of a review", &["(reviews without a label: 40, labels without a review: 1)"]);

    log.write(made.iter().map(|review| log.label(&review.id, true)));
    refused("one class", &["positive", "negative"]);
}

#[test]
fn rubbish_is_counted_and_the_last_word_counts() {
    let Some(log) = Log::labelled("rubbish") else { return };
    let made = reviews(400);
    let extra = |id: &str| Made {
        id: id.to_owned(),
        text: format!("what {id} says was superb"),
        positive: true,
    };
    let tombstone = |of: &str, id: &str| Outgoing::to(log.topic(of)).key(id);
    let (erased, unsaid) = (extra("erased"), extra("unsaid"));
    log.write_labelled(&[erased, unsaid, extra("unlabelled")]);
    log.write([
        tombstone("reviews", "erased"),
        tombstone("labels", "unsaid"),
        tombstone("labels", "unlabelled"),
        // Labels of nobody.
        log.label("nobody", true),
        log.label("nobody", false),
        log.label("no one", true),
        // No label and no review.
        Outgoing::to(log.topic("labels")).key("x").value("yes"),
        Outgoing::to(log.topic("labels")).key("x").value(r#"{"review_id":"x","label":"so-so"}"#),
        Outgoing::to(log.topic("reviews")).key("y").value([0xff, 0xfe]),
        Outgoing::to(log.topic("reviews")).key("y").value(r#"{"id":"y","text":" "}"#),
    ]);
    // Contradicted, and put right again.
    for of in [&made[..7], &made[..5]] {
        log.write(of.iter().map(|made| log.label(&made.id, !made.positive)));
        log.write(of.iter().map(|made| log.label(&made.id, made.positive)));
    }
    let ran = log.run("rebuild --json");
    let rebuilt = ran.json(0);
    assert_says(
        &ran.err,
        &[
            "warning: 4 records are no review or no label",
            "warning: 3 labels are of reviews that are not in the log",
            "warning: 7 reviews were labelled both ways",
        ],
    );
    let counts = &log.folder.read_json("data/raw/manifest.json")["origin"]["log"]["counts"];
    for (what, expected) in [
        ("rejected", 4),
        ("unlabelled", 2),
        ("unknown_review", 3),
        ("relabelled", 7),
        ("labels_erased", 2),
        ("reviews_erased", 1),
    ] {
        assert_eq!(counts[what], expected, "{what} in {counts}");
    }
    let direct = log.json("train --data reviews.csv --out direct --json");
    assert_eq!(rebuilt["sha256"], direct["sha256"]);
}

#[test]
fn a_kafka_that_is_away_is_told_and_nothing_is_registered() {
    let Some(log) = Log::empty("away") else { return };
    log.folder.ok("train --data reviews.csv --out model");
    for typed in [
        "rebuild --json",
        "stage data_ingestion --source kafka",
        "replay --champion model --candidate model",
    ] {
        let away = "--bootstrap-servers 127.0.0.1:1 --patience-s 1";
        let ran = log.run(&format!("{typed} {away}"));
        assert_says(ran.refused(70), &["trainer: ", "127.0.0.1:1"]);
        assert_untouched(&log, typed);
    }
}

#[test]
fn a_fit_that_did_not_converge_is_registered_and_does_not_serve() {
    let Some(log) = Log::labelled("unconverged") else { return };
    log.folder.write("params.yaml", params("model_building: {max_iter: 1}"));
    let ran = log.run("rebuild --json");
    let rebuilt = ran.json(1);
    assert_says(&ran.err, &["warning: L-BFGS did not reach model_building.tol within 1 iteration"]);
    assert_has(&rebuilt, &json!({"version": 1, "serves": false, "announced": false}));
    let says = rebuilt["failed"].to_string();
    assert_says(&says, &["not known to have reached its tolerance"]);
    let decision = log.folder.read_json("reports/promotion.json");
    assert!(failed(&decision).contains(&"require_converged"), "{decision}");
    assert_eq!((log.alias("staging"), log.alias("production")), (Some(1), None));
    assert_eq!(log.announced(), 0);
    let kept = log.folder.read_json("registry/sentiment/versions/1/version.json");
    assert_eq!(kept["tags"]["verdict.promotion"], "refused");
    let bytes = log.registry().fetch("sentiment", 1).unwrap();
    let model = verdict_sentiment::Model::from_bytes(&bytes).unwrap();
    assert_eq!(model.parts().about["fit"]["converged"], false);
}
