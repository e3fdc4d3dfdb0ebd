//! Training as a function: the same bytes for the same input, and a model for any text.

use crate::made::{reviews, write_csv};
use std::path::Path;
use tempfile::TempDir;
use verdict_learning::corpus::Corpus;
use verdict_learning::train::{TrainError, Trained};
use verdict_sentiment::{Model, Reference, Scratch};
use verdict_trainer::ingest::file::{SplitName, read_corpus};
use verdict_trainer::params::Params;

fn train(corpus: &Corpus, params: &Params, name: &str) -> Result<Trained, TrainError> {
    params.train.fit(corpus, name)
}

fn params(yaml: &str) -> Params {
    Params::from_yaml(yaml, "params.yaml").unwrap()
}

fn corpus(n: usize) -> Corpus {
    reviews(n).into_iter().map(|review| (review.text, review.positive)).collect()
}

fn artifact(corpus: &Corpus, params: &Params, threads: usize) -> Vec<u8> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| train(corpus, params, "test")).unwrap().artifact
}

#[test]
fn any_number_of_threads_and_any_run_give_the_same_bytes() {
    let corpus = corpus(600);
    for yaml in [
        "",
        "feature_engineering: {max_features: 50}",
        "feature_engineering: {max_features: null, min_df: 2, max_df: 0.8, ngram_range: [2, 4]}",
        "{model_building: {solver: linfa}, feature_engineering: {max_features: 60}}",
        "calibration: {method: none}",
    ] {
        let params = params(yaml);
        let first = artifact(&corpus, &params, 1);
        for threads in [1, 2, 5] {
            assert!(artifact(&corpus, &params, threads) == first, "{threads} threads, {yaml:?}");
        }
    }
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
    let params = params("");
    assert!(artifact(&one, &params, 2) == artifact(&other, &params, 2));
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

#[test]
fn linfa_and_lbfgs_find_nearly_the_same_weights() {
    let corpus = corpus(300);
    let features = "feature_engineering: {max_features: 80}, calibration: {method: none}";
    let weights = |solver: &str| {
        let yaml = format!(
            "{{model_building: {{solver: {solver}, tol: 1.0e-8, max_iter: 5000}}, {features}}}"
        );
        let model = Model::from_bytes(&artifact(&corpus, &params(&yaml), 2)).unwrap();
        let parts = model.parts();
        let terms: Vec<String> = parts.vectorizer.vocabulary().terms().map(str::to_owned).collect();
        (terms, parts.weights.clone(), parts.intercept)
    };
    let (ours, theirs) = (weights("lbfgs"), weights("linfa"));
    assert_eq!(ours.0, theirs.0);
    assert!((ours.2 - theirs.2).abs() < 1e-3, "intercepts {} {}", ours.2, theirs.2);
    for ((term, a), b) in ours.0.iter().zip(&ours.1).zip(&theirs.1) {
        assert!((a - b).abs() < 1e-3, "{term}: {a} {b}");
    }
}

#[test]
fn strange_texts_train_and_score() {
    let strange = [
        "",
        " \t\r\n",
        "a",
        "<br /><p class=\"x\">good &amp; bad &#128512;</p>",
        "👍👎 🇩🇪 👨‍👩‍👧‍👦 \u{200d}\u{fe0f}",
        "\0\u{1}\u{7f}\u{85}\u{feff}\u{202e}",
        "ÀÉÎ ß ſ İ ı Σς ﬁ 你好世界 مرحبا नमस्ते ไทย",
        "e\u{301}\u{301}\u{301} \u{10ffff}",
        "________ 0000000 1e308 -0",
    ];
    let long = "word ".repeat(50_000) + &"x".repeat(100_000);
    let all = || strange.iter().copied().chain([long.as_str()]);
    let rows =
        all().zip([true, false].into_iter().cycle()).map(|(text, label)| (text.to_owned(), label));
    let corpus: Corpus =
        reviews(100).into_iter().map(|review| (review.text, review.positive)).chain(rows).collect();
    let bytes = artifact(&corpus, &params(""), 2);
    assert!(bytes == artifact(&corpus, &params(""), 5));
    let model = Model::from_bytes(&bytes).unwrap();
    let mut scratch = Scratch::default();
    for text in all() {
        let score = model.score(&mut scratch, text);
        assert!(score.score.is_finite(), "{text:.40?}");
        assert!((0.0..=1.0).contains(&score.probability), "{text:.40?}");
        let explanation = model.explain(&mut scratch, text, 5);
        let sum = explanation.terms.iter().map(|term| term.weight).sum::<f64>()
            + explanation.rest
            + explanation.intercept;
        assert_eq!(sum.to_bits(), explanation.score.score.to_bits(), "{text:.40?}");
    }
}

#[test]
fn duplicates_count_as_often_as_they_stand_and_contradictions_are_no_error() {
    let rows: Vec<(String, bool)> = corpus(120).texts.into_iter().zip(corpus(120).labels).collect();
    let twice: Corpus = rows.iter().chain(&rows).cloned().collect();
    let trained = train(&twice, &params(""), "test").unwrap();
    assert_eq!(
        Model::from_bytes(&trained.artifact).unwrap().parts().about["data"]["n_reviews"],
        240
    );
    let contradicted: Corpus = rows
        .iter()
        .cloned()
        .chain(rows.iter().take(20).map(|(text, label)| (text.clone(), !label)))
        .collect();
    assert!(train(&contradicted, &params(""), "test").unwrap().converged);
}

#[test]
fn what_cannot_be_trained_on_is_an_error_that_says_what_must_hold() {
    let one_class: Corpus = (0..9).map(|i| (format!("good film {i}"), true)).collect();
    assert!(matches!(
        train(&one_class, &params(""), "test"),
        Err(TrainError::OneClass { positive: 9, negative: 0 })
    ));
    let nothing = Corpus::from_iter([]);
    assert!(matches!(train(&nothing, &params(""), "test"), Err(TrainError::OneClass { .. })));
    let few: Corpus = [("good", true), ("bad", false)]
        .map(|(text, label)| (text.to_owned(), label))
        .into_iter()
        .collect();
    let error = train(&few, &params(""), "test").unwrap_err();
    assert_eq!(
        error.to_string(),
        "folds must be at most the number of reviews of the rarer class, 1, got 3"
    );
    let no_words: Corpus = (0..20).map(|i| ("! ?".to_owned(), i % 2 == 0)).collect();
    let error = train(&no_words, &params(""), "test").unwrap_err();
    assert!(error.to_string().starts_with("the vocabulary is empty: of 20 reviews"), "{error}");
    // Chance: the same text under both labels says nothing, and a calibration cannot make it say
    // something.
    let same: Corpus = (0..40).map(|i| ("the same film".to_owned(), i % 2 == 0)).collect();
    match train(&same, &params(""), "test") {
        Ok(trained) => {
            let model = Model::from_bytes(&trained.artifact).unwrap();
            let p = model.score(&mut Scratch::default(), "the same film").probability;
            assert!((p - 0.5).abs() < 0.05, "{p}");
        }
        Err(error) => assert!(error.to_string().contains("slope"), "{error}"),
    }
}

#[test]
fn a_very_strong_and_a_very_weak_penalty_give_a_model() {
    let corpus = corpus(200);
    for c in ["1.0e-8", "1.0e+6"] {
        let yaml = format!("{{model_building: {{C: {c}}}, calibration: {{method: none}}}}");
        let trained = train(&corpus, &params(&yaml), "test").unwrap();
        let model = Model::from_bytes(&trained.artifact).unwrap();
        let score = model.score(&mut Scratch::default(), &corpus.texts[0]);
        assert!(score.score.is_finite(), "C {c}");
    }
}

#[test]
fn a_model_carries_what_its_training_reviews_looked_like() {
    let reference = |yaml: &str| {
        let model = Model::from_bytes(&artifact(&corpus(600), &params(yaml), 2)).unwrap();
        Reference::of_about(&model.parts().about).unwrap().unwrap()
    };
    let all = reference("");
    for bins in [&all.tokens, &all.oov, &all.probability.unwrap()] {
        assert_eq!(bins.n(), 600);
        assert!((1..=10).contains(&bins.n_bins()), "{bins:?}");
    }
    assert!(all.tokens.mean() >= 1.0, "{:?}", all.tokens);
    // In the review itself every term of it is known; what no other review has is new all the same.
    assert!(all.oov.mean() < 1.0, "{:?}", all.oov);
    let few = reference("{feature_engineering: {min_df: 0.5}, calibration: {method: none}}");
    assert!(few.oov.mean() > all.oov.mean(), "{few:?}");
    // Scores of the training reviews themselves would be too extreme to compare with.
    assert_eq!(few.probability, None);
}
