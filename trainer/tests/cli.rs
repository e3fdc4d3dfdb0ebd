//! The trainer as a process: what it prints and what it writes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "tests"
)]

mod common;

use common::process::{Place, assert_keys, assert_says, gzip, hex_sha256, names, one_object};
use common::{reviews, sentiment};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;

const METRICS: [&str; 15] = [
    "accuracy",
    "precision",
    "recall",
    "f1",
    "auc",
    "log_loss",
    "ece",
    "n",
    "brier",
    "n_positive",
    "n_negative",
    "tp",
    "fp",
    "tn",
    "fn",
];

#[test]
fn what_train_prints_is_what_is_in_the_file() {
    let place = Place::new();
    let trained = place.json(&["train", "--data", "reviews.csv", "--out", "model", "--json"]);
    assert_keys(
        &trained,
        &["train_seconds", "peak_rss_bytes", "n_reviews", "n_features", "sha256", "artifact"],
    );
    assert_eq!(trained["artifact"], "model/model.verdict");
    let bytes = fs::read(place.path("model/model.verdict")).unwrap();
    assert_eq!(trained["sha256"], hex_sha256(&bytes));
    assert_eq!(names(&place.path("model")).len(), 1);
    let n = trained["n_reviews"].as_u64().unwrap();
    assert!((200..400).contains(&n), "{n}");
    assert!(trained["train_seconds"].as_f64().unwrap() > 0.0);
    assert!(trained["peak_rss_bytes"].as_u64().unwrap() > 1 << 20);

    let inspected = place.json(&["inspect", "model", "--json"]);
    assert_eq!(inspected["sha256"], trained["sha256"]);
    assert_eq!(inspected["n_terms"], trained["n_features"]);
    assert_eq!(inspected["about"]["data"]["n_reviews"], trained["n_reviews"]);
    let shown = place.ok(&["inspect", "model/model.verdict"]);
    assert_says(&shown, &[trained["sha256"].as_str().unwrap(), "strongest"]);
}

#[test]
fn evaluate_measures_the_part_that_was_held_out_and_writes_what_it_prints() {
    let place = Place::trained();
    let args = [
        "evaluate",
        "--model",
        "model",
        "--data",
        "reviews.csv",
        "--out",
        "reports/metrics.json",
        "--card",
        "card/MODEL_CARD.md",
        "--json",
    ];
    let metrics = place.json(&args);
    assert_keys(&metrics, &METRICS);
    assert_eq!(metrics.as_object().unwrap().len(), METRICS.len());
    assert!(metrics["accuracy"].as_f64().unwrap() > 0.8, "{metrics}");
    let written: Value =
        serde_json::from_slice(&fs::read(place.path("reports/metrics.json")).unwrap()).unwrap();
    assert_eq!(written, metrics);
    let sha256 = hex_sha256(&fs::read(place.path("model/model.verdict")).unwrap());
    assert_says(&fs::read_to_string(place.path("card/MODEL_CARD.md")).unwrap(), &[&sha256]);
    let part = |split| {
        let args =
            ["evaluate", "--model", "model", "--data", "reviews.csv", "--split", split, "--json"];
        place.json(&args)["n"].as_u64().unwrap()
    };
    assert_eq!(metrics["n"], part("test"));
    assert_eq!((part("train") + part("test"), part("all")), (400, 400));
}

