//! A model measured on labelled reviews.

use super::curves::{
    CalibrationBin, PrecisionRecallPoint, RocPoint, average_precision, calibration,
    precision_recall, roc,
};
use super::mistakes::{Mistake, mistakes};
use super::terms::{Term, strongest};
use verdict_learning::corpus::Corpus;
use verdict_learning::estimate::Estimate;
use verdict_learning::gate::{Slice, slices_of};
use verdict_learning::measures::Measures;
use verdict_learning::metrics::Confusion;
use verdict_sentiment::Model;

/// Terms of each side.
const TERMS: usize = 20;

/// Everything that a report shows. Deterministic in model and reviews.
#[derive(Debug, Clone)]
pub struct Evaluation<'a> {
    /// The model.
    pub model: &'a Model,
    /// Names the reviews: SHA-256 over labels and texts.
    pub data_sha256: String,
    /// The truth, in the order of the reviews.
    pub labels: &'a [bool],
    /// P(positive), beside it.
    pub probabilities: Vec<f64>,
    /// Metrics and counts.
    pub measures: Measures,
    /// The ROC curve with all its points; empty where there is one class only.
    pub roc: Vec<RocPoint>,
    /// The precision-recall curve with all its points; empty where no review is positive.
    pub precision_recall: Vec<PrecisionRecallPoint>,
    /// Area under it, by steps; `None` without a curve.
    pub average_precision: Option<f64>,
    /// How probable positive was said to be and how often it was.
    pub calibration: Vec<CalibrationBin>,
    /// What other thresholds would give.
    pub thresholds: Vec<ThresholdRow>,
    /// Accuracy by kind of whole review, `None` where there is no review of it; each with its number of
    /// reviews.
    pub slices: Vec<(Slice, usize, Option<Estimate>)>,
    /// The strongest terms for positive.
    pub positive_terms: Vec<Term>,
    /// The strongest terms for negative.
    pub negative_terms: Vec<Term>,
    /// The surest mistakes: negative ones called positive, positive ones called negative.
    pub mistakes: [Vec<Mistake<'a>>; 2],
}

/// What a threshold gives.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ThresholdRow {
    /// P(positive) from which a review is called positive.
    pub threshold: f64,
    /// Counts at it.
    pub confusion: Confusion,
}

impl ThresholdRow {
    /// Reviews that are called positive, in per cent.
    #[must_use]
    pub fn called_positive(&self) -> f64 {
        let Confusion { tp, fp, .. } = self.confusion;
        (tp + fp) as f64 * 100.0 / self.confusion.n() as f64
    }
}

impl<'a> Evaluation<'a> {
    /// Scores the reviews, at least one, on all threads of the pool, and measures.
    #[must_use]
    pub fn new(model: &'a Model, reviews: &'a Corpus) -> Self {
        let (measures, probabilities) = Measures::with_probabilities(model, reviews);
        let labels = &reviews.labels;
        let precision_recall = precision_recall(&probabilities, labels);
        let (positive_terms, negative_terms) = strongest(model, TERMS);
        let thresholds = (1..20).map(|i| {
            let threshold = f64::from(i) / 20.0;
            ThresholdRow { threshold, confusion: Confusion::at(threshold, &probabilities, labels) }
        });
        Self {
            model,
            data_sha256: reviews.sha256.clone(),
            labels,
            measures,
            roc: roc(&probabilities, labels),
            average_precision: average_precision(&precision_recall),
            precision_recall,
            calibration: calibration(&probabilities, labels),
            thresholds: thresholds.collect(),
            slices: slices(reviews, &probabilities),
            positive_terms,
            negative_terms,
            mistakes: mistakes(model, reviews, &probabilities),
            probabilities,
        }
    }
}

fn slices(reviews: &Corpus, probabilities: &[f64]) -> Vec<(Slice, usize, Option<Estimate>)> {
    let of_reviews = Slice::ALL.into_iter().filter(|slice| slice.window().is_none());
    let mut counts: Vec<(Slice, usize, u64)> = of_reviews.map(|slice| (slice, 0, 0)).collect();
    for ((text, &label), &p) in reviews.texts.iter().zip(&reviews.labels).zip(probabilities) {
        for held in slices_of(text) {
            for (_, n, right) in counts.iter_mut().filter(|(slice, ..)| *slice == held) {
                *n += 1;
                *right += u64::from((p >= 0.5) == label);
            }
        }
    }
    let shares = counts.into_iter();
    shares.map(|(slice, n, right)| (slice, n, Estimate::fraction(right, n as u64))).collect()
}
