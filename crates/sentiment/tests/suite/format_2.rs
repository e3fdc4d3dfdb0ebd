//! The model file of format 2: options that format 1 has not.

use crate::damage::{assert_refused, forged, mended};
use proptest::prelude::*;
use serde_json::json;
use verdict_sentiment::{
    Analyzer, Calibration, Lemmatizer, Model, ModelParts, Negation, NgramRange, Norm, NounLemmas,
    Preprocessing, Scratch, StopWords, TokenPattern, Vectorizer, VectorizerOptions, Vocabulary,
};

const EXAMPLES: &[&str] = &["", "2 good FILMS!", "the geese were bad: <br />bad, bad"];
/// Written by the first release of format 2 from [`parts`]; it must load for ever.
pub(crate) const FORMAT_2: &[u8] = include_bytes!("../goldens/format-2.verdict");

fn lemmas() -> NounLemmas {
    let index = "bad n 1\nfilm n 1\ngoose n 1\ngood n 1\nmovie n 1\n";
    NounLemmas::parse(index, "geese goose\nmongeese mongoose\n").unwrap()
}

/// Every option that format 1 has not.
fn options() -> VectorizerOptions {
    VectorizerOptions {
        analyzer: Analyzer {
            preprocessing: Preprocessing {
                strip_html: true,
                remove_urls: true,
                remove_digits: true,
                remove_punctuation: true,
                stop_words: StopWords::new(["the", "a", "été"]).unwrap(),
                lemmatizer: Lemmatizer::Wordnet(lemmas()),
            },
            lowercase: false,
            token_pattern: TokenPattern::WordsAndPunctuation,
            negation: Negation::None,
        },
        ngram_range: NgramRange::new(1, 2).unwrap(),
        sublinear_tf: true,
        binary: true,
        use_idf: false,
        norm: Norm::None,
    }
}

fn parts(options: VectorizerOptions) -> ModelParts {
    let vocabulary = Vocabulary::new(["bad", "bad bad", "film", "good", "goose"]).unwrap();
    ModelParts {
        name: "tiny".into(),
        vectorizer: Vectorizer::new(vocabulary, options, 100, vec![40, 7, 80, 50, 2]).unwrap(),
        weights: vec![-2.5, -1.0, 0.05, 1.75, 0.5],
        intercept: 0.1,
        calibration: Calibration { slope: 1.1, offset: -0.05, long: None },
        about: json!({ "made": "by hand" }),
    }
}

fn artifact(options: VectorizerOptions) -> Vec<u8> {
    Model::encode(parts(options), EXAMPLES).unwrap()
}

#[test]
fn the_kept_example_of_format_2_still_loads_and_is_still_what_is_written() {
    assert_eq!(artifact(options()), FORMAT_2);
    let model = Model::from_bytes(FORMAT_2).unwrap();
    assert_eq!(model.format_version(), 2);
    assert_eq!(*model.parts().vectorizer.options(), options());
    assert_eq!(model.examples().len(), 3);
}

#[test]
fn a_score_is_the_sum_that_can_be_done_by_hand() {
    let model = Model::from_bytes(FORMAT_2).unwrap();
    let mut scratch = Scratch::default();
    for (text, expected) in [
        ("", 0.1),
        ("films", 0.1 + 0.05),
        ("FILMS", 0.1),
        ("the geese, a 2nd goose!", 0.1 + 0.5),
        ("<i>bad</i> bad bad", 0.1 - 2.5 - 1.0),
        ("good http://bad.example/bad &lt;good", 0.1 + 1.75),
    ] {
        let score = model.score(&mut scratch, text).score;
        assert!((score - expected).abs() < 1e-8, "{text:?}: {score} {expected}");
    }
    let explanation = model.explain(&mut scratch, "films and geese", 5);
    let terms: Vec<&str> = explanation.terms.iter().map(|term| term.term).collect();
    assert_eq!(terms, ["goose", "film"], "terms are the processed ones");
}

#[test]
fn a_model_is_written_in_the_oldest_format_that_holds_it() {
    let default = VectorizerOptions::default();
    let of_1 = VectorizerOptions {
        ngram_range: NgramRange::new(2, 3).unwrap(),
        sublinear_tf: true,
        ..default.clone()
    };
    for (options, version) in [(default, 1), (of_1, 1), (options(), 2)] {
        let bytes = artifact(options);
        assert_eq!(bytes[8..12], u32::to_le_bytes(version));
        assert_eq!(Model::from_bytes(&bytes).unwrap().format_version(), version);
    }
}

/// Any options at all.
fn any_options() -> impl Strategy<Value = VectorizerOptions> {
    let flags = any::<[bool; 11]>();
    let stop_words = prop::collection::vec("[a-eä'’]{1,6}", 0..6);
    let lemmatizer = prop::option::of(Just(lemmas()));
    (flags, stop_words, lemmatizer, 1_usize..=2, 2_usize..=8).prop_map(
        |(flags, stop_words, lemmas, min, max)| {
            let [a, b, c, d, e, f, g, h, i, j, k] = flags;
            VectorizerOptions {
                analyzer: Analyzer {
                    preprocessing: Preprocessing {
                        strip_html: a,
                        remove_urls: b,
                        remove_digits: c,
                        remove_punctuation: d,
                        stop_words: StopWords::new(stop_words.iter().map(String::as_str)).unwrap(),
                        lemmatizer: lemmas.map_or(Lemmatizer::None, Lemmatizer::Wordnet),
                    },
                    lowercase: e,
                    token_pattern: match f {
                        true => TokenPattern::Words,
                        false => TokenPattern::WordsAndPunctuation,
                    },
                    negation: if k { Negation::Mark } else { Negation::None },
                },
                ngram_range: NgramRange::new(min, max).unwrap(),
                sublinear_tf: g,
                binary: h,
                use_idf: i,
                norm: if j { Norm::L2 } else { Norm::None },
            }
        },
    )
}

