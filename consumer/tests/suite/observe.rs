//! What is observed, without a broker: the window, the terms, and what scoring sees of a review.

use std::{collections::VecDeque, num::NonZeroUsize, sync::Arc, time::Duration};

use proptest::prelude::*;
use serde_json::{Value, json};
use verdict_consumer::{
    batch::Pool,
    observe::{
        Plan, Shadow,
        alarm::Alarm,
        expected::{expected_accuracy, floor},
        observation::ShadowScore,
        plan::MAX_COLUMNS,
        terms::{MAX_SAMPLE, TermSample},
    },
    score::{Ending, Explain, Scorer},
};
use verdict_kafka_io::Record;
use verdict_learning::drift::Window;
use verdict_messages::Sentiment;
use verdict_sentiment::{
    Bins, Identity, Label, Model, ModelParts, Reference, Score, Scratch, Seen, Vectorizer,
    VectorizerOptions, Vocabulary,
};

use crate::common::{artifact_of, model, record, score_settings};

fn reference() -> Reference {
    let bins = |edges: &[f64]| Bins::new(edges.to_vec(), vec![5; edges.len() + 1], 0.5).unwrap();
    Reference {
        probability: Some(bins(&[0.25, 0.5, 0.75])),
        tokens: bins(&[3.0, 6.0]),
        oov: bins(&[0.1, 0.5]),
    }
}

proptest! {
    #[test]
    fn a_sample_of_every_review_tells_the_terms_of_exactly_the_last_reviews(
        columns in prop::collection::vec(prop::sample::subsequence(vec![0_u32, 1, 2], 0..=3), 1..80),
        capacity in 1..30_usize,
    ) {
        let model = model();
        let mut sample = TermSample::new(capacity);
        let mut last: VecDeque<&Vec<u32>> = VecDeque::new();
        for columns in &columns {
            sample.push(Some(&Arc::from(columns.as_slice())), 1);
            last.push_back(columns);
            if last.len() > capacity {
                last.pop_front();
            }
            prop_assert_eq!(sample.len(), last.len());
        }
        let shifts = sample.shifts(&model, 3);
        prop_assert_eq!(shifts.len(), 3);
        for (column, term) in ["awful", "film", "great"].into_iter().enumerate() {
            let have = last.iter().filter(|columns| columns.contains(&(column as u32))).count();
            let shift = shifts.iter().find(|shift| shift.term == term).unwrap();
            prop_assert!((shift.window_df - have as f64 / last.len() as f64).abs() < 1e-12);
        }
        let sizes: Vec<f64> = shifts.iter().map(|shift| shift.shift.abs()).collect();
        prop_assert!(sizes.is_sorted_by(|a, b| a >= b), "{sizes:?}");
    }
}

#[test]
fn the_terms_that_move_the_scores_are_what_can_be_computed_by_hand() {
    let model = model();
    let mut sample = TermSample::new(100);
    assert!(sample.shifts(&model, 10).is_empty(), "nothing seen");
    // Two reviews that stand for three each: "great film" and "awful"; one of one: "great".
    sample.push(Some(&Arc::from([1, 2])), 3);
    sample.push(None, 3);
    sample.push(Some(&Arc::from([0])), 3);
    sample.push(Some(&Arc::from([2])), 1);
    let idf = |df: f64| (11.0 / (1.0 + df)).ln() + 1.0;
    // In training "awful" was in 3 of 10 reviews, "film" in 9 and "great" in 4.
    let expected = [
        ("great", 4.0 / 7.0, 0.4, 2.25 * idf(4.0)),
        ("awful", 3.0 / 7.0, 0.3, -2.5 * idf(3.0)),
        ("film", 3.0 / 7.0, 0.9, f64::from(0.1_f32) * idf(9.0)),
    ];
    let shifts = sample.shifts(&model, 10);
    assert_eq!(shifts.len(), 3);
    for (term, window_df, training_df, factor) in expected {
        let shift = shifts.iter().find(|shift| shift.term == term).unwrap();
        assert!((shift.window_df - window_df).abs() < 1e-12, "{shift:?}");
        assert!((shift.training_df - training_df).abs() < 1e-12, "{shift:?}");
        let by_hand = (window_df - training_df) * factor;
        assert!((shift.shift - by_hand).abs() < 1e-9, "{shift:?}: {by_hand}");
    }
    assert_eq!(sample.shifts(&model, 1)[0].term, shifts[0].term);
    assert!(sample.shifts(&model, 0).is_empty());
}

