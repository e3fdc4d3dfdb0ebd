//! McNemar's exact test: do two models that judged the same reviews differ by more than luck?

use crate::binomial::ln_lower_tail;
use serde::Serialize;

/// Two models on the same reviews. Only the reviews on which one is right and the other wrong tell
/// them apart.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct McNemar {
    /// Reviews on which the champion is right and the candidate wrong.
    pub b: usize,
    /// Reviews on which the candidate is right and the champion wrong.
    pub c: usize,
    /// Two-sided p-value, above 0 and at most 1: how probable so uneven a split is if neither is
    /// better.
    pub p: f64,
}

impl McNemar {
    /// Tests the counts of one-sided rights, `b` of the champion and `c` of the candidate.
    ///
    /// The p-value is exact, of a fair binomial: twice the smaller tail. Computed from logarithms
    /// in pure Rust, so it has the same bits on every machine; one too small for an `f64` is given
    /// as the smallest normal number.
    ///
    /// Source: McNemar, *Note on the sampling error of the difference between correlated
    /// proportions*, 1947.
    #[must_use]
    pub fn new(b: usize, c: usize) -> Self {
        Self { b, c, p: two_sided(b.min(c), b + c) }
    }

    /// Counts over reviews: whether the champion and whether the candidate was right on each, in
    /// the same order.
    #[must_use]
    pub fn count(champion_right: &[bool], candidate_right: &[bool]) -> Self {
        let of = |champion: bool, candidate: bool| {
            champion_right
                .iter()
                .zip(candidate_right)
                .filter(|&(&one, &other)| (one, other) == (champion, candidate))
                .count()
        };
        Self::new(of(true, false), of(false, true))
    }

    /// Whether the candidate is worse by more than luck at level `alpha`.
    #[must_use]
    pub fn candidate_is_worse(&self, alpha: f64) -> bool {
        self.b > self.c && self.p < alpha
    }
}

/// `min(1, 2 · P(X ≤ k))` of X ~ Binomial(n, ½), k ≤ n/2.
fn two_sided(k: usize, n: usize) -> f64 {
    // The two tails overlap or meet.
    if 2 * k + 1 >= n {
        return 1.0;
    }
    let log_p = std::f64::consts::LN_2 + ln_lower_tail(k as u64, n as u64, 0.5);
    libm::exp(log_p).clamp(f64::MIN_POSITIVE, 1.0)
}
