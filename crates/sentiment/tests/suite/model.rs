//! Scores, explanations and the model file.

use crate::damage::{assert_refused, forged};
use proptest::prelude::*;
use serde_json::{Value, json};
use verdict_sentiment::{
    ArtifactError, Calibration, Label, Model, ModelParts, NgramRange, Scratch, Vectorizer,
    VectorizerOptions, Vocabulary,
};

const EXAMPLES: &[&str] = &["", "a good film", "bad, bad, not good at all"];
/// Written by the first release of format 1 from [`parts`]; it must load for ever.
pub(crate) const FORMAT_1: &[u8] = include_bytes!("../goldens/format-1.verdict");

fn parts() -> ModelParts {
    let terms =
        ["at all", "bad", "café", "film", "good", "good film", "not", "not good", "not good at"];
    let weights = vec![-0.25, -2.5, 0.125, 0.05, 1.75, 0.5, -0.75, -1.5, -0.5];
    let df = vec![3, 40, 2, 80, 50, 9, 60, 7, 2];
    let vocabulary = Vocabulary::new(terms).unwrap();
    let options = VectorizerOptions {
        ngram_range: NgramRange::new(1, 3).unwrap(),
        sublinear_tf: true,
        ..VectorizerOptions::default()
    };
    let vectorizer = Vectorizer::new(vocabulary, options, 100, df).unwrap();
    ModelParts {
        name: "tiny".into(),
        vectorizer,
        weights,
        intercept: 0.1,
        calibration: Calibration { slope: 1.1, offset: -0.05, long: None },
        about: json!({ "params": { "C": 10.0 }, "made": "by hand" }),
    }
}

fn artifact() -> Vec<u8> {
    Model::encode(parts(), EXAMPLES).unwrap()
}

fn model() -> Model {
    Model::from_bytes(&artifact()).unwrap()
}

#[test]
fn the_kept_example_of_format_1_still_loads_and_is_still_what_is_written() {
    assert_eq!(artifact(), FORMAT_1);
    let model = Model::from_bytes(FORMAT_1).unwrap();
    assert_eq!(model.n_terms(), 9);
    assert_eq!(model.identity().name, "tiny");
    assert_eq!(model.identity().version, model.identity().sha256[..12]);
    assert_eq!(model.parts().about["made"], "by hand");
}

#[test]
fn a_score_is_the_sum_that_can_be_done_by_hand() {
    let idf = |df: f64| (101.0 / (1.0 + df)).ln() + 1.0;
    let row = [(idf(50.0), 1.75), (idf(80.0), 0.05), (idf(9.0), 0.5)]; // good, film, good film
    let norm = row.iter().map(|(x, _)| x * x).sum::<f64>().sqrt();
    let expected = 0.1 + row.iter().map(|(x, w)| x / norm * w).sum::<f64>();
    let score = model().score(&mut Scratch::default(), "A GOOD film!");
    assert!((score.score - expected).abs() < 1e-8, "{} {expected}", score.score);
    assert!((score.probability - 1.0 / (1.0 + (-(1.1 * expected - 0.05)).exp())).abs() < 1e-8);
    assert_eq!(score.label, Label::Positive);
}

#[test]
fn a_review_without_a_known_term_has_the_intercept() {
    let model = model();
    for text in ["", " ", "\u{0}\u{7f}", "🎬🎬", "unknown words only", "a b c d"] {
        assert!((model.score(&mut Scratch::default(), text).score - 0.1).abs() < 1e-9, "{text:?}");
    }
}

#[test]
fn an_explanation_lists_the_strongest_terms_first() {
    let model = model();
    let explanation = model.explain(&mut Scratch::default(), "not good at all, a bad film", 3);
    assert_eq!(explanation.terms.len(), 3);
    assert!(explanation.terms.windows(2).all(|pair| pair[0].weight.abs() >= pair[1].weight.abs()));
    assert!(explanation.rest != 0.0);
}

fn review() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "good", "bad", "not", "at", "all", "film", "Café", "xyz", "!", "\n",
    ]);
    prop::collection::vec(word, 0..60).prop_map(|words| words.join(" "))
}

