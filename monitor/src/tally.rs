//! What was decided, and how right probabilities and decisions were: counts and sums that any order
//! of the same records leaves the same.

use verdict_learning::estimate::{Estimate, Z};
use verdict_learning::metrics::{BINS, CalibrationBin, bin_of, calibration_error};

use crate::exact::Exact;

/// Bins of equal width of the reliability curve.
pub const CURVE_BINS: usize = 10;

/// Verdicts of one model version, and how right those are that have a label.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    verdicts: Decided,
    labelled: Decided,
    right: Decided,
    squares: Exact,
    fourths: Exact,
    ece: [Bin; BINS],
    curve: [Bin; CURVE_BINS],
}

/// Verdicts, and how many of them are decided: not unsure.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Decided {
    all: u64,
    decided: u64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Bin {
    n: u64,
    positive: u64,
    predicted: Exact,
}

/// A point of the reliability curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CurveBin {
    /// Which tenth, from 0.
    pub bin: usize,
    /// Labelled verdicts in it, at least 1.
    pub n: u64,
    /// Their mean P(positive).
    pub predicted: f64,
    /// The fraction of them whose label is positive.
    pub observed: f64,
}

impl Tally {
    /// Counts a verdict, with a label or without.
    pub fn said(&mut self, is_decided: bool) {
        self.verdicts.change(is_decided, |n, by| *n += by);
    }

    /// Takes back a verdict that was counted.
    pub fn unsaid(&mut self, is_decided: bool) {
        self.verdicts.change(is_decided, |n, by| *n -= by);
    }

    /// Adds the label, as said, of a verdict whose P(positive), from 0 to 1, was `p`.
    pub fn add(&mut self, p: f64, is_decided: bool, is_positive: bool) {
        self.change(p, is_decided, is_positive, |n, by| *n += by, Exact::add);
    }

    /// Takes back what was added.
    pub fn take(&mut self, p: f64, is_decided: bool, is_positive: bool) {
        self.change(p, is_decided, is_positive, |n, by| *n -= by, Exact::take);
    }

    fn change(
        &mut self,
        p: f64,
        is_decided: bool,
        is_positive: bool,
        count: fn(&mut u64, u64),
        sum: fn(&mut Exact, Exact),
    ) {
        let off = p - f64::from(u8::from(is_positive));
        let square = off * off;
        self.labelled.change(is_decided, count);
        if (p >= 0.5) == is_positive {
            self.right.change(is_decided, count);
        }
        sum(&mut self.squares, Exact::of(square));
        sum(&mut self.fourths, Exact::of(square * square));
        let bins = [self.ece.get_mut(bin_of(p, BINS)), self.curve.get_mut(bin_of(p, CURVE_BINS))];
        for bin in bins.into_iter().flatten() {
            count(&mut bin.n, 1);
            count(&mut bin.positive, u64::from(is_positive));
            sum(&mut bin.predicted, Exact::of(p));
        }
    }

    /// Labelled verdicts.
    #[must_use]
    pub fn n(&self) -> u64 {
        self.labelled.all
    }

    /// Verdicts that are remembered, with a label or without.
    #[must_use]
    pub fn verdicts(&self) -> u64 {
        self.verdicts.all
    }

    /// Of these, how many are decided.
    #[must_use]
    pub fn decided(&self) -> u64 {
        self.verdicts.decided
    }

    /// The fraction of the verdicts that is decided, in Wilson's interval; none of nothing.
    #[must_use]
    pub fn coverage(&self) -> Option<Estimate> {
        Estimate::fraction(self.verdicts.decided, self.verdicts.all)
    }

    /// The fraction of the labelled and decided verdicts that is wrong, in Wilson's interval; none
    /// of nothing.
    #[must_use]
    pub fn decided_error(&self) -> Option<Estimate> {
        let decided = self.labelled.decided;
        Estimate::fraction(decided - self.right.decided, decided)
    }

    /// Of these, how many were called as they are labelled; positive from one half on.
    #[must_use]
    pub fn right(&self) -> u64 {
        self.right.all
    }

    /// The fraction that was right, in Wilson's interval; none of nothing.
    #[must_use]
    pub fn accuracy(&self) -> Option<Estimate> {
        Estimate::fraction(self.right.all, self.n())
    }

    /// The Brier score, the mean squared distance of P(positive) from the label; none of nothing.
    /// Its interval is the normal one of a mean, cut at 0 and 1, and all of that where one verdict
    /// says nothing of the spread.
    #[must_use]
    pub fn brier(&self) -> Option<Estimate> {
        if self.n() == 0 {
            return None;
        }
        let n = self.n() as f64;
        let value = self.squares.value() / n;
        if self.n() == 1 {
            return Some(Estimate { value, low: 0.0, high: 1.0 });
        }
        let spread = (self.fourths.value() / n - value * value).max(0.0);
        let half = Z * (spread / (n - 1.0)).sqrt();
        Some(Estimate { value, low: (value - half).max(0.0), high: (value + half).min(1.0) })
    }

