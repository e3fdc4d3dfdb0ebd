//! How good a model is by the length of the text.

use verdict_learning::estimate::Estimate;
use verdict_learning::measures::Measures;
use verdict_learning::metrics::{Metrics, shown};
use verdict_learning::scoring::Decided;

/// Texts of one length.
#[derive(Debug, Clone, PartialEq)]
pub struct LengthRow {
    /// How long they are.
    pub title: &'static str,
    /// Metrics on them.
    pub metrics: Metrics,
    /// Their accuracy with its interval; `None` where there is no such text.
    pub accuracy: Option<Estimate>,
    /// What the model decides about them.
    pub decided: Decided,
}

impl LengthRow {
    /// Accuracy, its interval, log-loss, calibration error, share that is decided, and the share
    /// of errors among these with its interval.
    #[must_use]
    pub fn cells(&self) -> [String; 6] {
        let interval = self.accuracy.map(|a| format!("{:.4} to {:.4}", a.low, a.high));
        let coverage = self.decided.coverage();
        let coverage = coverage.map(|share| format!("{:.1} %", 100.0 * share.value));
        let wrong = self.decided.error().map(|share| {
            let [value, low, high] = [share.value, share.low, share.high].map(|x| 100.0 * x);
            format!("{value:.2} % ({low:.2} to {high:.2})")
        });
        let Metrics { accuracy, log_loss, ece, .. } = self.metrics;
        let interval = interval.unwrap_or_else(|| shown(None));
        let [coverage, wrong] = [coverage, wrong].map(|cell| cell.unwrap_or_else(|| shown(None)));
        [shown(accuracy), interval, shown(log_loss), shown(ece), coverage, wrong]
    }
}

/// A row for each length, the shortest first: windows of the reviews, and at last the reviews.
pub fn by_length(measures: &Measures) -> impl Iterator<Item = LengthRow> {
    let windows = measures.windows.iter().map(|(length, metrics)| {
        let decided = measures.windows_decided.get(length).copied().unwrap_or_default();
        (length.describe(), *metrics, decided)
    });
    let whole = ("whole reviews", measures.metrics, measures.decided);
    windows.chain([whole]).map(|(title, metrics, decided)| {
        let n = metrics.n as u64;
        let right = metrics.accuracy.map(|accuracy| (accuracy * n as f64).round() as u64);
        let accuracy = right.and_then(|right| Estimate::fraction(right, n));
        LengthRow { title, metrics, accuracy, decided }
    })
}
