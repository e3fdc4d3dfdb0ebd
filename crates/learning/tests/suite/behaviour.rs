//! Behavioural tests as functions: which answers pass.

use crate::made::{corpus, model, train, with_terms};
use proptest::prelude::*;
use std::sync::LazyLock;
use verdict_learning::behaviour::{
    Capability, Change, Count, Decided, Expected, Kind, Move, Suite, Test, decided,
};
use verdict_learning::scoring::probabilities;
use verdict_sentiment::{Band, DecisionRule, Model};

static MODEL: LazyLock<Model> = LazyLock::new(|| model(&train(&corpus(600), with_terms(400))));

/// A suite of one capability.
fn suite(known_failure: bool, tests: Vec<Test>) -> Suite {
    let capability = Capability {
        name: "one".to_owned(),
        kind: Kind::Minimum,
        description: "A description.".to_owned(),
        known_failure,
        tests,
    };
    Suite { name: "mine".to_owned(), unsure_within: 0.15, capabilities: vec![capability] }
}

fn test(texts: &[&str], expected: Expected) -> Test {
    Test {
        text: texts[0].to_owned(),
        variations: texts[1..].iter().map(|&text| text.to_owned()).collect(),
        expected,
    }
}

fn is(any_of: &[Decided]) -> Expected {
    Expected::Decision { any_of: any_of.to_vec(), at_most: 1.0 }
}

/// Whether each text of the test was answered as was asked for.
fn passed(texts: &[&str], expected: Expected) -> Vec<bool> {
    let behaviour = suite(false, vec![test(texts, expected)]).run(&MODEL);
    let result = &behaviour.capabilities[0].results[0];
    assert_eq!(result.passed, result.answers.iter().all(|answer| answer.passed));
    result.answers.iter().map(|answer| answer.passed).collect()
}

const GOOD: &str = "The plot was witty, the cast was superb.";
const BAD: &str = "The plot was dull, the cast was awful.";
/// The made reviews have none of these words.
const UNKNOWN: &str = "Twelve chairs.";

#[test]
fn a_decision_is_a_side_or_none_and_the_bound_itself_is_a_side() {
    for (probability, within, expected) in [
        (0.5, 0.0, Decided::Positive),
        (0.499, 0.0, Decided::Negative),
        (0.5, 0.125, Decided::Unsure),
        (0.625, 0.125, Decided::Positive),
        (0.624, 0.125, Decided::Unsure),
        (0.375, 0.125, Decided::Negative),
        (0.376, 0.125, Decided::Unsure),
        (1.0, 0.5, Decided::Positive),
        (0.0, 0.5, Decided::Negative),
    ] {
        assert_eq!(decided(probability, within), expected, "{probability} within {within}");
    }
}

#[test]
fn a_text_has_one_of_the_decisions_that_are_right() {
    for (text, right) in
        [(GOOD, Decided::Positive), (BAD, Decided::Negative), (UNKNOWN, Decided::Unsure)]
    {
        for asked in [Decided::Positive, Decided::Negative, Decided::Unsure] {
            assert_eq!(passed(&[text], is(&[asked])), [asked == right], "{text}: {asked}");
        }
        assert_eq!(passed(&[text], is(&[Decided::Unsure, right])), [true]);
    }
    let sure = |at_most| Expected::Decision { any_of: vec![Decided::Negative], at_most };
    assert_eq!(passed(&[BAD], sure(1.0)), [true]);
    assert_eq!(passed(&[BAD], sure(0.66)), [false], "surer than is asked for");
}

#[test]
fn a_variation_is_held_against_its_text() {
    let same = |tolerance| Expected::Same { tolerance };
    assert_eq!(passed(&[GOOD, &GOOD.to_uppercase()], same(0.0)), [true, true]);
    assert_eq!(passed(&[GOOD, GOOD, UNKNOWN], same(0.1)), [true, true, false]);
    assert_eq!(passed(&[GOOD, UNKNOWN], same(1.0)), [true, true], "unsure is no other side");
    assert_eq!(passed(&[GOOD, BAD], same(1.0)), [true, false], "the other side never is the same");
    let moves = |to, tolerance| Expected::Moves { to, tolerance };
    for (to, better, worse, equal) in [
        (Move::Up, true, false, false),
        (Move::Down, false, true, false),
        (Move::NotUp, false, true, true),
        (Move::NotDown, true, false, true),
    ] {
        let texts = [UNKNOWN, GOOD, BAD, UNKNOWN];
        assert_eq!(passed(&texts, moves(to, 0.0)), [true, better, worse, equal], "{to:?}");
    }
    assert_eq!(passed(&[UNKNOWN, GOOD], moves(Move::Up, 0.9)), [true, false]);
    assert_eq!(passed(&[UNKNOWN, GOOD], moves(Move::NotUp, 0.9)), [true, true]);
}

