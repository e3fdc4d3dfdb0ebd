//! The reference distributions of a model: bins, and how they are read from `about`.

use proptest::prelude::*;
use serde_json::{Value, json};
use verdict_sentiment::{
    Bins, NgramRange, Reference, Scratch, Seen, Vectorizer, VectorizerOptions, Vocabulary,
};

#[test]
fn bins_of_equal_mass_hold_equally_many_as_far_as_equal_values_allow() {
    let numbers = |n: u32| (0..n).map(f64::from).collect::<Vec<_>>();
    let cases = [
        (numbers(10), 5, vec![2.0, 4.0, 6.0, 8.0], vec![2, 2, 2, 2, 2]),
        (vec![1.0, 0.0, 0.0, 0.0], 4, vec![1.0], vec![3, 1]),
        (vec![7.0; 5], 10, vec![], vec![5]),
        (vec![0.123_456_789, 0.5], 2, vec![0.5], vec![1, 1]),
        (vec![3.0], 10, vec![], vec![1]),
    ];
    for (values, n_bins, edges, counts) in cases {
        let bins = Bins::of_equal_mass(&values, n_bins).unwrap();
        assert_eq!((bins.edges(), bins.counts()), (&*edges, &*counts), "{values:?}");
    }
    assert_eq!(Bins::of_equal_mass(&[], 10), None);
    assert_eq!(Bins::of_equal_mass(&[0.5, f64::NAN], 10), None);
}

#[test]
fn a_value_on_an_edge_is_in_the_bin_above_it() {
    let bins = Bins::new(vec![0.25, 0.5], vec![1, 1, 1], 0.4).unwrap();
    let cases = [(-1.0, 0), (0.249, 0), (0.25, 1), (0.5, 2), (9.0, 2)];
    for (value, bin) in cases {
        assert_eq!(bins.bin_of(value), bin, "{value}");
    }
}

#[test]
fn a_reference_that_is_not_what_it_should_be_is_an_error_that_says_where() {
    let bins = json!({ "edges": [0.5], "counts": [3, 4], "mean": 0.5 });
    let about = |tokens: Value| json!({ "reference": { "tokens": tokens, "oov": bins } });
    let cases = [
        (Value::Null, "about.reference.tokens: is missing"),
        (json!(3), "about.reference.tokens: invalid type"),
        (
            json!({ "edges": [2.0, 1.0], "counts": [1, 1, 1], "mean": 1.0 }),
            "edges must ascend, got 2 before 1",
        ),
        (json!({ "edges": [1.0], "counts": [1], "mean": 1.0 }), "got 1 edges and 1 counts"),
        (json!({ "edges": [1.0], "counts": [0, 0], "mean": 1.0 }), "counts must sum to 1"),
        (json!({ "edges": [1.0], "counts": [u64::MAX, 1], "mean": 1.0 }), "counts must sum to 1"),
    ];
    for (tokens, expected) in cases {
        let error = Reference::of_about(&about(tokens)).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        assert!(error.starts_with("about.reference.tokens: "), "{error}");
    }
    assert_eq!(Reference::of_about(&json!({ "params": {} })), Ok(None));
    let read = Reference::of_about(&about(bins.clone())).unwrap().unwrap();
    assert_eq!((read.probability, read.tokens.n()), (None, 7));
}

#[test]
fn what_was_seen_of_a_review_is_counted_over_its_shortest_terms() {
    let vocabulary = Vocabulary::new(["bad film", "good", "good film", "very"]).unwrap();
    let vectorizer = |min, max| {
        let options = VectorizerOptions {
            ngram_range: NgramRange::new(min, max).unwrap(),
            ..VectorizerOptions::default()
        };
        Vectorizer::new(vocabulary.clone(), options, 9, vec![2, 3, 4, 5]).unwrap()
    };
    let seen = |(min, max), text| {
        let mut scratch = Scratch::default();
        let (columns, _) = vectorizer(min, max).transform(&mut scratch, text);
        let n = columns.len();
        (scratch.seen(), n)
    };
    let of = |tokens, terms, known| Seen { tokens, terms, known };
    let cases = [
        // "film" is no term; "good" stands there twice.
        ((1, 2), "good good film very", of(4, 4, 3), 3),
        ((2, 2), "good good film very", of(4, 3, 1), 1),
        ((2, 2), "good", of(1, 0, 0), 0),
        ((1, 1), "", of(0, 0, 0), 0),
    ];
    for (range, text, expected, columns) in cases {
        assert_eq!(seen(range, text), (expected, columns), "{range:?} {text:?}");
    }
    assert!((of(4, 4, 3).oov_ratio() - 0.25).abs() < 1e-12);
    assert!(of(0, 0, 0).oov_ratio().abs() < 1e-12, "nothing is unknown");
}

proptest! {
    #[test]
    fn a_reference_is_read_as_it_was_written(
        values in prop::collection::vec(0.0..1.0_f64, 1..400),
        n_bins in 1..12_usize,
    ) {
        let bins = Bins::of_equal_mass(&values, n_bins).unwrap();
        prop_assert_eq!(bins.n(), values.len() as u64);
        prop_assert!(bins.n_bins() <= n_bins);
        let reference = Reference { probability: Some(bins.clone()), tokens: bins.clone(), oov: bins };
        let about = json!({ "reference": reference }).to_string();
        let about: Value = serde_json::from_str(&about).unwrap();
        prop_assert_eq!(Reference::of_about(&about), Ok(Some(reference)));
    }
}