    /// The expected calibration error; none of nothing.
    #[must_use]
    pub fn ece(&self) -> Option<f64> {
        calibration_error(&self.ece.map(|bin| CalibrationBin {
            n: bin.n,
            predicted: bin.predicted.value(),
            positive: bin.positive,
        }))
    }

    /// The reliability curve: those of its [`CURVE_BINS`] bins that hold something.
    #[must_use]
    pub fn curve(&self) -> Vec<CurveBin> {
        let bins = self.curve.iter().enumerate();
        bins.filter(|(_, bin)| bin.n > 0)
            .map(|(index, bin)| CurveBin {
                bin: index,
                n: bin.n,
                predicted: bin.predicted.value() / bin.n as f64,
                observed: bin.positive as f64 / bin.n as f64,
            })
            .collect()
    }
}

impl Decided {
    fn change(&mut self, is_decided: bool, count: fn(&mut u64, u64)) {
        count(&mut self.all, 1);
        count(&mut self.decided, u64::from(is_decided));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    /// Made by scikit-learn and SciPy: the script stands beside the file. The trainer's own
    /// measures are held to it too.
    fn goldens() -> Value {
        let json = include_str!("../../crates/learning/tests/goldens/curves.json");
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn the_brier_score_is_scikit_learns() {
        let goldens = goldens();
        let sets = goldens["sets"].as_array().unwrap();
        assert!(sets.len() >= 4);
        for set in sets {
            let mut tally = Tally::default();
            let labels = set["labels"].as_array().unwrap();
            let probabilities = set["probabilities"].as_array().unwrap();
            for (p, label) in probabilities.iter().zip(labels) {
                tally.add(p.as_f64().unwrap(), true, label == 1);
            }
            let (ours, theirs) = (tally.brier().unwrap(), set["brier"].as_f64().unwrap());
            assert!((ours.value - theirs).abs() < 1e-14, "{}", set["name"]);
            assert!(ours.low <= ours.value && ours.value <= ours.high);
            assert_eq!(tally.n(), labels.len() as u64);
        }
    }

    #[test]
    fn a_brier_interval_narrows_with_the_root_of_the_number() {
        let widths = [100, 10_000].map(|n| {
            let mut tally = Tally::default();
            for i in 0..n {
                tally.add(if i % 2 == 0 { 0.9 } else { 0.6 }, true, true);
            }
            let brier = tally.brier().unwrap();
            // By hand: squares 0.01 and 0.16, so 0.085, with a standard deviation of 0.075.
            assert!((brier.value - 0.085).abs() < 1e-12);
            brier.high - brier.low
        });
        let by_hand = 2.0 * Z * 0.075 / 10.0;
        assert!((widths[0] / by_hand - 1.0).abs() < 0.01, "{widths:?}");
        assert!((widths[0] / widths[1] - 10.0).abs() < 0.1, "{widths:?}");
    }

    #[test]
    fn nothing_tells_nothing_and_one_verdict_little() {
        let mut tally = Tally::default();
        assert_eq!((tally.accuracy(), tally.brier(), tally.ece()), (None, None, None));
        assert!(tally.curve().is_empty());
        tally.add(0.75, true, true);
        let brier = tally.brier().unwrap();
        assert_eq!((brier.value, brier.low, brier.high), (0.0625, 0.0, 1.0));
        assert_eq!(tally.ece(), Some(0.25));
        let accuracy = tally.accuracy().unwrap();
        assert!(accuracy.low > 0.2 && accuracy.low < 0.21, "{accuracy:?}");
        assert_eq!(tally.curve().len(), 1);
        tally.take(0.75, true, true);
        assert_eq!(tally, Tally::default());
    }

    #[test]
    fn what_is_unsure_is_no_error_of_the_decided() {
        let mut tally = Tally::default();
        assert_eq!((tally.coverage(), tally.decided_error()), (None, None));
        // Decided and right, decided and wrong, unsure and wrong; one of the decided has no label.
        for (p, is_decided, label) in [
            (0.9, true, Some(true)),
            (0.1, true, Some(true)),
            (0.4, false, Some(true)),
            (0.9, true, None),
        ] {
            tally.said(is_decided);
            if let Some(is_positive) = label {
                tally.add(p, is_decided, is_positive);
            }
        }
        assert_eq!((tally.verdicts(), tally.decided()), (4, 3));
        assert_eq!(tally.coverage(), Estimate::fraction(3, 4));
        assert_eq!(tally.decided_error(), Estimate::fraction(1, 2));
        assert_eq!(tally.accuracy(), Estimate::fraction(1, 3));
    }

    #[test]
    fn a_probability_on_an_edge_is_in_the_upper_bin() {
        for (p, expected) in [(0.0, 0), (0.1, 1), (0.5, 5), (0.95, 9), (1.0, 9)] {
            let mut tally = Tally::default();
            tally.add(p, true, true);
            assert_eq!(tally.curve()[0].bin, expected, "{p}");
        }
    }
}
