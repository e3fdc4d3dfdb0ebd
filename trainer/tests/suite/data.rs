//! Labelled files as training sees them: their split, and few reviews of a class.

use crate::folder::{Folder, assert_says};
use crate::made::{reviews, write_csv};
use std::path::Path;
use tempfile::TempDir;
use verdict_trainer::ingest::file::{SplitName, read_corpus};
use verdict_trainer::params::Params;

/// Puts the rows of a file in another order, the same one every time.
fn shuffled<T>(rows: Vec<T>) -> Vec<T> {
    let n = rows.len();
    let mut keyed: Vec<(usize, T)> =
        rows.into_iter().enumerate().map(|(i, row)| (i.wrapping_mul(7_919) % n, row)).collect();
    keyed.sort_by_key(|(key, _)| *key);
    keyed.into_iter().map(|(_, row)| row).collect()
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
    let yaml = "data_ingestion: {test_size: 0.25, seed: 7}";
    let rule = Params::from_yaml(yaml, "params.yaml").unwrap().data_ingestion.split;
    let part = |path: &Path, split| read_corpus(path, split, &rule).unwrap();
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

#[test]
fn fewer_reviews_of_a_class_than_folds_are_refused_with_bound_and_key() {
    let folder = Folder::new();
    let rows: String = (0..60).map(|i| format!("film {i},{}\n", u8::from(i < 2))).collect();
    folder.write("rare.csv", format!("review,sentiment\n{rows}"));
    folder.write("params.yaml", "data_ingestion: {test_size: 0.001}\n");
    let bound = "at most the number of reviews of the rarer class, 2, got 3 (params.yaml)";
    for (typed, key) in [
        ("train --data rare.csv --split all --out new", "calibration.folds"),
        ("tune --data rare.csv", "tune.folds"),
    ] {
        let ran = folder.run(typed, b"");
        assert_says(ran.refused(2), &[&format!("{key} must be {bound}")]);
    }
}
