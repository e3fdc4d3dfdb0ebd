//! `trainer gate` and `trainer evaluate --reports` as processes: what they print and write, and the exit codes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "tests"
)]

mod common;

use common::process::{Place, assert_says, hex_sha256, names, one_object};
use common::{Made, reviews, write_csv};
use serde_json::Value;
use std::fs;

/// `good` is trained on true labels, `bad` on labels of which three in ten are wrong, `new.csv` is seen by neither.
fn two_models() -> Place {
    let place = Place::new();
    let all = reviews(1400);
    let (seen, unseen) = all.split_at(600);
    write_csv(&place.path("good.csv"), seen);
    let turned = |(i, review): (usize, &Made)| Made {
        positive: review.positive != (i * 7919 % 10 < 3),
        ..review.clone()
    };
    let turned: Vec<Made> = seen.iter().enumerate().map(turned).collect();
    write_csv(&place.path("bad.csv"), &turned);
    write_csv(&place.path("new.csv"), unseen);
    for name in ["good", "bad"] {
        let data = format!("{name}.csv");
        place.ok(&["train", "--data", &data, "--split", "all", "--out", name]);
    }
    place
}

/// `--split all`, and what follows.
fn gate<'a>(candidate: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let first = ["gate", "--candidate", candidate, "--data", "new.csv", "--split", "all"];
    [&first[..], more].concat()
}

/// The exit code and the decision, after it has been seen that it is also in the file.
fn decided(place: &Place, args: &[&str]) -> (Option<i32>, Value) {
    let args = [args, &["--json", "--out", "reports/promotion.json"]].concat();
    let output = place.run(&args, b"");
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    let decision = one_object(&String::from_utf8(output.stdout).unwrap());
    let written = fs::read(place.path("reports/promotion.json")).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&written).unwrap(), decision);
    (output.status.code(), decision)
}

#[test]
fn the_exit_code_is_the_answer() {
    let place = two_models();
    for (candidate, champion, code) in [
        ("good", None, 0),
        ("good", Some("bad"), 0),
        ("bad", Some("good"), 1),
        ("good", Some("good"), 1),
    ] {
        let more: Vec<&str> = champion.iter().flat_map(|name| ["--champion", name]).collect();
        let (got, decision) = decided(&place, &gate(candidate, &more));
        assert_eq!(got, Some(code), "{candidate} {champion:?}: {decision}");
        assert_eq!(decision["accepted"], code == 0);
        assert_eq!(decision["n_reviews"], 800);
        assert_eq!(decision["champion"].is_null(), champion.is_none());
        let sha256 =
            hex_sha256(&fs::read(place.path(&format!("{candidate}/model.verdict"))).unwrap());
        assert_eq!(decision["candidate"]["sha256"], sha256);
        let reasons = decision["reasons"].as_array().unwrap();
        let all_passed = reasons.iter().all(|reason| reason["passed"] == true);
        assert_eq!(all_passed, code == 0);
        for reason in reasons {
            let keys: Vec<&str> = reason.as_object().unwrap().keys().map(String::as_str).collect();
            assert_eq!(keys, ["bound", "check", "passed", "says", "value"]);
        }
    }
}

#[test]
fn bounds_come_from_the_parameters_and_a_reader_gets_sentences() {
    let place = two_models();
    place.write("strict.yaml", "promotion: {floors: {accuracy: 0.999}, min_reviews: 10000}\n");
    let output = place.run(&gate("good", &["--params", "strict.yaml"]), b"");
    assert_eq!(output.status.code(), Some(1));
    let shown = String::from_utf8(output.stdout).unwrap();
    assert_says(
        &shown,
        &[
            "is refused",
            "NO  floors.accuracy",
            "at least 0.999",
            "NO  min_reviews",
            "800 reviews",
            "ok  floors.recall",
        ],
    );

    let shown = place.run(&gate("good", &["--champion", "bad", "--flips", "2", "--texts"]), b"");
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert_says(&shown, &["is accepted", "labels would change", "McNemar p =", " was "]);
    assert_eq!(shown.lines().filter(|line| line.contains(" → ")).count(), 2);
}

#[test]
fn what_the_gate_cannot_read_is_an_error_and_no_answer() {
    let place = two_models();
    place.write("odd.yaml", "promotion: {alpha: 2, max_regression: -1, min_reviews: 0, floors: {ece: .nan, log_loss: -1}}\n");
    place.write("unknown.yaml", "promotion: {alhpa: 0.1}\n");
    let message = place.refused(&gate("good", &["--params", "odd.yaml"]), b"");
    assert_says(
        &message,
        &[
            "promotion.alpha must be above 0 and below 1, got 2 (odd.yaml)",
            "promotion.max_regression must be from 0 to 1, got -1",
            "promotion.min_reviews must be at least 1, got 0",
            "promotion.floors.ece must be from 0 to 1, got NaN",
            "promotion.floors.log_loss must be >= 0, got -1",
        ],
    );
    let message = place.refused(&gate("good", &["--params", "unknown.yaml"]), b"");
    assert_says(&message, &["unknown.yaml", "alhpa", "max_regression"]);
    let message = place.refused(&gate("good", &["--champion", "nowhere"]), b"");
    assert_says(&message, &["loading the champion", "nowhere"]);
    let message = place.refused(&gate("reviews.csv", &[]), b"");
    assert_says(&message, &["loading the candidate", "reviews.csv"]);
    place.refused(&["gate", "--candidate", "good", "--data", "none.csv"], b"");
}

#[test]
fn the_bounds_of_the_gate_are_no_part_of_a_model() {
    let place = Place::new();
    place.write(
        "gate.yaml",
        "{feature_engineering: {max_features: 300}, promotion: {alpha: 0.01}}\n",
    );
    let train = |params: &str, out: &str| {
        let args = ["train", "--data", "reviews.csv", "--params", params, "--out", out];
        place.ok(&args);
        fs::read(place.path(&format!("{out}/model.verdict"))).unwrap()
    };
    assert!(train("params.yaml", "one") == train("gate.yaml", "two"));
}

#[test]
fn evaluate_writes_a_report_beside_what_it_prints() {
    let place = Place::trained();
    let evaluate = ["evaluate", "--model", "model", "--data", "reviews.csv", "--json"];
    let printed = place.json(&[&evaluate[..], &["--reports", "reports"]].concat());
    assert_eq!(printed, place.json(&evaluate), "a report changes no number");
    let written: Value =
        serde_json::from_slice(&fs::read(place.path("reports/metrics.json")).unwrap()).unwrap();
    assert_eq!(written, printed);
    let found = names(&place.path("reports"));
    assert_eq!(found.into_iter().collect::<Vec<_>>(), ["metrics.json", "plots", "report.html"]);
    let found = names(&place.path("reports/plots"));
    let expected = [
        "calibration.json",
        "calibration.svg",
        "confusion.csv",
        "confusion.svg",
        "precision_recall.json",
        "precision_recall.svg",
        "roc.json",
        "roc.svg",
        "terms.json",
        "terms.svg",
    ];
    assert_eq!(found.into_iter().collect::<Vec<_>>(), expected);
    let page = fs::read_to_string(place.path("reports/report.html")).unwrap();
    let sha256 = hex_sha256(&fs::read(place.path("model/model.verdict")).unwrap());
    assert_says(&page, &[&sha256, "</html>"]);
}