#[test]
fn memory_is_bounded_whatever_comes() {
    let mut window = Window::new(100, Some(reference()));
    let mut sample = TermSample::new(1_000_000);
    let columns: Arc<[u32]> = Arc::from([1]);
    for _ in 0..10_000 {
        window.push(0.5, Seen { tokens: 5, terms: 4, known: 4 });
        sample.push(Some(&columns), 1);
    }
    assert_eq!(window.len(), 100);
    assert_eq!(sample.len(), MAX_SAMPLE);
    // A review that has more terms than are kept.
    let mut scratch = Scratch::default();
    let words: Vec<String> = (0..3 * MAX_COLUMNS).map(|i| format!("w{i:05}")).collect();
    let vocabulary = Vocabulary::new(words.iter().map(String::as_str)).unwrap();
    let vectorizer =
        Vectorizer::new(vocabulary, VectorizerOptions::default(), 9, vec![1; words.len()]).unwrap();
    vectorizer.transform(&mut scratch, &words.join(" "));
    assert_eq!(scratch.columns().len(), words.len());
    let plan = Plan { stride: 1, shadow: None };
    let kept = plan.columns(3, 1, &scratch);
    assert_eq!(kept.unwrap().len(), MAX_COLUMNS);
}

/// The small model with another `about`.
fn about(about: Value) -> Model {
    let parts = ModelParts { about, ..model().parts().clone() };
    Model::from_bytes(&Model::encode(parts, &["a great film"]).unwrap()).unwrap()
}

#[test]
fn an_accuracy_is_expected_only_where_the_calibration_is_known_to_hold() {
    let calibrated = about(json!({ "metrics": { "out_of_fold": { "ece": 0.01 } } }));
    // As many in each bin as in the training, or all in one.
    let window = |n: u32, is_even: bool, reference| {
        let mut window = Window::new(24, reference);
        for i in 0..n {
            let at = if is_even { i } else { 0 };
            let (tokens, unknown) = ([1, 4, 9][at as usize % 3], [0, 2, 9][at as usize / 2 % 3]);
            let seen = Seen { tokens, terms: 10, known: 10 - unknown };
            window.push([0.1, 0.3, 0.7, 0.9][at as usize / 3 % 4], seen);
        }
        window
    };
    let [full, filling, moved, without] = [
        window(24, true, Some(reference())),
        window(23, true, Some(reference())),
        window(24, false, Some(reference())),
        window(24, true, None),
    ];
    let (quiet, mut raised) = (Alarm::new(0.2), Alarm::new(0.2));
    raised.look(1.0);
    for (model, window, alarm, why) in [
        (&model(), Some(&full), quiet, "the model has no calibration"),
        (&calibrated, None, quiet, "no reviews are kept (--drift-window 0)"),
        (&calibrated, Some(&without), quiet, "the model does not say what its training reviews"),
        (&calibrated, Some(&filling), quiet, "the window has 23 of 24 reviews"),
        (&calibrated, Some(&moved), quiet, "reviews drift: the stability index of probability is"),
        // Not well below the threshold again.
        (&calibrated, Some(&full), raised, "reviews drift: the stability index of "),
    ] {
        let told = expected_accuracy(model, window, &alarm).unwrap_err().to_string();
        assert!(told.starts_with(why), "{told}");
    }
    let told = expected_accuracy(&calibrated, Some(&full), &quiet).unwrap();
    assert!((told.value - 0.8).abs() < 1e-6 && told.low < 0.7 && told.high > 0.9, "{told:?}");
    let kept = json!({ "params": { "promotion": { "floors": { "accuracy": 0.7 } } } });
    for (model, least) in [(about(kept), 0.7), (calibrated, 0.8)] {
        assert!((floor(&model) - least).abs() < 1e-12);
    }
}

