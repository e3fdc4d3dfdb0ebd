//! The trainer as a process: what it prints and what it writes.

use crate::folder::{Folder, assert_keys, assert_says, names, one_object, sha256_hex, trainer};
use serde_json::Value;
use std::process::{Command, Stdio};
use verdict_telemetry::Service;
use verdict_testkit::{
    assert_ends_quietly, assert_full_disk_is_an_error, assert_healthcheck_follows_readyz, nobody,
};

/// The keys of metrics.json.
const METRICS: &str = "windows decided windows_decided accuracy precision recall f1 auc log_loss ece n brier \
                       n_positive n_negative tp fp tn fn";
const TRAINER: &str = env!("CARGO_BIN_EXE_trainer");

#[test]
fn what_train_prints_is_what_is_in_the_file() {
    let folder = Folder::new();
    let trained = folder.json("train --data reviews.csv --out model --json");
    assert_keys(&trained, "train_seconds peak_rss_bytes n_reviews n_features sha256 artifact");
    assert_eq!(trained["artifact"], "model/model.verdict");
    assert_eq!(trained["sha256"], sha256_hex(&folder.read("model/model.verdict")));
    assert_eq!(names(&folder.path("model")).len(), 1);
    let n = trained["n_reviews"].as_u64().unwrap();
    assert!((200..400).contains(&n), "{n}");
    assert!(trained["train_seconds"].as_f64().unwrap() > 0.0);
    assert!(trained["peak_rss_bytes"].as_u64().unwrap() > 1 << 20);

    let inspected = folder.json("inspect model --json");
    assert_eq!(inspected["sha256"], trained["sha256"]);
    assert_eq!(inspected["n_terms"], trained["n_features"]);
    assert_eq!(inspected["about"]["data"]["n_reviews"], trained["n_reviews"]);
    let shown = folder.ok("inspect model/model.verdict");
    assert_says(&shown, &[trained["sha256"].as_str().unwrap(), "strongest"]);
}

#[test]
fn evaluate_measures_the_part_that_was_held_out_and_writes_what_it_prints() {
    let folder = Folder::trained();
    let evaluate = "evaluate --model model --data reviews.csv --json";
    let metrics =
        folder.json(&format!("{evaluate} --out reports/metrics.json --card card/MODEL_CARD.md"));
    assert_keys(&metrics, METRICS);
    assert_eq!(metrics.as_object().unwrap().len(), METRICS.split_whitespace().count());
    assert!(metrics["accuracy"].as_f64().unwrap() > 0.8, "{metrics}");
    assert_eq!(folder.read_json("reports/metrics.json"), metrics);
    let sha256 = sha256_hex(&folder.read("model/model.verdict"));
    assert_says(&folder.text("card/MODEL_CARD.md"), &[&sha256]);
    let part = |split| folder.json(&format!("{evaluate} --split {split}"))["n"].as_u64().unwrap();
    assert_eq!(metrics["n"], part("test"));
    assert_eq!((part("train") + part("test"), part("all")), (400, 400));
}

#[test]
fn score_reads_data_or_lines_and_tells_how_fast_it_was() {
    let folder = Folder::trained();
    let data = "score --model model --data reviews.csv --split all";
    let table = folder.ok(data);
    assert_eq!(table.lines().count(), 400);
    for line in table.lines() {
        let (label, probability) = line.split_once('\t').unwrap();
        let probability: f64 = probability.parse().unwrap();
        assert!((0.0..=1.0).contains(&probability));
        assert!(["positive", "negative"].contains(&label), "{line}");
    }
    let summary = folder.json(&format!("{data} --summary --json"));
    assert_keys(&summary, "n seconds reviews_per_second");
    assert_eq!(summary["n"], 400);

    let input = "the plot was superb\r\nthe plot was awful\n\nno line end after superb".as_bytes();
    let lines = folder.ok_with("score --model model --json", input);
    let scores: Vec<Value> =
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let labels: Vec<&str> = scores.iter().map(|x| x["label"].as_str().unwrap()).collect();
    assert_eq!(
        (labels.len(), labels[0], labels[1], labels[3]),
        (4, "positive", "negative", "positive")
    );
    for (input, n) in [(input, 4), (b"", 0)] {
        let summary = one_object(&folder.ok_with("score --model model --summary --json", input));
        assert_keys(&summary, "n seconds reviews_per_second");
        assert_eq!(summary["n"], n);
    }
    assert_eq!(folder.ok("score --model model"), "");
}

