//! Labelled files as training sees them: the order of their rows, their split, and few reviews of a
//! class.

use crate::folder::{Folder, assert_says};
use crate::made::{reviews, write_csv};
use serde_json::json;
use std::path::Path;
use tempfile::TempDir;
use verdict_learning::corpus::Corpus;
use verdict_trainer::ingest::file::{SplitName, read_corpus};
use verdict_trainer::params::Params;
use verdict_trainer::training::train;

fn params(yaml: &str) -> Params {
    Params::from_yaml(yaml, "params.yaml").unwrap()
}

/// Puts the rows of a file in another order, the same one every time.
fn shuffled<T>(rows: Vec<T>) -> Vec<T> {
    let n = rows.len();
    let mut keyed: Vec<(usize, T)> =
        rows.into_iter().enumerate().map(|(i, row)| (i.wrapping_mul(7_919) % n, row)).collect();
    keyed.sort_by_key(|(key, _)| *key);
    keyed.into_iter().map(|(_, row)| row).collect()
}

fn read(path: &Path) -> Corpus {
    let ingestion = params("").data_ingestion;
    read_corpus(path, SplitName::All, &ingestion.split).unwrap()
}

#[test]
fn the_order_of_rows_with_ids_does_not_matter() {
    let dir = TempDir::new().unwrap();
    let (one, other) = (dir.path().join("one.csv"), dir.path().join("other.csv"));
    // Ids that stand twice, with different texts: they too must have one order.
    let mut rows = reviews(200);
    rows[17].id = rows[3].id.clone();
    rows[90].id = rows[3].id.clone();
    write_csv(&one, &rows);
    write_csv(&other, &shuffled(rows));
    assert_ne!(std::fs::read(&one).unwrap(), std::fs::read(&other).unwrap());
    let (one, other) = (read(&one), read(&other));
    assert_eq!(one.sha256, other.sha256);
    let artifact = |corpus: &Corpus| train(corpus, &params(""), "test").unwrap().artifact.clone();
    assert!(artifact(&one) == artifact(&other));
}

#[test]
fn a_source_without_a_split_is_split_by_its_texts_alone() {
    let dir = TempDir::new().unwrap();
    let (one, other) = (dir.path().join("one.csv"), dir.path().join("other.csv"));
    let mut rows = reviews(400);
    let twice = rows[5].text.clone();
    rows.extend(reviews(400).into_iter().take(50));
    write_csv(&one, &rows);
    write_csv(&other, &shuffled(rows.clone()));
    let ingestion = params("data_ingestion: {test_size: 0.25, seed: 7}").data_ingestion;
    let part = |path: &Path, split| read_corpus(path, split, &ingestion.split).unwrap();
    let (train, test) = (part(&one, SplitName::Train), part(&one, SplitName::Test));
    assert_eq!(train.len() + test.len(), rows.len());
    assert!((60..=170).contains(&test.len()), "{}", test.len());
    assert!(!test.texts.iter().any(|text| train.texts.contains(text)));
    assert_ne!(
        train.texts.contains(&twice),
        test.texts.contains(&twice),
        "equal texts are on one side"
    );
    assert_eq!(train, part(&other, SplitName::Train));
    assert_eq!(test, part(&other, SplitName::Test));
}

/// So many reviews of five words as JSON lines, positive where it is said; words have a side, but
/// for one in ten.
fn json_lines(n: usize, is_positive: impl Fn(usize) -> bool) -> String {
    let line = |i: usize| {
        let label = is_positive(i);
        let word = |k: usize| {
            let draw = (i * 7919 + k * 104_729) % 1009;
            let side = label != draw.is_multiple_of(10);
            [["dull", "awful", "weak"], ["superb", "warm", "witty"]][usize::from(side)][draw % 3]
        };
        let words: Vec<&str> = (0..5).map(word).collect();
        let text = format!("{} scene {i}", words.join(" "));
        json!({ "id": format!("{i:04}"), "text": text, "label": u8::from(label) }).to_string()
    };
    (0..n).map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn training_and_search_take_a_periodic_and_a_sorted_file() {
    let folder = Folder::new();
    let tune = "{trials: 2, ranges: {model_building.C: {uniform: [1.0, 20.0]}}}";
    let features = "{ngram_range: [1, 1]}";
    folder.write("params.yaml", format!("feature_engineering: {features}\ntune: {tune}\n"));
    for (name, is_positive) in [
        ("periodic.jsonl", (|i| i % 3 == 0) as fn(usize) -> bool),
        ("sorted.jsonl", |i| i >= 80),
        ("rare.jsonl", |i| i < 6),
    ] {
        folder.write(name, json_lines(120, is_positive));
        folder.ok(&format!("train --data {name} --split all --out model"));
        let best = folder.run(&format!("tune --data {name} --json"), b"").json(0);
        assert!(best["best"]["accuracy"].as_f64().unwrap() > 0.9, "{best}");
    }
}

#[test]
fn fewer_reviews_of_a_class_than_folds_are_refused_with_bound_and_key() {
    let folder = Folder::new();
    folder.write("rare.jsonl", json_lines(60, |i| i < 2));
    folder.write("params.yaml", "data_ingestion: {test_size: 0.001}\n");
    let bound = "at most the number of reviews of the rarer class, 2, got 3 (params.yaml)";
    for (typed, key) in [
        ("train --data rare.jsonl --split all --out new", "calibration.folds"),
        ("tune --data rare.jsonl", "tune.folds"),
    ] {
        let ran = folder.run(typed, b"");
        assert_says(ran.refused(2), &[&format!("{key} must be {bound}")]);
    }
}