fn scored(model: &Model, records: &[Record], plan: Plan<'_>) -> Vec<Ending> {
    let settings = score_settings(Explain::Replies);
    let scorer = Scorer::new(model, &settings, 0);
    Pool::new(NonZeroUsize::new(2).unwrap()).score(&scorer, plan, records)
}

#[test]
fn a_verdict_says_what_was_seen_of_its_review_and_a_dead_letter_nothing() {
    let records = [record(1, "A great, great film indeed.", &[]), record(2, vec![0xff, 0xfe], &[])];
    let plan = Plan { stride: 1, shadow: None };
    let endings = scored(&model(), &records, plan);
    let seen = endings[0].observation.as_ref().unwrap();
    let numbers = Seen { tokens: 4, terms: 4, known: 3 };
    assert_eq!(seen.seen, numbers);
    assert_eq!(seen.columns.as_deref(), Some(&[2, 1][..]));
    assert_eq!(seen.shadow, None);
    assert!(seen.probability > 0.5);
    assert_eq!(endings[1].observation, None);
    let unobserved = scored(&model(), &records, Plan::default());
    assert_eq!(unobserved[0].observation.as_ref().unwrap().columns, None);
}

/// Everything of an ending but what was observed and how long it took.
fn without_what_is_observed(endings: &[Ending]) -> Vec<Ending> {
    let endings = endings.iter().cloned();
    endings.map(|ending| Ending { took: Duration::ZERO, observation: None, ..ending }).collect()
}

#[test]
fn a_shadow_changes_no_ending_whether_it_disagrees_panics_or_gives_no_number() {
    let model = model();
    let texts = ["A great film.", "An awful film.", "?", "great awful"];
    let ask: [(&str, &[u8]); 3] = [
        ("kafka_correlationId", &[1, 2, 3]),
        ("kafka_replyTopic", b"reviews.replies"),
        ("kafka_replyPartition", &[0, 0, 0, 7]),
    ];
    let records: Vec<Record> =
        (0..200).map(|i| record(i, texts[i as usize % texts.len()], &ask)).collect();
    let alone = scored(&model, &records, Plan::default());
    let other = Model::from_bytes(&artifact_of("other", -9.0)).unwrap();
    let identity = || -> Identity { other.identity().clone() };
    // What fails leaves the working memory as it may be in the middle of a review.
    let broken_model = model.clone();
    let panics = Shadow::by(identity(), 1.0, move |scratch, text| {
        broken_model.score(scratch, text);
        panic!("a shadow that fails")
    });
    let no_number = Shadow::by(identity(), 1.0, |_, _| Score {
        score: 0.0,
        probability: f64::NAN,
        label: Label::Positive,
    });
    let disagrees = Shadow::new(Arc::new(other.clone()), 1.0);
    let shadows = [(&disagrees, true), (&panics, false), (&no_number, false)];
    for (shadow, is_scored) in shadows {
        let plan = Plan { stride: 1, shadow: Some(shadow) };
        let beside = scored(&model, &records, plan);
        assert_eq!(
            without_what_is_observed(&beside),
            without_what_is_observed(&alone),
            "{shadow:?}"
        );
        for ending in &beside {
            let said = ending.observation.as_ref().unwrap().shadow.unwrap();
            match said {
                ShadowScore::Scored { label, .. } => {
                    assert!(is_scored, "{shadow:?}");
                    assert_eq!(label, Sentiment::Negative);
                }
                ShadowScore::Failed => assert!(!is_scored, "{shadow:?}"),
            }
        }
    }
}
