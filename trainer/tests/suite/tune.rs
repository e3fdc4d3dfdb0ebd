//! Presets and the search for parameters, by the command line.

use crate::folder::{Folder, assert_says};
use serde_json::Value;

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

fn trials(folder: &Folder, log: &str) -> Vec<Value> {
    folder.text(log).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_search_logs_every_trial_and_writes_parameters_that_train() {
    let folder = Folder::new();
    folder.write("params.yaml", SEARCH);
    let run = |out: &str, log: &str| {
        let typed = format!("tune --data reviews.csv --out {out} --log {log} --json");
        let ran = folder.run(&typed, b"");
        assert_says(&ran.err, &["trial 0: ", "as the parameters say", "best so far"]);
        ran.json(0)
    };
    let best = run("tuned.yaml", "trials.jsonl");
    let logged = trials(&folder, "trials.jsonl");
    assert_eq!(best["trials"], logged.len());
    assert_eq!(logged[0]["point"], serde_json::json!({}), "the first is what the file says");
    let accuracy = |trial: &Value| trial["accuracy"].as_f64().unwrap();
    let most = logged.iter().map(accuracy).fold(0.0, f64::max);
    assert!(accuracy(&best["best"]) >= most - 1e-12);
    assert!(most > accuracy(&logged[0]), "a hopeless C is left behind: {logged:?}");

    let chosen = best["best"]["point"]["model_building.C"].as_f64().unwrap();
    assert_says(&folder.text("tuned.yaml"), &[&format!("C: {chosen:?}")]);
    folder.ok("train --data reviews.csv --params tuned.yaml --out tuned");

    run("again.yaml", "again.jsonl");
    assert_eq!(folder.read("again.jsonl"), folder.read("trials.jsonl"));
}

#[test]
fn a_search_can_measure_windows_instead_of_reviews() {
    let folder = Folder::new();
    let of = |windows: &str| {
        let yaml = format!("{{tune: {{trials: 1, windows: {windows}}}}}");
        folder.write("params.yaml", &yaml);
        let best = folder.run("tune --data reviews.csv --json", b"").json(0);
        best["best"]["log_loss"].clone()
    };
    // The reviews have one sentence each.
    assert_eq!(of("one_sentence"), of("null"));
    assert_ne!(of("words_25_to_50"), of("null"));
    folder.write("params.yaml", "tune: {windows: three_sentences}");
    folder.refused("tune --data reviews.csv", &["tune.windows", "one_sentence"]);
}

#[test]
fn a_search_that_makes_no_sense_is_refused_with_value_and_place() {
    let folder = Folder::new();
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
        ("preset: better", "preset must be default, sentences, best or python-seed, got better"),
    ] {
        folder.write("params.yaml", yaml);
        let ran = folder.run("tune --data reviews.csv", b"");
        // The first trial is what the parameters say; those with a key that is none cannot be made.
        assert_eq!(ran.code, Some(if yaml.contains(".D:") { 0 } else { 2 }), "{ran:?}");
        assert_says(&ran.err, &[says]);
    }
}

#[test]
fn a_preset_is_what_keys_are_where_they_are_not_typed() {
    let folder = Folder::new();
    folder.write("params.yaml", "preset: best\nmodel_building: {C: 3.5}\n");
    let typed = folder.ok("params");
    assert_says(
        &typed,
        &["weighting: naive-bayes", "C: 3.5", "tokens: words-and-punctuation", "html: strip"],
    );
    folder.write(
        "params.yaml",
        "feature_engineering: {max_features: 100}\ndata_ingestion: {test_size: 0.5}\n",
    );
    let laid_over = folder.ok("params --preset best");
    assert_says(&laid_over, &["weighting: naive-bayes", "max_features: null", "test_size: 0.5"]);
    let seed = folder.ok("params --preset python-seed");
    assert_says(&seed, &["stop_words: nltk-english", "lemmatizer: wordnet", "max_features: 20000"]);
    // What is printed is a file that says the same.
    folder.write("params.yaml", &seed);
    assert_eq!(folder.ok("params"), seed);
}

#[test]
fn a_word_list_or_dictionary_that_is_not_there_is_told_with_its_key() {
    let folder = Folder::new();
    for (yaml, says) in [
        ("data_preprocessing: {stop_words: no/such/list}", "data_preprocessing.stop_words"),
        (
            "data_preprocessing: {lemmatizer: wordnet, wordnet: no/such/folder}",
            "data_preprocessing.wordnet",
        ),
    ] {
        folder.write("params.yaml", yaml);
        folder.refuses_data("reviews.csv", &[says, "no/such"]);
    }
}
