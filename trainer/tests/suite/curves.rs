//! Curves against scikit-learn's.

use proptest::prelude::*;
use serde_json::Value;
use verdict_learning::metrics::Confusion;
use verdict_trainer::report::curves::{
    MAX_POINTS, average_precision, calibration, confusion_rows, precision_recall, roc, thin,
};

/// Made by scikit-learn and SciPy: see the script beside it.
fn goldens() -> Value {
    serde_json::from_str(include_str!("../../../crates/learning/tests/goldens/curves.json"))
        .unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    let list = value.as_array().unwrap();
    list.iter().map(|x| x.as_f64().unwrap()).collect()
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

#[track_caller]
fn assert_close(name: &Value, got: &[f64], expected: &[f64]) {
    assert_eq!(got.len(), expected.len(), "{name}: {got:?}");
    for (got, expected) in got.iter().zip(expected) {
        assert!((got - expected).abs() < 1e-12, "{name}: {got} {expected}");
    }
}

#[test]
fn the_roc_curve_is_scikit_learns() {
    let goldens = goldens();
    for (set, p, labels) in sets(&goldens) {
        let (name, theirs, ours) = (&set["name"], &set["roc"], roc(&p, &labels));
        let fpr: Vec<f64> = ours.iter().map(|point| point.fpr).collect();
        let tpr: Vec<f64> = ours.iter().map(|point| point.tpr).collect();
        let thresholds: Vec<f64> = ours.iter().map(|point| point.threshold).collect();
        assert_close(name, &fpr, &numbers(&theirs["fpr"]));
        assert_close(name, &tpr, &numbers(&theirs["tpr"]));
        // Their first threshold is infinite.
        assert!(theirs["threshold"][0].is_null() && thresholds[0] > 1.0);
        let rest: Vec<Value> = theirs["threshold"].as_array().unwrap()[1..].to_vec();
        assert_close(name, &thresholds[1..], &numbers(&Value::Array(rest)));
    }
}

#[test]
fn the_precision_recall_curve_and_its_area_are_scikit_learns() {
    let goldens = goldens();
    for (set, p, labels) in sets(&goldens) {
        let (name, theirs) = (&set["name"], &set["precision_recall"]);
        let ours = precision_recall(&p, &labels);
        let precision: Vec<f64> = ours.iter().map(|point| point.precision).collect();
        let recall: Vec<f64> = ours.iter().map(|point| point.recall).collect();
        let thresholds: Vec<f64> = ours.iter().map(|point| point.threshold).collect();
        assert_close(name, &precision, &numbers(&theirs["precision"]));
        assert_close(name, &recall, &numbers(&theirs["recall"]));
        let (last, rest) = thresholds.split_last().unwrap();
        assert!(*last > 1.0, "nothing is called positive at the last point");
        assert_close(name, rest, &numbers(&theirs["threshold"]));
        let area = set["average_precision"].as_f64().unwrap();
        assert_close(name, &[average_precision(&ours).unwrap()], &[area]);
    }
}

#[test]
fn the_calibration_curve_is_scikit_learns() {
    let goldens = goldens();
    for (set, p, labels) in sets(&goldens) {
        let (name, theirs) = (&set["name"], &set["calibration"]);
        let ours = calibration(&p, &labels);
        let predicted: Vec<f64> = ours.iter().map(|bin| bin.predicted).collect();
        let actual: Vec<f64> = ours.iter().map(|bin| bin.actual).collect();
        assert_close(name, &predicted, &numbers(&theirs["predicted"]));
        assert_close(name, &actual, &numbers(&theirs["actual"]));
        assert_eq!(ours.iter().map(|bin| bin.n).sum::<usize>(), p.len());
    }
}

#[test]
fn without_both_classes_there_is_no_roc_and_without_positives_no_precision() {
    for (p, labels, n_roc, n_pr) in [
        (&[][..], &[][..], 0, 0),
        (&[0.3, 0.8], &[true, true], 0, 3),
        (&[0.3, 0.8], &[false, false], 0, 0),
        (&[0.3, 0.8], &[false, true], 3, 3),
    ] {
        assert_eq!(roc(p, labels).len(), n_roc, "{labels:?}");
        assert_eq!(precision_recall(p, labels).len(), n_pr, "{labels:?}");
        let area = average_precision(&precision_recall(p, labels));
        assert_eq!(area.is_some(), n_pr > 0, "{labels:?}");
    }
}

#[test]
fn a_straight_line_is_its_ends_and_a_corner_is_kept() {
    let line: Vec<(f64, f64)> = (0..100).map(|i| (f64::from(i), f64::from(i))).collect();
    assert_eq!(thin(&line, 50, |&p| p), [(0.0, 0.0), (99.0, 99.0)]);
    let corner = [(0.0, 0.0), (0.0, 0.5), (0.0, 1.0), (0.5, 1.0), (1.0, 1.0)];
    assert_eq!(thin(&corner, 50, |&p| p), [(0.0, 0.0), (0.0, 1.0), (1.0, 1.0)]);
    let closed = [(0.0, 0.0), (1.0, 0.0), (0.0, 0.0)];
    assert_eq!(thin(&closed, 50, |&p| p).len(), 3);
}

fn area(points: &[(f64, f64)]) -> f64 {
    points.windows(2).map(|pair| (pair[1].0 - pair[0].0) * (pair[1].1 + pair[0].1) / 2.0).sum()
}

proptest! {
    #[test]
    fn a_thinned_curve_has_few_points_the_same_ends_and_the_same_area(
        pairs in prop::collection::vec((0.0_f64..1.0, any::<bool>()), 1000..3000)
    ) {
        // Better than chance, so that it bends.
        let labels: Vec<bool> = pairs.iter().map(|&(_, label)| label).collect();
        let p: Vec<f64> = pairs
            .iter()
            .map(|&(p, label)| if label { p.sqrt() } else { p * p })
            .collect();
        let whole: Vec<(f64, f64)> = roc(&p, &labels).iter().map(|x| (x.fpr, x.tpr)).collect();
        let few = thin(&whole, MAX_POINTS, |&point| point);
        prop_assert!(few.len() <= MAX_POINTS && few.len() > 50);
        prop_assert_eq!(few.first(), whole.first());
        prop_assert_eq!(few.last(), whole.last());
        prop_assert!((area(&few) - area(&whole)).abs() < 2e-3, "{} {}", area(&few), area(&whole));
    }

    #[test]
    fn rows_of_the_confusion_table_add_up_to_its_counts(
        pairs in prop::collection::vec((0.0_f64..=1.0, any::<bool>()), 0..200)
    ) {
        let (p, labels): (Vec<f64>, Vec<bool>) = pairs.into_iter().unzip();
        let counts = Confusion::at(0.5, &p, &labels);
        let of = |actual, predicted| {
            confusion_rows(&p, &labels).filter(|row| *row == (actual, predicted)).count()
        };
        prop_assert_eq!(of("positive", "positive"), counts.tp);
        prop_assert_eq!(of("negative", "positive"), counts.fp);
        prop_assert_eq!(of("negative", "negative"), counts.tn);
        prop_assert_eq!(of("positive", "negative"), counts.fn_);
    }
}
