//! Columns weighed by naive Bayes, against scikit-learn's.

use crate::made::numbers;
use serde_json::Value;
use verdict_learning::learn::calibrate::out_of_fold;
use verdict_learning::learn::dense;
use verdict_learning::learn::facts::Facts;
use verdict_learning::learn::folds::Folds;
use verdict_learning::learn::logistic::{self, LogisticParams};
use verdict_learning::learn::matrix::Matrix;
use verdict_learning::learn::naive_bayes::Weighting;
use verdict_learning::learn::rows::{LocalRows, Question, Rows as _};
use verdict_learning::learn::select::{DocumentCount, VocabularyParams, fit_vectorizer};
use verdict_sentiment::{NgramRange, Vectorizer, VectorizerOptions};

/// Made by scikit-learn: see the script beside it.
fn golden() -> Value {
    serde_json::from_str(include_str!("../goldens/naive_bayes.json")).unwrap()
}

/// The corpus of the goldens: its vectoriser, rows and labels.
fn corpus() -> (Vectorizer, Matrix, Vec<bool>) {
    let goldens: Value =
        serde_json::from_str(include_str!("../../../sentiment/tests/goldens/sklearn.json"))
            .unwrap();
    let reviews = goldens["corpus"].as_array().unwrap();
    let texts: Vec<&str> = reviews.iter().map(|r| r["text"].as_str().unwrap()).collect();
    let labels = reviews.iter().map(|review| review["label"] == 1).collect();
    let params = VocabularyParams {
        options: VectorizerOptions {
            ngram_range: NgramRange::new(1, 2).unwrap(),
            sublinear_tf: true,
            ..VectorizerOptions::default()
        },
        min_df: DocumentCount::Count(1),
        max_df: DocumentCount::Fraction(1.0),
        max_features: None,
    };
    let vectorizer = fit_vectorizer(&texts, &params).unwrap();
    let matrix = Matrix::new(&vectorizer, &texts);
    (vectorizer, matrix, labels)
}

fn params(golden: &Value) -> LogisticParams {
    LogisticParams {
        c: golden["C"].as_f64().unwrap(),
        max_iter: 10_000,
        tol: 1e-9,
        weighting: Weighting::NaiveBayes { smoothing: golden["smoothing"].as_f64().unwrap() },
    }
}

fn assert_close(ours: &[f64], theirs: &[f64], tolerance: f64, what: &str) {
    assert_eq!(ours.len(), theirs.len(), "{what}");
    for (i, (a, b)) in ours.iter().zip(theirs).enumerate() {
        assert!((a - b).abs() <= tolerance, "{what} {i}: {a} {b}");
    }
}

#[test]
fn ratios_and_weights_are_scikit_learns() {
    let golden = golden();
    let (vectorizer, matrix, labels) = corpus();
    let terms: Vec<&str> = vectorizer.vocabulary().terms().collect();
    assert_eq!(serde_json::json!(terms), golden["terms"]);
    let params = params(&golden);
    let rows = LocalRows::of_reviews(&matrix, &labels);
    let ask = |about| rows.answer(None, &[Question { about, fold: None }]).map(|a| a[0].clone());
    let ratios = params.weighting.ratios(&matrix.columns, ask).unwrap().unwrap();
    // What tf is beyond 1 is kept as f32.
    assert_close(&matrix.columns.by_column(&ratios), &numbers(&golden["ratios"]), 1e-7, "ratio");
    let weights = numbers(&golden["weights"]);
    for (what, fit) in [
        ("lbfgs", logistic::fit(&LocalRows::of_reviews(&matrix, &labels), &params).unwrap()),
        ("linfa", dense::fit(&matrix, &labels, &params).unwrap()),
    ] {
        assert_close(&fit.weights, &weights, 2e-5, what);
        assert!((fit.intercept - golden["intercept"].as_f64().unwrap()).abs() < 2e-5, "{what}");
    }
}

#[test]
fn the_labels_of_a_fold_do_not_reach_its_own_scores() {
    let golden = golden();
    let (_, matrix, labels) = corpus();
    let params = params(&golden);
    let keys: Vec<u64> = matrix.rows().map(|row| row.key()).collect();
    let folds = Folds::new(&keys, &labels, 4);
    let scores_with = |labels: &[bool]| {
        let rows = LocalRows::of_reviews(&matrix, labels);
        let which: Vec<_> = (0..4).map(Some).collect();
        let fits = logistic::fit_folds(&rows, &folds, &which, &params).unwrap();
        out_of_fold(&rows, &Facts::new(&rows, u32::MAX), &folds, &fits).unwrap().0
    };
    let scores = scores_with(&labels);
    let fold = folds.fold(1);
    let flipped: Vec<bool> =
        labels.iter().enumerate().map(|(row, &label)| label != fold.has(row)).collect();
    let others = scores_with(&flipped);
    for row in (0..labels.len()).filter(|&row| fold.has(row)) {
        assert_eq!(scores[row].to_bits(), others[row].to_bits(), "row {row}");
    }
}