#[test]
fn an_explanation_adds_up_to_the_score() {
    let folder = Folder::trained();
    let text = "the plot was superb, the cast was not dull";
    let explained =
        folder.json(&["explain", "--model", "model", "--max-terms", "2", "--json", text]);
    assert_keys(&explained, "label decision probability score intercept rest explanation");
    let terms = explained["explanation"].as_array().unwrap();
    assert_eq!(terms.len(), 2);
    let number = |value: &Value| value.as_f64().unwrap();
    let sum: f64 = terms.iter().map(|term| number(&term["weight"])).sum::<f64>()
        + number(&explained["rest"])
        + number(&explained["intercept"]);
    assert_eq!(sum.to_bits(), number(&explained["score"]).to_bits());
    let shown = folder.ok(&["explain", "--model", "model", text]);
    assert_says(&shown, &["superb", "intercept"]);
    assert_eq!(explained["decision"], explained["label"], "the model has no rule");
    let nothing = folder.ok(&["explain", "--model", "model", ""]);
    assert!(nothing.contains("too little to decide"), "{nothing}");
}

#[test]
fn without_json_the_results_are_for_people() {
    let folder = Folder::new();
    let trained = folder.ok("train --data reviews.csv --out model");
    assert_says(&trained, &["trained on", "sha256", "model/model.verdict"]);
    let measured = folder.ok("evaluate --model model --data reviews.csv");
    assert_says(&measured, &["accuracy", "AUC"]);
}

#[test]
fn a_fit_that_was_broken_off_is_told_on_standard_error() {
    let folder = Folder::new();
    folder.write("params.yaml", "model_building: {max_iter: 1}");
    let ran = folder.run("train --data reviews.csv --out model --json", b"");
    assert_eq!(ran.json(0)["converged"], false);
    assert_says(&ran.err, &["warning", "model_building.max_iter", "1 iteration"]);
}

#[test]
fn what_is_typed_wrongly_is_usage() {
    for typed in ["train", "train --data x --split half", "score --threads -1", "predict", ""] {
        trainer().args(typed.split_whitespace()).assert().code(2).stdout("");
    }
    trainer().arg("--help").assert().success().stderr("");
}

#[test]
fn a_health_check_says_what_readyz_says() {
    assert_healthcheck_follows_readyz(TRAINER, Service::Trainer);
}

#[test]
fn commands_end_quietly() {
    let folder = Folder::trained();
    folder.write("bad.csv", "review,sentiment\nfine,maybe\n");
    folder.write("uncalibrated.yaml", "calibration: { method: none }\n");
    // Warns: texts that are labelled both ways, and a solver that may take no step.
    let both =
        ["positive", "negative"].map(|label| format!("both-{label},Said both ways.,{label}\n"));
    folder.write("both.csv", folder.text("reviews.csv") + &both.concat());
    folder.write("short.yaml", "model_building: {max_iter: 1}\n");
    let prints = [
        "train --data both.csv --params short.yaml --out m --json",
        "train --data reviews.csv --out m",
        "inspect model",
        "inspect model --json",
        "explain --model model fine",
        "score --model model --data reviews.csv --json",
        "params",
        "evaluate --model model --data reviews.csv --json",
    ];
    let others = [
        ("--help", 0),
        ("train --help", 0),
        ("gate --help", 0),
        ("score --model model", 0),
        ("no-such-command", 2),
        ("train --data bad.csv --params uncalibrated.yaml --out m", 2),
        ("evaluate --model no-such-model --data reviews.csv", 2),
        ("healthcheck --listen 127.0.0.1:1", 1),
    ];
    let all = prints.map(|typed| (typed, 0)).into_iter().chain(others);
    let all: Vec<(Vec<&str>, i32)> =
        all.map(|(typed, code)| (typed.split_whitespace().collect(), code)).collect();
    let table: Vec<(&[&str], i32)> = all.iter().map(|(args, code)| (&args[..], *code)).collect();
    assert_ends_quietly(TRAINER, &folder.path(""), &table);
    let prints: Vec<&[&str]> = table[..prints.len()].iter().map(|(args, _)| *args).collect();
    assert_full_disk_is_an_error(TRAINER, &folder.path(""), &prints);
}

/// A pipe's last reader ends what has no end.
#[test]
fn lines_without_end_are_scored_until_nobody_reads_the_scores() {
    let folder = Folder::trained();
    let mut yes = Command::new("yes").stdout(Stdio::piped()).spawn().unwrap();
    let lines = yes.stdout.take().unwrap();
    let status = Command::new(TRAINER)
        .current_dir(folder.path(""))
        .args(["score", "--model", "model"])
        .stdin(lines)
        .stdout(nobody())
        .status()
        .unwrap();
    assert_eq!(status.code(), Some(0));
    yes.wait().unwrap();
}
