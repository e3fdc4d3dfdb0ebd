//! How good probabilities are. In `f64` and by counting, where linfa's own metrics are `f32`; a test holds them together.

use serde::{Deserialize, Serialize};

/// Bins of equal width that the calibration error is computed over.
pub const BINS: usize = 15;
/// Probabilities are kept this far from 0 and 1 before their logarithm is taken, as scikit-learn does.
const CLIP: f64 = 1e-15;

/// Metrics of a binary classifier; the positive class is the one that precision and recall are of.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    /// Fraction of labels that are right.
    pub accuracy: f64,
    /// Of those called positive, the fraction that are.
    pub precision: f64,
    /// Of the positive ones, the fraction that are called so.
    pub recall: f64,
    /// Harmonic mean of precision and recall.
    pub f1: f64,
    /// Area under the ROC curve: the probability that a positive one is ranked above a negative one.
    pub auc: f64,
    /// Mean negative log-likelihood, in nats.
    pub log_loss: f64,
    /// Expected calibration error over [`BINS`] bins: mean distance of confidence from accuracy.
    pub ece: f64,
    /// Reviews.
    pub n: usize,
}

impl Metrics {
    /// Computes all metrics from P(positive) and the truth, in the same order.
    ///
    /// A fraction of nothing is 0, and so is the AUC where there is one class only.
    #[must_use]
    pub fn new(probabilities: &[f64], labels: &[bool]) -> Self {
        let n = probabilities.len().min(labels.len());
        let pairs = || probabilities.iter().copied().zip(labels.iter().copied());
        let count = |called: bool, is: bool| {
            pairs()
                .filter(|&(p, label)| (p >= 0.5) == called && label == is)
                .count()
        };
        let (tp, fp, fn_) = (count(true, true), count(true, false), count(false, true));
        let precision = ratio(tp, tp + fp);
        let recall = ratio(tp, tp + fn_);
        let log_loss = pairs().map(|(p, label)| {
            -libm::log((if label { p } else { 1.0 - p }).clamp(CLIP, 1.0 - CLIP))
        });
        Self {
            accuracy: ratio(n - fp - fn_, n),
            precision,
            recall,
            f1: ratio(2 * tp, 2 * tp + fp + fn_),
            auc: auc(probabilities, labels),
            log_loss: if n == 0 {
                0.0
            } else {
                log_loss.sum::<f64>() / n as f64
            },
            ece: expected_calibration_error(probabilities, labels),
            n,
        }
    }
}

fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}

/// The Mann-Whitney statistic, ties counting half.
fn auc(probabilities: &[f64], labels: &[bool]) -> f64 {
    let mut ranked: Vec<(f64, bool)> = probabilities
        .iter()
        .copied()
        .zip(labels.iter().copied())
        .collect();
    ranked.sort_unstable_by(|(a, _), (b, _)| a.total_cmp(b));
    let (mut below, mut wins, mut positives) = (0_usize, 0.0, 0_usize);
    for tie in ranked.chunk_by(|(a, _), (b, _)| a.total_cmp(b).is_eq()) {
        let tied_positives = tie.iter().filter(|&&(_, label)| label).count();
        let tied_negatives = tie.len() - tied_positives;
        wins += tied_positives as f64 * (below as f64 + tied_negatives as f64 / 2.0);
        below += tied_negatives;
        positives += tied_positives;
    }
    if positives == 0 || below == 0 {
        0.0
    } else {
        wins / (positives as f64 * below as f64)
    }
}

/// Source: Naeini, Cooper and Hauskrecht, *Obtaining well calibrated probabilities using Bayesian binning*, AAAI 2015.
fn expected_calibration_error(probabilities: &[f64], labels: &[bool]) -> f64 {
    let mut bins = [(0_usize, 0.0, 0_usize); BINS];
    for (&p, &label) in probabilities.iter().zip(labels) {
        if let Some((n, sum, positives)) = bins.get_mut(((p * BINS as f64) as usize).min(BINS - 1))
        {
            *n += 1;
            *sum += p;
            *positives += usize::from(label);
        }
    }
    let gaps = bins
        .iter()
        .map(|&(_, sum, positives)| (sum - positives as f64).abs())
        .sum::<f64>();
    if probabilities.is_empty() {
        0.0
    } else {
        gaps / probabilities.len() as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use linfa::prelude::{BinaryClassification, Pr, ToConfusionMatrix};
    use ndarray::Array1;
    use proptest::prelude::*;

    #[test]
    fn perfect_and_opposite_predictions_are_the_ends_of_the_scale() {
        let labels = [true, false, true, false];
        let good = Metrics::new(&[0.9, 0.1, 0.8, 0.3], &labels);
        assert!(good.accuracy > 0.999 && good.auc > 0.999 && good.f1 > 0.999);
        let bad = Metrics::new(&[0.1, 0.9, 0.2, 0.7], &labels);
        assert!(bad.accuracy < 1e-9 && bad.auc < 1e-9 && bad.f1 < 1e-9);
    }

    #[test]
    fn ties_count_half() {
        assert!((Metrics::new(&[0.5, 0.5, 0.5], &[true, false, false]).auc - 0.5).abs() < 1e-12);
    }

    #[test]
    fn one_class_and_nothing_at_all_give_numbers() {
        for metrics in [Metrics::new(&[], &[]), Metrics::new(&[0.3], &[true])] {
            assert!(
                [metrics.accuracy, metrics.auc, metrics.log_loss, metrics.ece]
                    .iter()
                    .all(|x| x.is_finite())
            );
        }
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
            prop_assert!((f64::from(roc.area_under_curve()) - ours.auc).abs() < 1e-3, "auc {} {}", roc.area_under_curve(), ours.auc);
            let called: Array1<bool> = p.iter().map(|&p| p >= 0.5).collect();
            let confusion = called.confusion_matrix(&Array1::from(labels)).unwrap();
            prop_assert!((f64::from(confusion.accuracy()) - ours.accuracy).abs() < 1e-5);
        }
    }
}
