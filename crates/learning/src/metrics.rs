//! How good probabilities are. In `f64` and by counting, where linfa's own metrics are `f32`; a
//! test holds them together.

use serde::ser::SerializeMap as _;
use serde::{Deserialize, Serialize, Serializer};
use std::collections::BTreeMap;

/// Bins of equal width that the calibration error is computed over.
pub const BINS: usize = 15;
/// Probabilities are kept this far from 0 and 1 before their logarithm is taken, as scikit-learn
/// does.
const CLIP: f64 = 1e-15;

/// Metrics of a binary classifier; the positive class is the one that precision and recall are of.
///
/// `None`, in JSON `null`, is a metric that these reviews do not define: a fraction of nothing, or
/// an order of one class. Why says [`Metrics::undefined`], in JSON the member `undefined`, which is
/// there only if a metric is not.
///
/// ```
/// use verdict_learning::metrics::Metrics;
///
/// let metrics = Metrics::new(&[0.9, 0.2, 0.3, 0.4], &[true, false, false, true]);
/// assert_eq!(metrics.accuracy, Some(0.75));
/// assert_eq!(metrics.auc, Some(1.0));
/// assert_eq!(Metrics::new(&[], &[]).text("auc"), "not defined (there is no review)");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub struct Metrics {
    /// Fraction of labels that are right.
    pub accuracy: Option<f64>,
    /// Of those called positive, the fraction that are.
    pub precision: Option<f64>,
    /// Of the positive ones, the fraction that are called so.
    pub recall: Option<f64>,
    /// Twice those that are both, by the sum of those that are positive and those that are called
    /// so: the harmonic mean of precision and recall, and 0 where one of them is not defined.
    pub f1: Option<f64>,
    /// Area under the ROC curve: the probability that a positive one is ranked above a negative
    /// one.
    pub auc: Option<f64>,
    /// Mean negative log-likelihood, in nats.
    pub log_loss: Option<f64>,
    /// Mean squared distance of P(positive) from the truth. Models of before it was kept have none
    /// out of fold.
    pub brier: Option<f64>,
    /// Expected calibration error over [`BINS`] bins: mean distance of confidence from accuracy.
    pub ece: Option<f64>,
    /// Reviews.
    pub n: usize,
}

impl Metrics {
    /// Computes all metrics from P(positive) and the truth, in the same order.
    #[must_use]
    pub fn new(probabilities: &[f64], labels: &[bool]) -> Self {
        let counts = Confusion::at(0.5, probabilities, labels);
        let pairs = || probabilities.iter().copied().zip(labels.iter().copied());
        let mean = |sum: f64| (counts.n() > 0).then(|| sum / counts.n() as f64);
        let log_loss = pairs().map(|(p, label)| {
            -libm::log((if label { p } else { 1.0 - p }).clamp(CLIP, 1.0 - CLIP))
        });
        let squares = pairs().map(|(p, label)| {
            let off = p - f64::from(u8::from(label));
            off * off
        });
        Self {
            accuracy: counts.accuracy(),
            precision: counts.precision(),
            recall: counts.recall(),
            f1: counts.f1(),
            auc: auc(probabilities, labels),
            log_loss: mean(log_loss.sum()),
            brier: mean(squares.sum()),
            ece: calibration_error(&calibration_bins(probabilities, labels)),
            n: counts.n(),
        }
    }

