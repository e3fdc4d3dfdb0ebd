//! dvc.yaml under DVC: what runs and what does not, and what others read of the outcome.

use crate::folder::trainer;
use crate::pipeline::{Pipeline, STAGES};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use verdict_testkit::Moto;

/// Outputs that are in DVC's cache: those up to the model, and those of the evaluation.
pub const CACHED: [&str; 18] = [
    "data/raw/train.csv",
    "data/raw/test.csv",
    "data/raw/manifest.json",
    "data/interim/train.csv",
    "data/interim/test.csv",
    "data/processed/train.npz",
    "data/processed/windows.npz",
    "data/processed/test.npz",
    "models/vectorizer.json",
    "models/model.verdict",
    "reports/plots/confusion.csv",
    "reports/plots/roc.svg",
    "reports/plots/precision_recall.svg",
    "reports/plots/calibration.svg",
    "reports/plots/confusion.svg",
    "reports/plots/terms.svg",
    "reports/plots/length.svg",
    "reports/report.html",
];

/// Outputs that are in git.
const IN_GIT: [&str; 5] = [
    "reports/metrics.json",
    "reports/plots/calibration.json",
    "reports/plots/precision_recall.json",
    "reports/plots/roc.json",
    "reports/plots/terms.json",
];

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn a_change_runs_the_stages_that_it_affects_and_no_other() {
    let Some(pipeline) = Pipeline::new() else { return };
    fs::create_dir_all(pipeline.path("data/raw")).unwrap();
    fs::write(pipeline.path("data/raw/mine.tar.gz"), "the user's own").unwrap();

    pipeline.assert_repro_runs_from(0);
    for name in CACHED {
        assert!(!pipeline.bytes(name).is_empty(), "{name}");
    }
    git_has_what_it_should(&pipeline);
    pipeline.assert_repro_runs_from(STAGES.len());
    assert_eq!(
        pipeline.git("status --porcelain"),
        "",
        "nothing is new after a run that ran nothing"
    );

    pipeline.set("model_building.C", 2.5);
    pipeline.assert_repro_runs_from(stage("model_building"));
    the_change_can_be_seen(&pipeline);
    pipeline.commit();

    pipeline.set("calibration.folds", 4);
    pipeline.assert_repro_runs_from(stage("model_building"));
    pipeline.set("feature_engineering.ngram_range", vec![1, 3]);
    pipeline.assert_repro_runs_from(stage("feature_engineering"));
    pipeline.set("data_preprocessing.digits", "remove");
    pipeline.assert_repro_runs_from(stage("data_preprocessing"));
    pipeline.set("data_ingestion.test_size", 0.3);
    pipeline.assert_repro_runs_from(0);
    // What decides on a promotion or steers a search changes no file of the pipeline.
    pipeline.set("promotion.alpha", 0.01);
    pipeline.set("tune.trials", 3);
    pipeline.assert_repro_runs_from(STAGES.len());

    assert_eq!(pipeline.bytes("data/raw/mine.tar.gz"), b"the user's own");
    what_was_there_before_is_taken_from_the_cache(&pipeline);
}

fn stage(name: &str) -> usize {
    STAGES.iter().position(|stage| *stage == name).unwrap()
}

/// After a first run: the lock, metrics and points of the curves; nothing of the data.
fn git_has_what_it_should(pipeline: &Pipeline) {
    let status = pipeline.git("status --porcelain --untracked-files=all");
    let new: BTreeSet<&str> =
        status.lines().map(|line| line.strip_prefix("?? ").unwrap()).collect();
    let expected = IN_GIT.into_iter().chain(["dvc.lock"]);
    assert_eq!(new, expected.collect());
    pipeline.commit();
}