proptest! {
    #[test]
    fn every_text_has_a_finite_score(text in any::<String>()) {
        let score = model().score(&mut Scratch::default(), &text);
        prop_assert!(score.score.is_finite() && (0.0..=1.0).contains(&score.probability));
        prop_assert_eq!(score.label == Label::Positive, score.probability >= 0.5);
    }

    #[test]
    fn explanations_sum_to_the_score_to_the_last_bit_in_any_order(text in review(), max_terms in 0_usize..12) {
        let model = model();
        let mut scratch = Scratch::default();
        let explanation = model.explain(&mut scratch, &text, max_terms);
        let weights = explanation.terms.iter().map(|term| term.weight);
        let forwards = weights.clone().fold(explanation.intercept, |sum, weight| sum + weight) + explanation.rest;
        let backwards = weights.rev().fold(explanation.rest, |sum, weight| sum + weight) + explanation.intercept;
        prop_assert_eq!(forwards, explanation.score.score);
        prop_assert_eq!(backwards, explanation.score.score);
        prop_assert_eq!(model.score(&mut scratch, &text), explanation.score);
    }

    #[test]
    fn a_score_does_not_depend_on_the_review_before(first in review(), second in review()) {
        let model = model();
        let mut reused = Scratch::default();
        model.score(&mut reused, &first);
        prop_assert_eq!(model.score(&mut reused, &second), model.score(&mut Scratch::default(), &second));
    }

}

#[test]
fn bytes_behind_the_end_are_refused() {
    let mut bytes = artifact();
    bytes.push(0);
    assert_eq!(Model::from_bytes(&bytes).unwrap_err(), ArtifactError::Checksum);
}

#[test]
fn forged_numbers_are_refused_though_the_checksum_fits() {
    let cases: &[(usize, &[u8], &str)] = &[
        (20, &u32::MAX.to_le_bytes(), "number of terms must be at most"),
        (20, &1_000_000_u32.to_le_bytes(), "truncated: document frequencies"),
        (24, &1_u32.to_le_bytes(), "document frequency of term 0 must be between 1 and 1"),
        (28, &0_u32.to_le_bytes(), "ngram_range"),
        (32, &u32::MAX.to_le_bytes(), "longest n-gram must be at most 8"),
        (36, &2_u32.to_le_bytes(), "flags"),
        (40, &f64::NAN.to_le_bytes(), "intercept must be between"),
        (48, &(-1.0_f64).to_le_bytes(), "calibration must be finite with a slope above 0"),
        (48, &2.0_f64.to_le_bytes(), ""), // a calibration that nobody can tell is wrong
        (40, &0.2_f64.to_le_bytes(), "self-test failed: example 0 must score 0.0"),
        (64, &u32::MAX.to_le_bytes(), "length of the name must be at most 256"),
        (68, &u32::MAX.to_le_bytes(), "length of the terms must be at most"),
        (80, &1_u32.to_le_bytes(), "reserved"),
    ];
    assert_refused(FORMAT_1, cases);
}

#[test]
fn a_weight_that_is_not_a_number_is_refused() {
    let at = FORMAT_1.windows(4).position(|bytes| bytes == (-2.5_f32).to_le_bytes()).unwrap();
    let error = Model::from_bytes(&forged(FORMAT_1, at, &f32::NAN.to_le_bytes())).unwrap_err();
    assert!(
        error.to_string().starts_with("weight must be between -1024 and 1024, got NaN"),
        "{error}"
    );
    let error = Model::from_bytes(&forged(FORMAT_1, at, &2.5_f32.to_le_bytes())).unwrap_err();
    assert!(error.to_string().contains("self-test failed: example 2"), "{error}");
}

#[test]
fn the_future_and_other_formats_are_told_apart() {
    let error = Model::from_bytes(&forged(FORMAT_1, 8, &4_u32.to_le_bytes())).unwrap_err();
    assert!(error.to_string().starts_with("model format version must be 1 to 3, got 4"), "{error}");
    let error = Model::from_bytes(b"\x80\x04\x95\x10\x00\x00\x00\x00sklearn").unwrap_err();
    assert!(error.to_string().contains("not a Verdict model"), "{error}");
    assert!(Model::from_bytes(b"").is_err());
}

#[test]
fn what_no_loader_would_take_is_not_written() {
    let mut bad = parts();
    bad.weights[0] = f32::INFINITY;
    assert!(Model::encode(bad, EXAMPLES).is_err());
    let mut bad = parts();
    bad.weights.pop();
    assert!(Model::encode(bad, EXAMPLES).is_err());
    let mut bad = parts();
    bad.about = Value::Null;
    assert!(Model::encode(bad, EXAMPLES).is_err());
}

#[test]
fn vocabularies_out_of_order_are_refused() {
    assert!(Vocabulary::new(["b", "a"]).is_err());
    assert!(Vocabulary::new(["a", "a"]).is_err());
    assert!(Vocabulary::new(["", "a"]).is_err());
    let vocabulary = Vocabulary::new(["aa", "aa bb", "bb"]).unwrap();
    assert_eq!(vocabulary.terms().collect::<Vec<_>>(), ["aa", "aa bb", "bb"]);
    assert_eq!(vocabulary.column(verdict_sentiment::term_hash("aa bb")), Some(1));
    assert_eq!(vocabulary.column(verdict_sentiment::term_hash("cc")), None);
}
