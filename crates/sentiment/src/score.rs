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

/// A Platt calibration: `P(positive) = sigmoid(slope · score + offset)`; or one that knows how much
/// of the text the score is made of, see [`Calibration::long`].
///
/// Source: Platt, *Probabilistic outputs for support vector machines*, 1999.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Calibration {
    /// Factor of the score, above 0.
    pub slope: f64,
    /// Added to it.
    pub offset: f64,
    /// `Some` where slope and offset grow with the number *n* of known terms:
    /// `P(positive) = sigmoid((slope · f + long · m) · score + offset · m)` with `f = n / (n + 4)`
    /// and `m = n / (n + 64)`. A text without a known term then has 0.5, and one of few terms,
    /// which hold all of the row's length between them, is not taken for sure.
    pub long: Option<f64>,
}

impl Calibration {
    /// Takes the score itself for the log-odds.
    pub const IDENTITY: Self = Self { slope: 1.0, offset: 0.0, long: None };

    /// The calibrated probability of the positive class, 0 to 1, of a text with `n_terms` known
    /// terms, each counted once.
    pub fn probability(self, score: f64, n_terms: usize) -> f64 {
        sigmoid(self.log_odds(score, n_terms))
    }

    /// The calibrated log-odds, of which [`Calibration::probability`] is the logistic function.
    pub fn log_odds(self, score: f64, n_terms: usize) -> f64 {
        let Self { slope, offset, long } = self;
        let Some(long) = long else {
            return slope * score + offset;
        };
        let [few, many] = Self::shares(n_terms);
        (slope * few + long * many) * score + offset * many
    }

    /// `n / (n + 4)` and `n / (n + 64)` for `n` known terms: 0 for none, and towards 1 for many.
    pub fn shares(n_terms: usize) -> [f64; 2] {
        #[allow(clippy::cast_precision_loss, reason = "a text has far fewer terms than 2^53")]
        let n = n_terms as f64;
        [n / (n + 4.0), n / (n + 64.0)]
    }

    /// Whether it can be one: finite, and the probability rises with the score whatever the number
    /// of terms.
    pub fn rises(self) -> bool {
        let Self { slope, offset, long } = self;
        let is_finite = slope.is_finite() && offset.is_finite() && long.is_none_or(f64::is_finite);
        // The factor has the sign of `slope · (n + 64) + long · (n + 4)`, a straight line in n:
        // it is above 0 where both of its ends are.
        let rises = match long {
            None => slope > 0.0,
            Some(long) => 65.0 * slope + 5.0 * long > 0.0 && slope + long >= 0.0,
        };
        is_finite && rises
    }
}

impl fmt::Display for Calibration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { slope, offset, long } = self;
        match long {
            None => write!(f, "sigmoid({slope:.4} · score {offset:+.4})"),
            Some(long) => write!(
                f,
                "sigmoid(({slope:.4} · f {long:+.4} · m) · score {offset:+.4} · m) with f = n / (n + 4), m = n / (n + 64) \
                 for n known terms"
            ),
        }
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
