//! The result of a model for a review.

use std::fmt;

/// Contributions are whole multiples of 2⁻³²: their sums are exact in any order, on any machine.
const GRID: f64 = 4_294_967_296.0;

/// Rounds a contribution to the grid (towards zero) and returns the number of grid steps.
#[inline]
pub(crate) fn to_grid(contribution: f64) -> i64 {
    #[allow(
        clippy::cast_possible_truncation,
        reason = "truncation is the rounding; the cast saturates"
    )]
    let steps = (contribution * GRID) as i64;
    steps
}

/// The value of a number of grid steps; exact below 2²¹.
#[inline]
pub(crate) fn from_grid(steps: i64) -> f64 {
    #[allow(
        clippy::cast_precision_loss,
        reason = "exact below 2^53 steps, which the bound on weights ensures"
    )]
    let value = steps as f64 / GRID;
    value
}

/// The logistic function, `1 / (1 + e⁻ˣ)`, with the same bits on every machine.
pub fn sigmoid(x: f64) -> f64 {
    if x >= 0.0 {
        1.0 / (1.0 + libm::exp(-x))
    } else {
        let e = libm::exp(x);
        e / (1.0 + e)
    }
}

/// The side a review is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Label {
    /// P(positive) is at least one half.
    Positive,
    /// P(positive) is below one half.
    Negative,
}

impl Label {
    /// `"positive"` or `"negative"`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Positive => "positive",
            Self::Negative => "negative",
        }
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A Platt calibration: `P(positive) = sigmoid(slope · score + offset)`.
///
/// Source: Platt, *Probabilistic outputs for support vector machines*, 1999.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Calibration {
    /// Factor of the score, above 0.
    pub slope: f64,
    /// Added to it.
    pub offset: f64,
}

impl Calibration {
    /// Takes the score itself for the log-odds.
    pub const IDENTITY: Self = Self { slope: 1.0, offset: 0.0 };

    /// The calibrated probability of the positive class, 0 to 1.
    pub fn probability(self, score: f64) -> f64 {
        sigmoid(self.slope * score + self.offset)
    }
}

/// Score, probability and label of one review.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    /// Log-odds of the positive class before calibration; a multiple of 2⁻³².
    pub score: f64,
    /// Calibrated probability of the positive class, 0 to 1.
    pub probability: f64,
    /// Positive exactly if the probability is at least one half.
    pub label: Label,
}

/// What one term of a review adds to its score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TermWeight<'m> {
    /// The term, tokens joined by spaces.
    pub term: &'m str,
    /// Its part of the log-odds: above 0 speaks for positive.
    pub weight: f64,
}

/// The exact account of a score: `intercept + rest + Σ weights == score`, to the last bit and in
/// any order.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation<'m> {
    /// The result that is explained.
    pub score: Score,
    /// Log-odds of a review without any known term.
    pub intercept: f64,
    /// Sum of the weights of the terms that are not listed; 0 where all are.
    pub rest: f64,
    /// The terms of largest absolute weight, strongest first; equal ones in the order of their
    /// text.
    pub terms: Vec<TermWeight<'m>>,
}
