//! Vocabularies, TF-IDF rows and regressions against scikit-learn's and linfa's.

use crate::made::numbers;
use proptest::prelude::*;
use serde_json::Value;
use std::collections::BTreeMap;
use verdict_learning::learn::dense;
use verdict_learning::learn::logistic::{self, LogisticParams};
use verdict_learning::learn::matrix::Matrix;
use verdict_learning::learn::naive_bayes::Weighting;
use verdict_learning::learn::rows::LocalRows;
use verdict_learning::learn::select::{
    DocumentCount, SelectError, VocabularyParams, fit_vectorizer,
};
use verdict_sentiment::{
    Analyzer, NgramRange, Norm, Scratch, TokenPattern, Vectorizer, VectorizerOptions,
};

/// Made by scikit-learn: see the script beside it.
fn goldens() -> Value {
    serde_json::from_str(include_str!("../../../sentiment/tests/goldens/sklearn.json")).unwrap()
}

fn strings(value: &Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

fn texts(goldens: &Value) -> Vec<String> {
    let reviews = goldens["corpus"].as_array().unwrap().iter();
    reviews.map(|review| review["text"].as_str().unwrap().to_owned()).collect()
}

fn count(value: &Value) -> DocumentCount {
    value.as_u64().map_or_else(
        || DocumentCount::Fraction(value.as_f64().unwrap()),
        |count| DocumentCount::Count(i64::try_from(count).unwrap()),
    )
}

fn params(golden: &Value) -> VocabularyParams {
    let range = golden["ngram_range"].as_array().unwrap();
    let tokens = |i: usize| usize::try_from(range[i].as_u64().unwrap()).unwrap();
    VocabularyParams {
        options: VectorizerOptions {
            ngram_range: NgramRange::new(tokens(0), tokens(1)).unwrap(),
            sublinear_tf: golden["sublinear_tf"].as_bool().unwrap(),
            binary: golden["binary"].as_bool().unwrap_or(false),
            use_idf: golden["use_idf"].as_bool().unwrap_or(true),
            norm: match golden.get("norm") {
                None => Norm::L2,
                Some(Value::Null) => Norm::None,
                Some(other) => panic!("no such norm: {other}"),
            },
            analyzer: Analyzer {
                lowercase: golden["lowercase"].as_bool().unwrap_or(true),
                token_pattern: match golden["token_pattern"].as_str() {
                    None => TokenPattern::Words,
                    Some(r"(?u)\w+|[^\w\s]") => TokenPattern::WordsAndPunctuation,
                    Some(other) => panic!("no such pattern: {other}"),
                },
                ..Analyzer::default()
            },
        },
        min_df: count(&golden["min_df"]),
        max_df: count(&golden["max_df"]),
        max_features: golden["max_features"].as_u64().map(|most| usize::try_from(most).unwrap()),
    }
}

fn assert_rows(vectorizer: &Vectorizer, texts: &[String], golden: &Value, what: &str) {
    let mut scratch = Scratch::default();
    for (text, expected) in texts.iter().zip(golden.as_array().unwrap()) {
        let (columns, values) = vectorizer.transform(&mut scratch, text);
        let got: BTreeMap<u32, f64> = columns.iter().copied().zip(values.iter().copied()).collect();
        let pairs = expected.as_array().unwrap().iter();
        let expected: BTreeMap<u32, f64> = pairs
            .map(|pair| {
                (u32::try_from(pair[0].as_u64().unwrap()).unwrap(), pair[1].as_f64().unwrap())
            })
            .collect();
        assert_eq!(
            got.keys().collect::<Vec<_>>(),
            expected.keys().collect::<Vec<_>>(),
            "{what}: columns of {text:?}"
        );
        for (column, value) in &got {
            assert!(
                (value - expected[column]).abs() < 1e-12,
                "{what}: {text:?} column {column}: {value}"
            );
        }
    }
}

#[test]
fn vocabularies_idf_and_rows_are_scikit_learns() {
    let goldens = goldens();
    let (corpus, unseen) = (texts(&goldens), strings(&goldens["unseen"]));
    for golden in goldens["tfidf"].as_array().unwrap() {
        let what = golden["params"].to_string();
        let vectorizer = fit_vectorizer(&corpus, &params(&golden["params"])).unwrap();
        let terms: Vec<&str> = vectorizer.vocabulary().terms().collect();
        assert_eq!(terms, strings(&golden["terms"]), "{what}");
        for (got, expected) in vectorizer.idf().iter().zip(numbers(&golden["idf"])) {
            assert!((got - expected).abs() < 1e-12, "{what}: idf {got} {expected}");
        }
        assert_rows(&vectorizer, &corpus, &golden["corpus_rows"], &what);
        assert_rows(&vectorizer, &unseen, &golden["unseen_rows"], &what);
    }
}

#[test]
fn weights_are_scikit_learns() {
    let goldens = goldens();
    let corpus = texts(&goldens);
    let labels: Vec<bool> =
        goldens["corpus"].as_array().unwrap().iter().map(|review| review["label"] == 1).collect();
    for golden in goldens["logistic"].as_array().unwrap() {
        let tfidf = &goldens["tfidf"][usize::try_from(golden["tfidf"].as_u64().unwrap()).unwrap()];
        let vectorizer = fit_vectorizer(&corpus, &params(&tfidf["params"])).unwrap();
        let matrix = Matrix::new(&vectorizer, &corpus);
        let params = LogisticParams {
            c: golden["params"]["C"].as_f64().unwrap(),
            max_iter: 10_000,
            tol: 1e-10,
            weighting: Weighting::None,
        };
        let fit = logistic::fit(&LocalRows::of_reviews(&matrix, &labels), &params).unwrap();
        assert!(fit.converged);
        assert!((fit.intercept - golden["intercept"].as_f64().unwrap()).abs() < 1e-6);
        for (got, expected) in fit.weights.iter().zip(numbers(&golden["coefficients"])) {
            assert!((got - expected).abs() < 1e-6, "{got} {expected}");
        }
    }
}

fn corpora() -> impl Strategy<Value = Vec<(String, bool)>> {
    let word = prop::sample::select(vec![
        "good", "bad", "film", "plot", "not", "very", "cast", "dull", "fun", "long",
    ]);
    let text = prop::collection::vec(word, 1..12).prop_map(|words| words.join(" "));
    prop::collection::vec((text, any::<bool>()), 6..40)
}

fn vocabulary(max_features: Option<usize>, min_df: u32) -> VocabularyParams {
    VocabularyParams {
        options: VectorizerOptions {
            ngram_range: NgramRange::new(1, 3).unwrap(),
            sublinear_tf: true,
            ..VectorizerOptions::default()
        },
        min_df: DocumentCount::Count(min_df.into()),
        max_df: DocumentCount::Fraction(1.0),
        max_features,
    }
}

/// The vocabulary without any shortcut: counts everything, then sorts.
fn plainly(texts: &[String], max_features: usize, min_df: usize) -> Vec<String> {
    let mut counts: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for text in texts {
        let words: Vec<&str> = text.split(' ').collect();
        let mut seen = std::collections::BTreeSet::new();
        for n in 1..=3 {
            for gram in words.windows(n).map(|gram| gram.join(" ")) {
                let count = counts.entry(gram.clone()).or_default();
                count.0 += 1;
                count.1 += usize::from(seen.insert(gram));
            }
        }
    }
    let mut ranked: Vec<_> = counts.into_iter().filter(|(_, (_, df))| *df >= min_df).collect();
    ranked.sort_by(|(a, (x, _)), (b, (y, _))| y.cmp(x).then_with(|| a.cmp(b)));
    let mut terms: Vec<String> =
        ranked.into_iter().take(max_features).map(|(term, _)| term).collect();
    terms.sort();
    terms
}

proptest! {
    #[test]
    fn counting_only_what_matters_gives_the_vocabulary_of_counting_everything(
        corpus in corpora(), max_features in 1_usize..60, min_df in 1_usize..4
    ) {
        let texts: Vec<String> = corpus.into_iter().map(|(text, _)| text).collect();
        let expected = plainly(&texts, max_features, min_df);
        match fit_vectorizer(&texts, &vocabulary(Some(max_features), u32::try_from(min_df).unwrap())) {
            Ok(vectorizer) => prop_assert_eq!(vectorizer.vocabulary().terms().collect::<Vec<_>>(), expected),
            Err(SelectError::Empty { .. }) => prop_assert!(expected.is_empty()),
            Err(error) => prop_assert!(false, "{}", error),
        }
    }

    #[test]
    fn the_sparse_solver_agrees_with_linfa(corpus in corpora(), c in 0.1_f64..20.0) {
        let (texts, labels): (Vec<String>, Vec<bool>) = corpus.into_iter().unzip();
        prop_assume!(labels.contains(&true) && labels.contains(&false));
        let vectorizer = fit_vectorizer(&texts, &vocabulary(None, 1)).unwrap();
        let matrix = Matrix::new(&vectorizer, &texts);
        let params = LogisticParams { c, max_iter: 2000, tol: 1e-9, weighting: Weighting::None };
        let ours = logistic::fit(&LocalRows::of_reviews(&matrix, &labels), &params).unwrap();
        let theirs = dense::fit(&matrix, &labels, &params).unwrap();
        prop_assert!((ours.intercept - theirs.intercept).abs() < 1e-4, "{} {}", ours.intercept, theirs.intercept);
        for (a, b) in ours.weights.iter().zip(&theirs.weights) {
            prop_assert!((a - b).abs() < 1e-4, "{a} {b}");
        }
    }
}
