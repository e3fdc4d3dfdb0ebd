//! The model file of format 3: negation, and a calibration that knows the length.

use crate::damage::assert_refused;
use proptest::prelude::*;
use serde_json::json;
use verdict_sentiment::{
    Analyzer, Calibration, FORMAT_VERSION, Model, ModelParts, Negation, NgramRange, Scratch,
    TokenPattern, Vectorizer, VectorizerOptions, Vocabulary,
};

const EXAMPLES: &[&str] = &["", "Not bad at all", "good films"];
/// Written by the first release of format 3 from [`parts`]; it must load for ever.
const FORMAT_3: &[u8] = include_bytes!("../goldens/format-3.verdict");
const LONG: Calibration = Calibration { slope: 0.9, offset: -0.05, long: Some(0.6) };

fn parts(negation: Negation, calibration: Calibration) -> ModelParts {
    let vocabulary = Vocabulary::new(["bad", "film", "good", "¬bad"]).unwrap();
    let options = VectorizerOptions {
        analyzer: Analyzer {
            token_pattern: TokenPattern::WordsAndPunctuation,
            negation,
            ..Analyzer::default()
        },
        ngram_range: NgramRange::new(1, 2).unwrap(),
        ..VectorizerOptions::default()
    };
    ModelParts {
        name: "tiny".into(),
        vectorizer: Vectorizer::new(vocabulary, options, 100, vec![40, 80, 50, 20]).unwrap(),
        weights: vec![-2.5, 0.05, 1.75, 0.5],
        intercept: 0.1,
        calibration,
        about: json!({ "made": "by hand" }),
    }
}

fn encode(negation: Negation, calibration: Calibration) -> Vec<u8> {
    Model::encode(parts(negation, calibration), EXAMPLES).unwrap()
}

#[test]
fn the_kept_example_of_format_3_still_loads_and_is_still_what_is_written() {
    assert_eq!(encode(Negation::Mark, LONG), FORMAT_3);
    let model = Model::from_bytes(FORMAT_3).unwrap();
    assert_eq!(model.format_version(), FORMAT_VERSION);
    assert_eq!(model.parts().vectorizer.options().analyzer.negation, Negation::Mark);
    assert_eq!(model.parts().calibration, LONG);
    let mut scratch = Scratch::default();
    assert!(model.score(&mut scratch, "not bad").score > 0.1);
    assert!(model.score(&mut scratch, "bad").score < 0.0);
}

#[test]
fn each_option_of_format_3_makes_a_file_of_it_and_none_of_them_an_older_one() {
    let platt = Calibration { long: None, ..LONG };
    for (negation, calibration, version) in [
        (Negation::None, platt, 2),
        (Negation::Mark, platt, 3),
        (Negation::None, LONG, 3),
        (Negation::Mark, LONG, 3),
    ] {
        let bytes = encode(negation, calibration);
        assert_eq!(bytes[8..12], u32::to_le_bytes(version));
        let model = Model::from_bytes(&bytes).unwrap();
        assert_eq!(model.parts().calibration, calibration);
        assert_eq!(Model::encode(model.parts().clone(), EXAMPLES).unwrap(), bytes);
    }
}

#[test]
fn forged_options_are_refused_though_the_checksum_fits() {
    let long_at = 96;
    let cases: &[(usize, &[u8], &str)] = &[
        (8, &2_u32.to_le_bytes(), "flags must be at most 2047"),
        (36, &(1_u32 << 13).to_le_bytes(), "flags must be at most 8191"),
        (long_at, &f64::NAN.to_le_bytes(), "calibration must be finite with a slope above 0"),
        (long_at, &(-0.91_f64).to_le_bytes(), "calibration must be finite"),
        (long_at, &f64::INFINITY.to_le_bytes(), "calibration must be finite"),
    ];
    assert_refused(FORMAT_3, cases);
}

#[test]
fn a_text_without_a_known_term_is_neither_and_a_short_one_is_less_sure_than_a_long_one() {
    let model = Model::from_bytes(FORMAT_3).unwrap();
    let mut scratch = Scratch::default();
    for text in ["", "???", "words of another language"] {
        assert_eq!(model.score(&mut scratch, text).probability, 0.5);
    }
    let p = |n| LONG.probability(3.0, n);
    assert_eq!(p(0), 0.5);
    assert!(p(1) < 0.7 && p(1_000) > 0.95, "{} {}", p(1), p(1_000));
    // By hand: (0.9 · 4/8 + 0.6 · 4/68) · 2 - 0.05 · 4/68.
    let by_hand = 1.0 / (1.0 + f64::exp(-0.967_647_058_823_529_4));
    assert!((LONG.probability(2.0, 4) - by_hand).abs() < 1e-12);
}

proptest! {
    #[test]
    fn the_probability_rises_with_the_score_whatever_the_number_of_terms(
        slope in -3.0_f64..3.0, long in -3.0_f64..3.0, offset in -1.0_f64..1.0, n in 1_usize..5_000, score in -9.0_f64..9.0
    ) {
        let calibration = Calibration { slope, offset, long: Some(long) };
        prop_assume!(calibration.rises());
        prop_assert!(calibration.probability(score, n) <= calibration.probability(score + 0.1, n));
        prop_assert_eq!(calibration.probability(score, 0), 0.5);
    }
}