#[test]
fn a_model_with_a_rule_is_unsure_where_its_rule_says_so() {
    let with_threshold = |threshold: Option<f64>| {
        let band = Band { known_terms: 1, threshold, coverage: 1.0, error: 0.0, measured: 1 };
        let rule = DecisionRule { target_error: 0.05, confidence: 0.95, bands: vec![band] };
        let mut parts = MODEL.parts().clone();
        parts.about["decision"] = serde_json::to_value(rule).unwrap();
        Model::from_bytes(&Model::encode(parts, &[]).unwrap()).unwrap()
    };
    use Decided::{Positive, Unsure};
    for (threshold, within, asked, expected) in [
        (Some(0.5), 0.0, Unsure, Positive),
        (Some(1.0), 0.0, Unsure, Unsure),
        (None, 0.0, Unsure, Unsure),
        // A side is that of the probability, whatever the rule.
        (None, 0.0, Positive, Positive),
        (Some(0.5), 0.5, Positive, Unsure),
    ] {
        let one = suite(false, vec![test(&[GOOD], is(&[asked]))]);
        let behaviour = Suite { unsure_within: within, ..one }.run(&with_threshold(threshold));
        let answer = &behaviour.capabilities[0].results[0].answers[0];
        let passed = asked == expected;
        assert_eq!((answer.decided, answer.passed), (expected, passed), "{threshold:?} {asked:?}");
    }
    // Nothing is known of "twelve chairs", however narrow the band.
    let chairs = suite(false, vec![test(&[UNKNOWN], is(&[Decided::Unsure]))]);
    assert_eq!(Suite { unsure_within: 0.0, ..chairs }.run(&MODEL).total.passed, 1);
}

#[test]
fn what_is_expected_is_said_in_words() {
    let both = vec![Decided::Negative, Decided::Unsure];
    for (expected, words) in [
        (is(&both), "negative or unsure"),
        (
            Expected::Decision { any_of: vec![Decided::Negative], at_most: 0.99 },
            "negative, at most 0.99 sure",
        ),
        (Expected::Same { tolerance: 0.1 }, "the same within 0.1"),
        (Expected::Moves { to: Move::NotDown, tolerance: 0.0 }, "not down"),
        (Expected::Moves { to: Move::Up, tolerance: 0.05 }, "up by more than 0.05"),
    ] {
        assert_eq!(expected.to_string(), words);
    }
}

#[test]
fn known_failures_are_in_no_other_sum_and_change_nothing() {
    let tests =
        || vec![test(&[GOOD], is(&[Decided::Positive])), test(&[BAD], is(&[Decided::Unsure]))];
    let run = |known| suite(known, tests()).run(&MODEL);
    let (counted, none) = (Count { tests: 2, passed: 1 }, Count::default());
    assert_eq!((run(false).total, run(false).known_failures), (counted, none));
    assert_eq!((run(true).total, run(true).known_failures), (none, counted));
    assert_eq!((counted.rate(), none.rate()), (Some(0.5), None));

    // A model that answers otherwise everywhere.
    let flipped = corpus(600);
    let opposite = model(&train(
        &flipped.texts.into_iter().zip(flipped.labels.into_iter().map(|label| !label)).collect(),
        with_terms(400),
    ));
    let change = |known| {
        let suite = suite(known, tests());
        Change::between(Some(&suite.run(&MODEL)), &suite.run(&opposite))
    };
    let lost = change(false);
    assert_eq!((lost.n_new_failures, lost.n_new_passes), (1, 0));
    assert_eq!((lost.candidate.passed, lost.champion.unwrap().passed), (0, 1));
    assert_eq!(lost.new_failures[0].candidate[0].text, GOOD);
    assert_eq!(lost.new_failures[0].candidate[0].decided, Decided::Negative);
    assert_eq!(lost.new_failures[0].champion[0].decided, Decided::Positive);
    let known = change(true);
    assert_eq!((known.n_new_failures, known.new_failures.len()), (0, 0));
    assert_eq!((known.capabilities[0].candidate, known.capabilities[0].champion), (0, Some(1)));
}

proptest! {
    #[test]
    fn any_texts_have_an_answer_each_and_a_model_changes_nothing_against_itself(
        texts in prop::collection::vec("\\PC{0,40}", 1..5),
        tolerance in 0.0..1.0_f64,
        within in 0.0..0.5_f64,
    ) {
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let expected = [
            is(&[Decided::Positive]),
            Expected::Same { tolerance },
            Expected::Moves { to: Move::NotUp, tolerance },
        ];
        let tests = expected.map(|expected| test(&texts, expected)).to_vec();
        let suite = Suite { unsure_within: within, ..suite(false, tests) };
        let behaviour = suite.run(&MODEL);
        let owned: Vec<String> = texts.iter().map(|&text| text.to_owned()).collect();
        for result in &behaviour.capabilities[0].results {
            let answered: Vec<f64> = result.answers.iter().map(|answer| answer.probability).collect();
            prop_assert_eq!(&answered, &probabilities(&MODEL, &owned));
        }
        let change = Change::between(Some(&behaviour), &behaviour);
        prop_assert_eq!((change.n_new_failures, change.n_new_passes), (0, 0));
        prop_assert_eq!(change.candidate, behaviour.total);
    }
}