/// C was 10 and is 2.5.
fn the_change_can_be_seen(pipeline: &Pipeline) {
    let params = json(&pipeline.dvc("params diff --json"));
    let change = &params["params.yaml"]["model_building.C"];
    assert_eq!((&change["old"], &change["new"]), (&10.0.into(), &2.5.into()), "{params}");
    assert_eq!(params["params.yaml"].as_object().unwrap().len(), 1, "{params}");

    let metrics = json(&pipeline.dvc("metrics diff --json"));
    let change = &metrics["reports/metrics.json"]["log_loss"];
    let (old, new) = (change["old"].as_f64().unwrap(), change["new"].as_f64().unwrap());
    assert!(old > 0.0 && new > 0.0 && change["diff"].as_f64() == Some(new - old), "{metrics}");

    pipeline.dvc("plots diff --out plots HEAD");
    let page = String::from_utf8(pipeline.bytes("plots/index.html")).unwrap();
    for plot in ["ROC", "PR", "Calibration", "Confusion", "Terms"] {
        assert!(page.contains(plot), "{plot}");
    }
    assert!(page.contains("workspace") && page.contains("HEAD"));
    fs::remove_dir_all(pipeline.path("plots")).unwrap();
}

/// The parameters of the first commit again: no stage runs, DVC has all of it.
fn what_was_there_before_is_taken_from_the_cache(pipeline: &Pipeline) {
    let first = pipeline.git("rev-list --max-parents=0 HEAD");
    pipeline.git(&format!("checkout --quiet {} -- params.yaml", first.trim()));
    let (ran, _) = pipeline.repro();
    // Of the evaluation the cache has a part only: the rest is git's.
    assert_eq!(ran, ["model_evaluation", "model_registration"]);
}

#[test]
fn scipy_and_the_csv_module_read_what_the_stages_wrote() {
    let Some(pipeline) = Pipeline::new() else { return };
    // What the script makes again: scikit-learn's own tokens.
    pipeline.set("feature_engineering.tokens", "words");
    pipeline.set("feature_engineering.negation", "none");
    pipeline.set("feature_engineering.min_df", 1);
    pipeline.repro();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/foreign/read_outputs.py");
    let read = json(&pipeline.python(&format!("{} .", script.display())));
    let metrics = json(&String::from_utf8(pipeline.bytes("reports/metrics.json")).unwrap());
    assert_eq!(read["accuracy"], metrics["accuracy"], "the confusion table is that of the metrics");
    assert_eq!(read["shapes"]["train"][1], 300);
    assert_eq!(read["shapes"]["test"][0], metrics["n"]);

    let page = pipeline.dvc("plots show --out plots");
    assert!(page.trim().ends_with("index.html"), "{page}");
    assert!(pipeline.bytes("plots/index.html").len() > 1000);

    let train = ["train", "--data", "reviews.csv", "--out", "one"];
    trainer().current_dir(pipeline.path("")).args(train).assert().success();
    assert!(pipeline.bytes("one/model.verdict") == pipeline.bytes("models/model.verdict"));
}

#[test]
fn a_push_to_s3_and_a_pull_bring_the_same_bytes() {
    let Some(mut pipeline) = Pipeline::new() else { return };
    let Some(s3) = Moto::start() else { return };
    s3.put("verdict", b"");
    pipeline.env("AWS_ACCESS_KEY_ID", "test-key-id");
    pipeline.env("AWS_SECRET_ACCESS_KEY", "test-secret");
    pipeline.env("AWS_DEFAULT_REGION", "us-east-1");
    pipeline.dvc("remote add --default store s3://verdict/dvc");
    pipeline.dvc(&format!("remote modify --local store endpointurl {}", s3.endpoint));
    pipeline.repro();
    pipeline.commit();
    let before = outputs(&pipeline);
    pipeline.dvc("push");

    for folder in [".dvc/cache", "data", "models"] {
        fs::remove_dir_all(pipeline.path(folder)).unwrap();
    }
    pipeline.dvc("pull");
    assert!(outputs(&pipeline) == before);
    pipeline.assert_repro_runs_from(STAGES.len());
    assert_eq!(pipeline.git("status --porcelain"), "");
}

fn outputs(pipeline: &Pipeline) -> BTreeMap<&'static str, Vec<u8>> {
    let both = CACHED.into_iter().chain(IN_GIT);
    both.map(|name| (name, pipeline.bytes(name))).collect()
}
