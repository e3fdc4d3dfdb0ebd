//! The promotion gate as a function: which candidates it refuses, and what it says.

use crate::made::{model, reviews, train, with_terms};
use std::collections::BTreeSet;
use verdict_learning::behaviour::{Capability, Decided, Expected, Kind, Suite, Test};
use verdict_learning::corpus::{Corpus, Labelled};
use verdict_learning::gate::{
    BehaviourBounds, Decision, FlipsWanted, Floors, Gate, Reason, compare,
};
use verdict_learning::learn::logistic::LogisticParams;
use verdict_learning::scoring::probabilities;
use verdict_learning::train::TrainParams;
use verdict_sentiment::Model;

fn corpus(n: usize, skip: usize, label: impl Fn(usize, bool) -> bool) -> Corpus {
    let made = reviews(n + skip).into_iter().enumerate().skip(skip);
    let labelled = made.map(|(i, review)| Labelled { label: label(i, review.label), ..review });
    labelled.collect::<Vec<_>>().into()
}

/// Held-out reviews, true labels.
fn held_out() -> Corpus {
    corpus(1000, 600, |_, label| label)
}

fn trained(n: usize, label: impl Fn(usize, bool) -> bool) -> Model {
    model(&train(&corpus(n, 0, label), with_terms(400)))
}

fn clean(n: usize) -> Model {
    trained(n, |_, label| label)
}

/// Every third label is wrong, in no order that words could follow.
fn mislabelled() -> Model {
    trained(600, |i, label| label != (i * 7919 % 10 < 3))
}

fn decide(champion: Option<&Model>, candidate: &Model, gate: &Gate) -> Decision {
    let held_out = held_out();
    compare(champion, candidate, &held_out, None, gate, FlipsWanted::default())
}

fn failed(decision: &Decision) -> Vec<&str> {
    let failed = decision.reasons.iter().filter(|reason| !reason.passed);
    failed.map(|reason| reason.check.as_str()).collect()
}

fn reason<'a>(decision: &'a Decision, check: &str) -> &'a Reason {
    let mut reasons = decision.reasons.iter();
    reasons.find(|reason| reason.check == check).unwrap()
}

/// No floor, so that only the comparison decides.
fn no_floors() -> Gate {
    let floors = Floors {
        accuracy: 0.0,
        precision: 0.0,
        recall: 0.0,
        f1: 0.0,
        auc: 0.0,
        log_loss: 100.0,
        ece: 1.0,
    };
    Gate { floors, ..Gate::default() }
}

#[test]
fn a_good_first_model_is_accepted_on_its_floors_alone() {
    let decision = decide(None, &clean(600), &Gate::default());
    assert_eq!(failed(&decision), [""; 0], "{:?}", decision.candidate.metrics);
    assert!(decision.accepted && decision.champion.is_none() && decision.mcnemar.is_none());
    assert_eq!((decision.n_flips, decision.n_reviews), (0, 1000));
    assert_eq!(decision.data_sha256, held_out().sha256);
    assert!(decision.slices.iter().all(|slice| slice.champion.is_none()));
}

#[test]
fn each_floor_refuses_by_itself_and_is_named() {
    let model = clean(600);
    type Raise = fn(&mut Gate);
    let table: [(&str, Raise); 8] = [
        ("floors.accuracy", |gate| gate.floors.accuracy = 1.0),
        ("floors.precision", |gate| gate.floors.precision = 1.0),
        ("floors.recall", |gate| gate.floors.recall = 1.0),
        ("floors.f1", |gate| gate.floors.f1 = 1.0),
        ("floors.auc", |gate| gate.floors.auc = 1.0),
        ("floors.log_loss", |gate| gate.floors.log_loss = 0.0),
        ("floors.ece", |gate| gate.floors.ece = 0.0),
        ("min_reviews", |gate| gate.min_reviews = 1001),
    ];
    for (check, raise) in table {
        let mut gate = Gate::default();
        raise(&mut gate);
        let decision = decide(None, &model, &gate);
        assert!(!decision.accepted);
        assert_eq!(failed(&decision), [check]);
    }
}

#[test]
fn a_candidate_trained_on_wrong_labels_is_refused() {
    let decision = decide(Some(&clean(600)), &mislabelled(), &no_floors());
    assert!(!decision.accepted);
    let failed = failed(&decision);
    for check in ["mcnemar", "max_regression", "max_log_loss_rise"] {
        assert!(failed.contains(&check), "{check} in {failed:?}");
    }
}