#[test]
fn score_reads_data_or_lines_and_tells_how_fast_it_was() {
    let place = Place::trained();
    let data = ["score", "--model", "model", "--data", "reviews.csv", "--split", "all"];
    let table = place.ok(&data);
    assert_eq!(table.lines().count(), 400);
    for line in table.lines() {
        let (label, probability) = line.split_once('\t').unwrap();
        let probability: f64 = probability.parse().unwrap();
        assert!((0.0..=1.0).contains(&probability));
        assert!(["positive", "negative"].contains(&label), "{line}");
    }
    let summary = place.json(&[&data[..], &["--summary", "--json"]].concat());
    assert_keys(&summary, &["n", "seconds", "reviews_per_second"]);
    assert_eq!(summary["n"], 400);

    let input = "the plot was superb\r\nthe plot was awful\n\nno line end after superb";
    let lines = place.ok_with(&["score", "--model", "model", "--json"], input.as_bytes());
    let scores: Vec<Value> =
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let labels: Vec<&str> = scores.iter().map(|x| x["label"].as_str().unwrap()).collect();
    assert_eq!(
        (labels.len(), labels[0], labels[1], labels[3]),
        (4, "positive", "negative", "positive")
    );
    let summary =
        place.ok_with(&["score", "--model", "model", "--summary", "--json"], input.as_bytes());
    assert_eq!(one_object(&summary)["n"], 4);
    let nothing = place.ok_with(&["score", "--model", "model", "--summary", "--json"], b"");
    let nothing = one_object(&nothing);
    assert_keys(&nothing, &["n", "seconds", "reviews_per_second"]);
    assert_eq!(nothing["n"], 0);
    assert_eq!(place.ok_with(&["score", "--model", "model"], b""), "");
}

#[test]
fn an_explanation_adds_up_to_the_score() {
    let place = Place::trained();
    let text = "the plot was superb, the cast was not dull";
    let explained =
        place.json(&["explain", "--model", "model", "--max-terms", "2", "--json", text]);
    assert_keys(&explained, &["label", "probability", "score", "intercept", "rest", "explanation"]);
    let terms = explained["explanation"].as_array().unwrap();
    assert_eq!(terms.len(), 2);
    let number = |value: &Value| value.as_f64().unwrap();
    let sum: f64 = terms.iter().map(|term| number(&term["weight"])).sum::<f64>()
        + number(&explained["rest"])
        + number(&explained["intercept"]);
    assert_eq!(sum.to_bits(), number(&explained["score"]).to_bits());
    let shown = place.ok(&["explain", "--model", "model", text]);
    assert_says(&shown, &["superb", "intercept"]);
    place.ok(&["explain", "--model", "model", ""]);
}

#[test]
fn csv_json_lines_and_gzip_of_the_same_reviews_train_the_same_model() {
    let place = Place::new();
    let rows = reviews(400);
    let lines: String = rows
        .iter()
        .map(|row| {
            let label = sentiment(row.positive);
            format!("{}\n", serde_json::json!({ "id": row.id, "text": row.text, "label": label }))
        })
        .collect();
    place.write("reviews.jsonl", &lines);
    place.write("reviews.jsonl.gz", gzip(lines.as_bytes()));
    place.write("reviews.csv.gz", gzip(&fs::read(place.path("reviews.csv")).unwrap()));
    let hashes: BTreeSet<String> =
        ["reviews.csv", "reviews.csv.gz", "reviews.jsonl", "reviews.jsonl.gz"]
            .map(|data| {
                let args = ["train", "--data", data, "--out", "model", "--json", "--threads", "2"];
                place.json(&args)["sha256"].as_str().unwrap().to_owned()
            })
            .into();
    assert_eq!(hashes.len(), 1);
}

#[test]
fn without_json_the_results_are_for_people() {
    let place = Place::new();
    let trained = place.ok(&["train", "--data", "reviews.csv", "--out", "model"]);
    assert_says(&trained, &["trained on", "sha256", "model/model.verdict"]);
    let measured = place.ok(&["evaluate", "--model", "model", "--data", "reviews.csv"]);
    assert_says(&measured, &["accuracy", "AUC"]);
}

#[test]
fn a_fit_that_was_broken_off_is_told_on_standard_error() {
    let place = Place::new();
    place.write("params.yaml", "model_building: {max_iter: 1}");
    let args = ["train", "--data", "reviews.csv", "--out", "model", "--json"];
    let output = place.run(&args, b"");
    assert!(output.status.success());
    let trained = one_object(&String::from_utf8(output.stdout).unwrap());
    assert_eq!(trained["converged"], false);
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_says(&errors, &["warning", "model_building.max_iter", "1 iteration"]);
}
