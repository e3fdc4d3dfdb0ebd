//! `reports/metrics.json`: the metrics and the counts behind them.

use crate::metrics::Metrics;
use serde::{Deserialize, Serialize};

/// [`Metrics`] with the counts that they come from. One flat object in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Measures {
    /// The metrics.
    #[serde(flatten)]
    pub metrics: Metrics,
    /// Reviews that are positive.
    pub n_positive: usize,
    /// Reviews that are negative.
    pub n_negative: usize,
    /// Reviews by truth and answer.
    #[serde(flatten)]
    pub confusion: Confusion,
}

/// How many reviews of each truth got which answer, at some threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confusion {
    /// Positive, and called so.
    pub tp: usize,
    /// Negative, called positive.
    pub fp: usize,
    /// Negative, and called so.
    pub tn: usize,
    /// Positive, called negative.
    #[serde(rename = "fn")]
    pub fn_: usize,
}

impl Measures {
    /// Computes everything from P(positive) and the truth, in the same order.
    #[must_use]
    pub fn new(probabilities: &[f64], labels: &[bool]) -> Self {
        let confusion = Confusion::at(0.5, probabilities, labels);
        Self {
            metrics: Metrics::new(probabilities, labels),
            n_positive: confusion.tp + confusion.fn_,
            n_negative: confusion.fp + confusion.tn,
            confusion,
        }
    }
}

impl Confusion {
    /// Counts with P(positive) ≥ `threshold` called positive.
    #[must_use]
    pub fn at(threshold: f64, probabilities: &[f64], labels: &[bool]) -> Self {
        let mut counts = Self { tp: 0, fp: 0, tn: 0, fn_: 0 };
        for (&p, &label) in probabilities.iter().zip(labels) {
            let count = match (p >= threshold, label) {
                (true, true) => &mut counts.tp,
                (true, false) => &mut counts.fp,
                (false, false) => &mut counts.tn,
                (false, true) => &mut counts.fn_,
            };
            *count += 1;
        }
        counts
    }

    /// Reviews.
    #[must_use]
    pub fn n(&self) -> usize {
        self.tp + self.fp + self.tn + self.fn_
    }

    /// Fraction that is right; `None` of nothing, as are the three below.
    #[must_use]
    pub fn accuracy(&self) -> Option<f64> {
        ratio(self.tp + self.tn, self.n())
    }

    /// Of those called positive, the fraction that are.
    #[must_use]
    pub fn precision(&self) -> Option<f64> {
        ratio(self.tp, self.tp + self.fp)
    }

    /// Of the positive ones, the fraction that are called so.
    #[must_use]
    pub fn recall(&self) -> Option<f64> {
        ratio(self.tp, self.tp + self.fn_)
    }

    /// Twice the first count, by the sum of those that are positive and those that are called so.
    #[must_use]
    pub fn f1(&self) -> Option<f64> {
        ratio(2 * self.tp, 2 * self.tp + self.fp + self.fn_)
    }
}

fn ratio(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}