#[test]
fn more_data_is_accepted_and_the_way_back_is_not() {
    let (few, many) = (clean(60), clean(600));
    let forth = decide(Some(&few), &many, &Gate::default());
    assert_eq!(failed(&forth), [""; 0]);
    let back = decide(Some(&many), &few, &no_floors());
    assert!(!back.accepted, "{:?}", back.mcnemar);
    let (forth, back) = (forth.mcnemar.unwrap(), back.mcnemar.unwrap());
    assert_eq!((forth.b, forth.c), (back.c, back.b));
}

#[test]
fn the_champion_itself_is_nothing_to_promote() {
    let model = clean(600);
    let decision = decide(Some(&model), &model, &Gate::default());
    assert_eq!(failed(&decision), ["differs_from_champion"]);
    let says = &reason(&decision, "differs_from_champion").says;
    assert!(says.contains("nothing to promote") && says.contains(&model.identity().sha256));
    assert_eq!(decision.n_flips, 0);
}

#[test]
fn a_fit_that_was_broken_off_is_refused_unless_that_is_allowed() {
    let logistic = LogisticParams { max_iter: 3, tol: 1e-9, ..LogisticParams::default() };
    let params = TrainParams { logistic, ..with_terms(400) };
    let model = model(&train(&corpus(600, 0, |_, label| label), params));
    let strict = decide(None, &model, &no_floors());
    assert_eq!(failed(&strict), ["require_converged"]);
    let gate = Gate { require_converged: false, ..no_floors() };
    assert!(decide(None, &model, &gate).accepted);
}

#[test]
fn a_loss_that_is_exactly_the_bound_is_tolerated() {
    let (champion, candidate) = (clean(600), clean(500));
    let loss = |decision: &Decision| reason(decision, "max_regression").value.unwrap();
    let (champion, candidate) = match loss(&decide(Some(&champion), &candidate, &no_floors())) {
        loss if loss >= 0.0 => (champion, candidate),
        _ => (candidate, champion),
    };
    let first = decide(Some(&champion), &candidate, &no_floors());
    let gate = Gate {
        alpha: 1e-300,
        max_log_loss_rise: 100.0,
        slice_max_drop: 1.0,
        max_regression: loss(&first),
        ..no_floors()
    };
    assert_eq!(failed(&decide(Some(&champion), &candidate, &gate)), [""; 0]);
    if gate.max_regression > 0.0 {
        let tighter = Gate { max_regression: gate.max_regression - 1e-9, ..gate };
        let decision = decide(Some(&champion), &candidate, &tighter);
        assert_eq!(failed(&decision), ["max_regression"]);
    }
}

/// Reviews of one word each, of which three in ten are loud: those end in another word and an exclamation mark. Where `turned`,
/// the loud ones carry the wrong label.
fn loud_and_quiet(turned: bool) -> Corpus {
    let review = |i: usize| {
        let (label, loud) = (i.is_multiple_of(2), i % 10 < 3);
        let word = if label { "superb" } else { "awful" };
        let text = match loud {
            true => format!("{word}indeed!"),
            false => format!("{word} it was."),
        };
        (format!("r{i:04}"), text, label != (turned && loud))
    };
    Corpus::with_ids((0..1000).map(review))
}

#[test]
fn a_loss_in_one_kind_of_review_is_found_where_the_average_would_pass() {
    let held_out = loud_and_quiet(false);
    let champion = model(&train(&held_out, with_terms(400)));
    let candidate = model(&train(&loud_and_quiet(true), with_terms(400)));
    let lenient = Gate {
        max_regression: 1.0,
        max_log_loss_rise: 100.0,
        // 300 of 300 are lost: p is 2^-299.
        alpha: 1e-50,
        ..no_floors()
    };
    let decide = |gate: &Gate| {
        let wanted = FlipsWanted::default();
        compare(Some(&champion), &candidate, &held_out, None, gate, wanted)
    };
    let decision = decide(&lenient);
    // Each of these reviews is one sentence, so that sentence is lost with it.
    let lost = ["mcnemar", "slices.short", "slices.exclamation", "slices.one_sentence"];
    assert_eq!(failed(&decision), lost);
    let loud = reason(&decision, "slices.exclamation");
    assert!((loud.value.unwrap() - 1.0).abs() < 1e-12, "{loud:?}");
    // What may be luck passes, and says so.
    let decision = decide(&Gate { alpha: 1e-100, ..lenient.clone() });
    assert_eq!(failed(&decision), [""; 0], "p is {:?}", decision.mcnemar);
    let loud = reason(&decision, "slices.exclamation");
    assert!(loud.says.ends_with("may be luck"), "{}", loud.says);
}

