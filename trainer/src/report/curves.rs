//! The curves of a binary classifier, point for point those of scikit-learn.
//!
//! A threshold `t` calls a review positive if P(positive) is at least `t`.

use serde::Serialize;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use verdict_learning::metrics::{calibration_bins, side};

/// Points that a curve is thinned to for a picture or a data file.
pub const MAX_POINTS: usize = 400;
/// The threshold at which nothing is called positive. scikit-learn has infinity here, which JSON
/// has not.
const ABOVE_ALL: f64 = 1.0 + f64::EPSILON;

/// A point of the ROC curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct RocPoint {
    /// Of the negative reviews, the fraction called positive.
    pub fpr: f64,
    /// Of the positive reviews, the fraction called positive.
    pub tpr: f64,
    /// At which threshold.
    pub threshold: f64,
}

/// A point of the precision-recall curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct PrecisionRecallPoint {
    /// Of the reviews called positive, the fraction that are. At the end, where none is, 1 by
    /// convention: there the curve meets its axis.
    pub precision: f64,
    /// Of the positive reviews, the fraction called positive.
    pub recall: f64,
    /// At which threshold.
    pub threshold: f64,
}

/// What became of the probabilities of one bin.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CalibrationBin {
    /// Mean of P(positive).
    pub predicted: f64,
    /// Fraction that are positive.
    pub actual: f64,
    /// Reviews in the bin.
    pub n: usize,
}

/// True and false positives at each threshold that makes a difference, from the highest threshold
/// down.
struct Step {
    threshold: f64,
    tp: usize,
    fp: usize,
}

fn steps(probabilities: &[f64], labels: &[bool]) -> Vec<Step> {
    let mut ranked: Vec<(f64, bool)> =
        probabilities.iter().copied().zip(labels.iter().copied()).collect();
    ranked.sort_unstable_by(|(a, _), (b, _)| b.total_cmp(a));
    let (mut tp, mut fp) = (0, 0);
    ranked
        .chunk_by(|(a, _), (b, _)| a.total_cmp(b).is_eq())
        .filter_map(|tie| {
            let positives = tie.iter().filter(|&&(_, label)| label).count();
            tp += positives;
            fp += tie.len() - positives;
            let &(threshold, _) = tie.first()?;
            Some(Step { threshold, tp, fp })
        })
        .collect()
}

/// The ROC curve from (0, 0) to (1, 1), thresholds descending; empty unless there are both classes.
///
/// Source: `sklearn.metrics.roc_curve` with `drop_intermediate=False`.
#[must_use]
pub fn roc(probabilities: &[f64], labels: &[bool]) -> Vec<RocPoint> {
    let steps = steps(probabilities, labels);
    let (positives, negatives) = match steps.last() {
        Some(last) if last.tp > 0 && last.fp > 0 => (last.tp as f64, last.fp as f64),
        _ => return Vec::new(),
    };
    let start = RocPoint { fpr: 0.0, tpr: 0.0, threshold: ABOVE_ALL };
    let rest = steps.iter().map(|step| RocPoint {
        fpr: step.fp as f64 / negatives,
        tpr: step.tp as f64 / positives,
        threshold: step.threshold,
    });
    std::iter::once(start).chain(rest).collect()
}

/// The precision-recall curve from recall 1 down to 0, thresholds ascending; empty where no review
/// is positive.
///
/// Source: `sklearn.metrics.precision_recall_curve`.
#[must_use]
pub fn precision_recall(probabilities: &[f64], labels: &[bool]) -> Vec<PrecisionRecallPoint> {
    let steps = steps(probabilities, labels);
    let positives = match steps.last() {
        Some(last) if last.tp > 0 => last.tp as f64,
        _ => return Vec::new(),
    };
    let end = PrecisionRecallPoint { precision: 1.0, recall: 0.0, threshold: ABOVE_ALL };
    let all = steps.iter().rev().map(|step| PrecisionRecallPoint {
        precision: step.tp as f64 / (step.tp + step.fp) as f64,
        recall: step.tp as f64 / positives,
        threshold: step.threshold,
    });
    all.chain(std::iter::once(end)).collect()
}

