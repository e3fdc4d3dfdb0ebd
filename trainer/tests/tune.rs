//! Presets and the search for parameters, by the command line.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "tests"
)]
#![allow(dead_code, unreachable_pub, reason = "shares `common` with the other tests")]

mod common;

use common::process::{Place, assert_says, one_object};
use serde_json::Value;
use std::fs;

const SEARCH: &str = "
model_building: {C: 0.0001}
tune:
  trials: 6
  folds: 3
  patience: 6
  seed: 1
  ranges:
    model_building.C: {log_uniform: [1.0, 50.0]}
    model_building.weighting: {choice: [none, naive-bayes]}
    feature_engineering.ngram_range: {choice: [[1, 1], [1, 2]]}
";

fn trials(place: &Place, log: &str) -> Vec<Value> {
    let text = fs::read_to_string(place.path(log)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_search_logs_every_trial_and_writes_parameters_that_train() {
    let place = Place::new();
    place.write("params.yaml", SEARCH);
    let run = |out: &str, log: &str| {
        let output = place
            .run(&["tune", "--data", "reviews.csv", "--out", out, "--log", log, "--json"], b"");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{said}");
        assert_says(&said, &["trial 0: ", "as the parameters say", "best so far"]);
        one_object(&String::from_utf8(output.stdout).unwrap())
    };
    let best = run("tuned.yaml", "trials.jsonl");
    let logged = trials(&place, "trials.jsonl");
    assert_eq!(best["trials"], logged.len());
    assert_eq!(logged[0]["point"], serde_json::json!({}), "the first is what the file says");
    let accuracy = |trial: &Value| trial["accuracy"].as_f64().unwrap();
    let most = logged.iter().map(accuracy).fold(0.0, f64::max);
    assert!(accuracy(&best["best"]) >= most - 1e-12);
    assert!(most > accuracy(&logged[0]), "a hopeless C is left behind: {logged:?}");

    let chosen = best["best"]["point"]["model_building.C"].as_f64().unwrap();
    let tuned = fs::read_to_string(place.path("tuned.yaml")).unwrap();
    assert!(tuned.contains(&format!("C: {chosen:?}")), "{tuned}");
    place.ok(&["train", "--data", "reviews.csv", "--params", "tuned.yaml", "--out", "tuned"]);

    run("again.yaml", "again.jsonl");
    assert_eq!(
        fs::read(place.path("again.jsonl")).unwrap(),
        fs::read(place.path("trials.jsonl")).unwrap()
    );
}

#[test]
fn a_search_that_makes_no_sense_is_refused_with_value_and_place() {
    let place = Place::new();
    for (yaml, says) in [
        ("tune: {folds: 1}", "tune.folds must be at least 2, got 1"),
        ("tune: {trials: 0}", "tune.trials must be at least 1, got 0"),
        (
            "tune: {ranges: {model_building.C: {log_uniform: [0.0, 1.0]}}}",
            "tune.ranges.model_building.C must be [from, to] with 0 < from <= to",
        ),
        ("tune: {ranges: {model_building.C: {uniform: [2.0, 1.0]}}}", "from <= to"),
        (
            "tune: {ranges: {model_building.D: {choice: [1]}}}",
            "tune.ranges.model_building.D must be a parameter",
        ),
        ("preset: better", "preset must be default, best or python-seed, got better"),
    ] {
        place.write("params.yaml", yaml);
        let output = place.run(&["tune", "--data", "reviews.csv"], b"");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        if yaml.contains(".D:") {
            // The first trial is what the parameters say; the others cannot be made.
            assert!(output.status.success(), "{said}");
        } else {
            assert_eq!(output.status.code(), Some(2), "{said}");
        }
        assert_says(&said, &[says]);
    }
}

#[test]
fn a_preset_is_what_keys_are_where_they_are_not_typed() {
    let place = Place::new();
    place.write("params.yaml", "preset: best\nmodel_building: {C: 3.5}\n");
    let typed = place.ok(&["params"]);
    assert_says(
        &typed,
        &["weighting: naive-bayes", "C: 3.5", "tokens: words-and-punctuation", "html: strip"],
    );
    place.write(
        "params.yaml",
        "feature_engineering: {max_features: 100}\ndata_ingestion: {test_size: 0.5}\n",
    );
    let laid_over = place.ok(&["params", "--preset", "best"]);
    assert_says(&laid_over, &["weighting: naive-bayes", "max_features: null", "test_size: 0.5"]);
    let seed = place.ok(&["params", "--preset", "python-seed"]);
    assert_says(&seed, &["stop_words: nltk-english", "lemmatizer: wordnet", "max_features: 20000"]);
    // What is printed is a file that says the same.
    place.write("params.yaml", &seed);
    assert_eq!(place.ok(&["params"]), seed);
}

#[test]
fn a_word_list_or_dictionary_that_is_not_there_is_told_with_its_key() {
    let place = Place::new();
    for (yaml, says) in [
        ("data_preprocessing: {stop_words: no/such/list}", "data_preprocessing.stop_words"),
        (
            "data_preprocessing: {lemmatizer: wordnet, wordnet: no/such/folder}",
            "data_preprocessing.wordnet",
        ),
    ] {
        place.write("params.yaml", yaml);
        let said = place.refused(&["train", "--data", "reviews.csv", "--out", "model"], b"");
        assert_says(&said, &[says, "no/such"]);
        assert!(!place.path("model").exists());
    }
}
