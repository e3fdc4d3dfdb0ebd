use crate::made::numbers;
use linfa::prelude::{BinaryClassification, Pr, ToConfusionMatrix};
use ndarray::Array1;
use proptest::prelude::*;
use serde_json::Value;
use verdict_learning::estimate::Estimate;
use verdict_learning::gate::McNemar;
use verdict_learning::metrics::Metrics;

/// Made by scikit-learn and SciPy: see the script beside it.
fn goldens() -> Value {
    serde_json::from_str(include_str!("../goldens/curves.json")).unwrap()
}

fn sets(goldens: &Value) -> Vec<(&Value, Vec<f64>, Vec<bool>)> {
    let sets = goldens["sets"].as_array().unwrap();
    assert!(sets.len() >= 4);
    sets.iter()
        .map(|set| {
            let labels = numbers(&set["labels"]);
            let labels = labels.iter().map(|&label| label > 0.5).collect();
            (set, numbers(&set["probabilities"]), labels)
        })
        .collect()
}

fn assert_close(name: &Value, got: &[f64], expected: &[f64]) {
    assert_eq!(got.len(), expected.len(), "{name}: {got:?}");
    for (got, expected) in got.iter().zip(expected) {
        assert!((got - expected).abs() < 1e-12, "{name}: {got} {expected}");
    }
}

#[test]
fn log_loss_brier_and_auc_are_scikit_learns() {
    let goldens = goldens();
    for (set, p, labels) in sets(&goldens) {
        let ours = Metrics::new(&p, &labels);
        let theirs = ["log_loss", "brier", "auc"].map(|key| set[key].as_f64().unwrap());
        let ours = [ours.log_loss, ours.brier, ours.auc].map(Option::unwrap);
        assert_close(&set["name"], &ours, &theirs);
    }
}

#[test]
fn mcnemars_test_is_scipys_binomial_test() {
    let goldens = goldens();
    let cases = goldens["mcnemar"].as_array().unwrap();
    assert!(cases.len() >= 12);
    for case in cases {
        let count = |key: &str| case[key].as_u64().unwrap() as usize;
        let (p, ours) = (case["p"].as_f64().unwrap(), McNemar::new(count("b"), count("c")));
        assert!((ours.p - p).abs() <= 1e-10 * p, "{case}: {}", ours.p);
    }
}

#[test]
fn wilsons_interval_is_scipys() {
    let goldens = goldens();
    for case in goldens["wilson"].as_array().unwrap() {
        let count = |key: &str| case[key].as_u64().unwrap() as usize;
        let ours = Estimate::fraction(count("k") as u64, count("n") as u64).unwrap();
        let theirs = ["low", "high"].map(|key| case[key].as_f64().unwrap());
        assert_close(case, &[ours.low, ours.high], &theirs);
    }
}

#[test]
fn perfect_and_opposite_predictions_are_the_ends_of_the_scale() {
    let labels = [true, false, true, false];
    let good = Metrics::new(&[0.9, 0.1, 0.8, 0.3], &labels);
    assert_eq!([good.accuracy, good.auc, good.f1], [Some(1.0); 3]);
    let bad = Metrics::new(&[0.1, 0.9, 0.2, 0.7], &labels);
    assert_eq!([bad.accuracy, bad.auc, bad.f1], [Some(0.0); 3]);
}

#[test]
fn ties_count_half() {
    let tied = Metrics::new(&[0.5, 0.5, 0.5], &[true, false, false]);
    assert_eq!(tied.auc, Some(0.5));
}

#[test]
fn what_is_not_defined_is_null_and_says_why() {
    let nothing = "there is no review";
    let all = Metrics::new(&[], &[]).named().map(|(name, _)| (name, nothing));
    type Case<'a> = (&'a [f64], &'a [bool], &'a [(&'a str, &'a str)]);
    let cases: [Case<'_>; 6] = [
        (&[], &[], &all),
        (&[0.9, 0.8], &[true, true], &[("auc", "all reviews are positive")]),
        (
            &[0.3],
            &[true],
            &[("auc", "all reviews are positive"), ("precision", "no review is called positive")],
        ),
        (
            &[0.9, 0.2],
            &[false, false],
            &[("auc", "all reviews are negative"), ("recall", "no review is positive")],
        ),
        (
            &[0.1, 0.2],
            &[false, false],
            &[
                ("auc", "all reviews are negative"),
                ("f1", "no review is positive or called so"),
                ("precision", "no review is called positive"),
                ("recall", "no review is positive"),
            ],
        ),
        (&[0.1, 0.2], &[false, true], &[("precision", "no review is called positive")]),
    ];
    for (p, labels, undefined) in cases {
        let metrics = Metrics::new(p, labels);
        assert_eq!(metrics.undefined(), undefined.iter().copied().collect());
        let json = serde_json::to_value(metrics).unwrap();
        for (name, value) in metrics.named() {
            let why = undefined.iter().find(|(other, _)| *other == name);
            assert_eq!(value.is_none(), why.is_some(), "{name} of {labels:?}");
            assert_eq!(json[name].as_f64(), value, "{name} of {labels:?}");
            assert_eq!(json["undefined"][name].as_str(), why.map(|(_, why)| *why));
            if let Some((_, why)) = why {
                assert_eq!(metrics.text(name), format!("not defined ({why})"));
            }
        }
        assert_eq!(json.get("undefined").is_some(), !undefined.is_empty());
        let read: Metrics = serde_json::from_value(json).unwrap();
        assert_eq!(read, metrics);
    }
    // Nothing called positive among positive ones: scikit-learn's F1 too is 0 and not undefined.
    assert_eq!(Metrics::new(&[0.3], &[true]).f1, Some(0.0));
}

proptest! {
    #[test]
    fn linfa_agrees(pairs in prop::collection::vec((0.001_f32..0.999, any::<bool>()), 8..200)) {
        let labels: Vec<bool> = pairs.iter().map(|&(_, label)| label).collect();
        prop_assume!(labels.contains(&true) && labels.contains(&false));
        let p: Vec<f64> = pairs.iter().map(|&(p, _)| f64::from(p)).collect();
        let ours = Metrics::new(&p, &labels);
        let theirs: Vec<Pr> = pairs.iter().map(|&(p, _)| Pr::new(p)).collect();
        let roc = (&theirs[..]).roc(&labels).unwrap();
        prop_assert!((f64::from(roc.area_under_curve()) - ours.auc.unwrap()).abs() < 1e-3, "auc {} {:?}", roc.area_under_curve(), ours.auc);
        let called: Array1<bool> = p.iter().map(|&p| p >= 0.5).collect();
        let confusion = called.confusion_matrix(&Array1::from(labels)).unwrap();
        prop_assert!((f64::from(confusion.accuracy()) - ours.accuracy.unwrap()).abs() < 1e-5);
    }
}