/// The area under the precision-recall curve by steps; `None` for an empty one.
///
/// Source: `sklearn.metrics.average_precision_score`.
#[must_use]
pub fn average_precision(curve: &[PrecisionRecallPoint]) -> Option<f64> {
    let steps = curve.windows(2);
    let areas = steps.map(|pair| (pair[0].recall - pair[1].recall) * pair[0].precision);
    (!curve.is_empty()).then(|| areas.sum())
}

/// The bins of the calibration error, lowest first; empty bins are left out, as by
/// `sklearn.calibration.calibration_curve`.
#[must_use]
pub fn calibration(probabilities: &[f64], labels: &[bool]) -> Vec<CalibrationBin> {
    let bins = calibration_bins(probabilities, labels).into_iter().filter(|bin| bin.n > 0);
    bins.map(|bin| CalibrationBin {
        predicted: bin.predicted / bin.n as f64,
        actual: bin.positive as f64 / bin.n as f64,
        n: bin.n as usize,
    })
    .collect()
}

/// Truth and answer of each review, in their order, each `positive` or `negative`.
pub fn confusion_rows(
    probabilities: &[f64],
    labels: &[bool],
) -> impl Iterator<Item = (&'static str, &'static str)> {
    probabilities.iter().zip(labels).map(|(&p, &label)| (side(label), side(p >= 0.5)))
}

/// Keeps at most `most` points (at least 2): both ends and, one after another, the point that lies
/// farthest from the chord of its piece. Points on a straight line are dropped. `at` gives the
/// place of a point in the picture.
///
/// Source: Douglas and Peucker, *Algorithms for the reduction of the number of points required to
/// represent a digitized line*, 1973; here with a bound on the number of points in place of one on
/// the distance.
#[must_use]
pub fn thin<P: Copy>(points: &[P], most: usize, at: impl Fn(&P) -> (f64, f64)) -> Vec<P> {
    if points.len() < 3 {
        return points.to_vec();
    }
    let mut keep = vec![false; points.len()];
    keep[0] = true;
    keep[points.len() - 1] = true;
    let mut kept = 2;
    let mut pieces = BinaryHeap::from_iter(piece(points, 0, points.len() - 1, &at));
    while kept < most {
        let Some((_, Reverse(first), farthest, last)) = pieces.pop() else { break };
        keep[farthest] = true;
        kept += 1;
        pieces.extend(piece(points, first, farthest, &at));
        pieces.extend(piece(points, farthest, last, &at));
    }
    let kept = points.iter().zip(&keep).filter(|&(_, &keep)| keep);
    kept.map(|(&point, _)| point).collect()
}

/// A piece of a curve: the distance of its farthest point from its chord as the bits of a positive
/// number, which have the order of the numbers; its first point (of two pieces that are equally
/// bent the earlier comes first); its farthest and its last.
type Piece = (u64, Reverse<usize>, usize, usize);

/// Distances within rounding of a straight line.
const STRAIGHT: f64 = 1e-12;

/// `None` where nothing lies between the ends, or all of it on their line.
fn piece<P>(
    points: &[P],
    first: usize,
    last: usize,
    at: &impl Fn(&P) -> (f64, f64),
) -> Option<Piece> {
    let ((x0, y0), (x1, y1)) = (at(&points[first]), at(&points[last]));
    let (dx, dy) = (x1 - x0, y1 - y0);
    let length = libm::hypot(dx, dy);
    let (mut farthest, mut most) = (first, STRAIGHT);
    for (i, point) in points.iter().enumerate().take(last).skip(first + 1) {
        let (x, y) = at(point);
        let distance = if length > 0.0 {
            (dx * (y - y0) - dy * (x - x0)).abs() / length
        } else {
            libm::hypot(x - x0, y - y0)
        };
        if distance > most {
            (farthest, most) = (i, distance);
        }
    }
    (farthest > first).then_some((most.to_bits(), Reverse(first), farthest, last))
}