#[test]
fn flips_are_exactly_the_reviews_whose_label_changes() {
    let (champion, candidate) = (clean(600), mislabelled());
    let held_out = held_out();
    let wanted = FlipsWanted { most: usize::MAX, texts: false };
    let decision = compare(Some(&champion), &candidate, &held_out, None, &Gate::default(), wanted);
    let [before, after] =
        [&champion, &candidate].map(|model| probabilities(model, &held_out.texts));
    let expected: BTreeSet<&str> = (0..held_out.len())
        .filter(|&i| (before[i] >= 0.5) != (after[i] >= 0.5))
        .map(|i| held_out.ids[i].as_str())
        .collect();
    let got: BTreeSet<&str> = decision.flips.iter().map(|flip| flip.id.as_str()).collect();
    assert_eq!(got, expected);
    assert!(!got.is_empty());
    let test = decision.mcnemar.unwrap();
    assert_eq!(decision.n_flips, test.b + test.c, "two classes: who changes is right once");
    let changes = decision.flips.iter().map(|flip| (flip.champion - flip.candidate).abs());
    assert!(changes.is_sorted_by(|a, b| a >= b));
}

#[test]
fn a_decision_is_the_same_on_any_number_of_threads_and_tells_no_text_unless_asked() {
    let (champion, candidate) = (clean(600), mislabelled());
    let held_out = held_out();
    let json = |threads: usize, wanted: FlipsWanted| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let gate = Gate::default();
        let decision =
            pool.install(|| compare(Some(&champion), &candidate, &held_out, None, &gate, wanted));
        serde_json::to_string_pretty(&decision).unwrap()
    };
    let one = json(1, FlipsWanted::default());
    assert_eq!(one, json(3, FlipsWanted::default()));
    assert!(!one.contains("\"text\"") && !one.contains(" was "));
    let told = FlipsWanted { most: 3, texts: true };
    let told: serde_json::Value = serde_json::from_str(&json(2, told)).unwrap();
    let flips = told["flips"].as_array().unwrap();
    assert_eq!(flips.len(), 3);
    assert!(flips.iter().all(|flip| flip["text"].as_str().unwrap().contains(" was ")));
}

#[test]
fn what_the_champion_passes_and_the_candidate_fails_is_counted_and_named() {
    let (champion, fewer) = (clean(600), clean(400));
    let opposite = trained(600, |_, label| !label);
    let held_out = held_out();
    let texts =
        ["The cast was superb, the plot was witty.", "The cast was awful, the plot was dull."];
    let suite = |known_failure| {
        let test = |(text, decided): (&str, Decided)| Test {
            text: text.to_owned(),
            variations: Vec::new(),
            expected: Expected::Decision { any_of: vec![decided], at_most: 1.0 },
        };
        let sides = [Decided::Positive, Decided::Negative];
        let capability = Capability {
            name: "sides".to_owned(),
            kind: Kind::Minimum,
            description: String::new(),
            known_failure,
            tests: texts.into_iter().zip(sides).map(test).collect(),
        };
        Suite { name: "mine".to_owned(), unsure_within: 0.0, capabilities: vec![capability] }
    };
    let decide = |champion: Option<&Model>, candidate: &Model, known_failure, most| {
        let behaviour = BehaviourBounds { suite: None, max_new_failures: most };
        let gate = Gate { behaviour, ..no_floors() };
        let suite = suite(known_failure);
        compare(champion, candidate, &held_out, Some(&suite), &gate, FlipsWanted::default())
    };
    for (most, passed) in [(0, false), (1, false), (2, true)] {
        let decision = decide(Some(&champion), &opposite, false, most);
        let found = reason(&decision, "behaviour");
        assert_eq!((found.value, found.passed), (Some(2.0), passed), "at most {most}");
        for part in ["of 2 tests of the suite mine the candidate fails 2 that", texts[0], "(sides)"]
        {
            assert!(found.says.contains(part), "{part}: {}", found.says);
        }
        let change = decision.behaviour.unwrap();
        assert_eq!((change.n_new_failures, change.candidate.passed), (2, 0));
        assert_eq!(change.champion.unwrap().passed, 2);
    }
    // It is better the other way, and as good where both know the words.
    for (champion, candidate, passes) in [(&opposite, &champion, 2), (&champion, &fewer, 0)] {
        let decision = decide(Some(champion), candidate, false, 0);
        let found = reason(&decision, "behaviour");
        assert!(found.passed, "{}", found.says);
        assert_eq!(decision.behaviour.unwrap().n_new_passes, passes);
    }
    assert_eq!(reason(&decide(Some(&champion), &opposite, true, 0), "behaviour").value, Some(0.0));
    let first = decide(None, &opposite, false, 0);
    assert!(first.accepted, "a first model has nothing to lose: {:?}", failed(&first));
    assert_eq!(first.behaviour.unwrap().candidate.passed, 0);
}