/// Where `text` stands in the kept example.
fn place(text: &str) -> usize {
    let found = FORMAT_2.windows(text.len()).position(|bytes| bytes == text.as_bytes());
    found.unwrap()
}

proptest! {
    #[test]
    fn any_options_come_back_and_have_one_encoding(options in any_options()) {
        let bytes = artifact(options.clone());
        let model = Model::from_bytes(&bytes).unwrap();
        prop_assert_eq!(model.parts().vectorizer.options(), &options);
        prop_assert_eq!(Model::encode(model.parts().clone(), EXAMPLES).unwrap(), bytes);
    }

    #[test]
    fn any_bytes_in_the_place_of_others_are_a_model_or_an_error(at in 8_usize..FORMAT_2.len() - 64, bytes in prop::collection::vec(any::<u8>(), 1..5)) {
        // A model that loads is written as it was read.
        let forged = forged(FORMAT_2, at, &bytes);
        if let Ok(model) = Model::from_bytes(&forged) {
            let texts: Vec<&str> = model.examples().iter().map(|example| &*example.text).collect();
            let written = Model::encode(model.parts().clone(), &texts).unwrap();
            prop_assert_eq!(written.len(), forged.len());
        }
    }

    #[test]
    fn explanations_sum_to_the_score_to_the_last_bit(options in any_options(), text in "(good|bad|films|geese|the| |!|<b>|&amp;|É){0,40}", max_terms in 0_usize..6) {
        let model = Model::from_bytes(&artifact(options)).unwrap();
        let mut scratch = Scratch::default();
        let explanation = model.explain(&mut scratch, &text, max_terms);
        let weights = explanation.terms.iter().map(|term| term.weight);
        let sum = weights.fold(explanation.intercept, |sum, weight| sum + weight) + explanation.rest;
        prop_assert_eq!(sum, explanation.score.score);
        prop_assert_eq!(model.score(&mut scratch, &text), explanation.score);
    }
}

#[test]
fn forged_options_are_refused_though_the_checksum_fits() {
    let number = |number: u32| number.to_le_bytes();
    let stop_words = place("a\nthe\nété\n");
    let nouns = place("bad\nfilm\ngood\n");
    let irregular = place("geese goose\n");
    let cases: &[(usize, &[u8], &str)] = &[
        (8, &number(1), "flags must be at most 1, got 2047 (byte 36)"),
        (8, &number(3), "format version must be 2 for these options, got 3 (byte 8)"),
        (36, &number(4095), "flags must be at most 2047, got 4095"),
        (36, &number(1 << 31), "flags must be at most 2047"),
        (36, &number(1), "length of the nouns must be at most 0, got 26 (byte 88)"),
        (84, &number(u32::MAX), "length of the stop words must be at most 1048576"),
        (84, &number(1 << 20), "truncated: stop words"),
        (88, &number(u32::MAX), "length of the nouns must be at most 16777216"),
        (92, &number(u32::MAX), "length of the irregular nouns must be at most 4194304"),
        (
            stop_words,
            b"the\na\n",
            "stop words: word 1, \"a\", must be greater than the word before it",
        ),
        (stop_words, b"\n", "stop words: word 0 must have 1 to 255 bytes, got 0"),
        (stop_words, b"a\nt e", "stop words: word 1, \"t e\", must have no white space"),
        (stop_words, b"\xff", "stop words is not UTF-8"),
        (stop_words + 11, b"x", "stop words must be whole lines"),
        (nouns, b"go", "nouns: word 1, \"film\", must be greater"),
        (nouns + 25, b"x", "nouns must be whole lines"),
        (irregular, b"x", "irregular nouns: word 1, \"mongeese\", must be greater"),
        (irregular, b"geese  oose\n", "the lemma of \"geese\" must be a word"),
        (irregular, b"geesexgoose\n", "irregular nouns must be whole lines"),
        (irregular, b"geese goosy\n", "self-test failed: example 2"),
        (irregular + 12, b"l", ""), // a form that no example has
        (stop_words, b"bad\n", "self-test failed"),
    ];
    assert_refused(FORMAT_2, cases);
}

#[test]
fn what_format_1_can_hold_is_refused_as_format_2() {
    // Format 2 with no flag beyond format 1's and no list: the length field counts twelve bytes
    // more.
    let of_1 = artifact(VectorizerOptions::default());
    let mut bytes = of_1[..84].to_vec();
    bytes.extend([0; 12]);
    bytes.extend(&of_1[84..]);
    bytes[8] = 2;
    let length = bytes.len() as u64;
    bytes[12..20].copy_from_slice(&length.to_le_bytes());
    let error = Model::from_bytes(&mended(bytes)).unwrap_err().to_string();
    assert_eq!(error, "format version must be 1 for these options, got 2 (byte 8)");
}

#[test]
fn lists_that_no_loader_would_take_are_not_written() {
    let words: Vec<String> = (0..200_000).map(|i| format!("w{i:06}")).collect();
    let mut options = options();
    options.analyzer.preprocessing.stop_words =
        StopWords::new(words.iter().map(String::as_str)).unwrap();
    let error = Model::encode(parts(options), EXAMPLES).unwrap_err();
    assert_eq!(
        error.to_string(),
        "length of the stop words must be at most 1048576, got 1600000 (byte 0)"
    );
}