    /// All of them by the names that they have in files.
    #[must_use]
    pub fn named(&self) -> [(&'static str, Option<f64>); 8] {
        [
            ("accuracy", self.accuracy),
            ("precision", self.precision),
            ("recall", self.recall),
            ("f1", self.f1),
            ("auc", self.auc),
            ("log_loss", self.log_loss),
            ("brier", self.brier),
            ("ece", self.ece),
        ]
    }

    /// The names of those that are not defined, and why they are not.
    #[must_use]
    pub fn undefined(&self) -> BTreeMap<&'static str, &'static str> {
        let why = |name| match name {
            _ if self.n == 0 => "there is no review",
            "precision" => "no review is called positive",
            "recall" => "no review is positive",
            "f1" => "no review is positive or called so",
            "auc" if self.recall.is_none() => "all reviews are negative",
            "auc" => "all reviews are positive",
            _ => "it was not measured",
        };
        let missing = self.named().into_iter().filter(|(_, value)| value.is_none());
        missing.map(|(name, _)| (name, why(name))).collect()
    }

    /// A metric for people: its value, or that it is not defined and why.
    #[must_use]
    pub fn text(&self, name: &str) -> String {
        let mut named = self.named().into_iter();
        match self.undefined().get(name) {
            Some(why) => format!("not defined ({why})"),
            None => shown(named.find(|&(other, _)| other == name).and_then(|(_, x)| x)),
        }
    }
}

impl Serialize for Metrics {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in self.named() {
            map.serialize_entry(name, &value)?;
        }
        map.serialize_entry("n", &self.n)?;
        let undefined = self.undefined();
        if !undefined.is_empty() {
            map.serialize_entry("undefined", &undefined)?;
        }
        map.end()
    }
}

/// Four digits, or a dash for what is not defined.
#[must_use]
pub fn shown(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.4}"))
}

/// The Mann-Whitney statistic, ties counting half.
fn auc(probabilities: &[f64], labels: &[bool]) -> Option<f64> {
    let mut ranked: Vec<(f64, bool)> =
        probabilities.iter().copied().zip(labels.iter().copied()).collect();
    ranked.sort_unstable_by(|(a, _), (b, _)| a.total_cmp(b));
    let (mut below, mut wins, mut positives) = (0_usize, 0.0, 0_usize);
    for tie in ranked.chunk_by(|(a, _), (b, _)| a.total_cmp(b).is_eq()) {
        let tied_positives = tie.iter().filter(|&&(_, label)| label).count();
        let tied_negatives = tie.len() - tied_positives;
        wins += tied_positives as f64 * (below as f64 + tied_negatives as f64 / 2.0);
        below += tied_negatives;
        positives += tied_positives;
    }
    (positives > 0 && below > 0).then(|| wins / (positives as f64 * below as f64))
}

/// The sums over the probabilities of one bin.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct CalibrationBin {
    /// Probabilities in the bin.
    pub n: u64,
    /// Their sum.
    pub predicted: f64,
    /// How many of them are of positive reviews.
    pub positive: u64,
}

/// Which of `n_bins` bins of equal width P(positive) `p`, 0 to 1, is in. An edge belongs to the
/// bin above it, 1 to the last one.
#[must_use]
pub fn bin_of(p: f64, n_bins: usize) -> usize {
    ((p * n_bins as f64) as usize).min(n_bins - 1)
}

/// The [`BINS`] bins of P(positive) and the truth, in the same order, lowest bin first.
#[must_use]
pub fn calibration_bins(probabilities: &[f64], labels: &[bool]) -> [CalibrationBin; BINS] {
    let mut bins = [CalibrationBin::default(); BINS];
    for (&p, &label) in probabilities.iter().zip(labels) {
        if let Some(bin) = bins.get_mut(bin_of(p, BINS)) {
            bin.n += 1;
            bin.predicted += p;
            bin.positive += u64::from(label);
        }
    }
    bins
}

/// The expected calibration error over all bins; `None` of nothing.
///
/// Source: Naeini, Cooper and Hauskrecht, *Obtaining well calibrated probabilities using Bayesian
/// binning*, AAAI 2015.
#[must_use]
pub fn calibration_error(bins: &[CalibrationBin]) -> Option<f64> {
    let n: u64 = bins.iter().map(|bin| bin.n).sum();
    let gaps: f64 = bins.iter().map(|bin| (bin.predicted - bin.positive as f64).abs()).sum();
    (n > 0).then(|| gaps / n as f64)
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

/// `positive` or `negative`.
#[must_use]
pub fn side(positive: bool) -> &'static str {
    if positive { "positive" } else { "negative" }
}
