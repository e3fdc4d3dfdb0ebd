//! How good a model is by the length of the text.

use verdict_learning::estimate::Estimate;
use verdict_learning::metrics::{Measures, Metrics, shown};

/// Texts of one length.
#[derive(Debug, Clone, PartialEq)]
pub struct LengthRow {
    /// How long they are.
    pub title: &'static str,
    /// Metrics on them.
    pub metrics: Metrics,
    /// Their accuracy with its interval; `None` where there is no such text.
    pub accuracy: Option<Estimate>,
}

impl LengthRow {
    /// Accuracy, its interval, log-loss and calibration error.
    #[must_use]
    pub fn cells(&self) -> [String; 4] {
        let interval = self.accuracy.map(|a| format!("{:.4} to {:.4}", a.low, a.high));
        let Metrics { accuracy, log_loss, ece, .. } = self.metrics;
        let interval = interval.unwrap_or_else(|| shown(None));
        [shown(accuracy), interval, shown(log_loss), shown(ece)]
    }
}

/// A row for each length, the shortest first: windows of the reviews, and at last the reviews.
pub fn by_length(measures: &Measures) -> impl Iterator<Item = LengthRow> {
    let windows = measures.windows.iter().map(|(length, metrics)| (length.describe(), *metrics));
    windows.chain([("whole reviews", measures.metrics)]).map(|(title, metrics)| {
        let n = metrics.n as u64;
        let right = metrics.accuracy.map(|accuracy| (accuracy * n as f64).round() as u64);
        let accuracy = right.and_then(|right| Estimate::fraction(right, n));
        LengthRow { title, metrics, accuracy }
    })
}
