//! McNemar's exact test: do two models that judged the same reviews differ by more than luck?

use serde::Serialize;

/// Two models on the same reviews. Only the reviews on which one is right and the other wrong tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct McNemar {
    /// Reviews on which the champion is right and the candidate wrong.
    pub b: usize,
    /// Reviews on which the candidate is right and the champion wrong.
    pub c: usize,
    /// Two-sided p-value, above 0 and at most 1: how probable so uneven a split is if neither is better.
    pub p: f64,
}

impl McNemar {
    /// Tests the counts of one-sided rights, `b` of the champion and `c` of the candidate.
    ///
    /// The p-value is exact, of a fair binomial: twice the smaller tail. Computed from logarithms in pure Rust, so it has the
    /// same bits on every machine; one too small for an `f64` is given as the smallest normal number.
    ///
    /// Source: McNemar, *Note on the sampling error of the difference between correlated proportions*, 1947.
    #[must_use]
    pub fn new(b: usize, c: usize) -> Self {
        Self { b, c, p: two_sided(b.min(c), b + c) }
    }

    /// Counts over reviews: whether the champion and whether the candidate was right on each, in the same order.
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
    let (k, n) = (k as f64, n as f64);
    let log_choose = libm::lgamma(n + 1.0) - libm::lgamma(k + 1.0) - libm::lgamma(n - k + 1.0);
    // Terms of the tail relative to its largest, the k-th; each is the one above it times i / (n - i + 1) < 1.
    let (mut sum, mut term, mut i) = (1.0, 1.0, k);
    while i >= 1.0 && term > f64::EPSILON * 1e-4 {
        term *= i / (n - i + 1.0);
        sum += term;
        i -= 1.0;
    }
    let log_p = log_choose - n * std::f64::consts::LN_2 + libm::log(2.0 * sum);
    libm::exp(log_p).clamp(f64::MIN_POSITIVE, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_split_too_uneven_for_a_number_still_has_a_p_above_zero() {
        let test = McNemar::new(100_000, 0);
        assert!(test.p > 0.0 && test.p < 1e-300);
        assert!(test.candidate_is_worse(1e-9));
    }

    #[test]
    fn worse_is_one_sided_and_needs_more_than_luck() {
        assert!(McNemar::new(30, 10).candidate_is_worse(0.05));
        assert!(!McNemar::new(10, 30).candidate_is_worse(0.05));
        assert!(!McNemar::new(11, 10).candidate_is_worse(0.05));
    }

    #[test]
    fn only_reviews_that_tell_them_apart_count() {
        let champion = [true, true, false, false, true];
        let candidate = [true, false, true, false, false];
        assert_eq!(McNemar::count(&champion, &candidate), McNemar::new(2, 1));
    }

    proptest! {
        #[test]
        fn p_is_a_probability_and_has_no_side(b in 0_usize..3000, c in 0_usize..3000) {
            let test = McNemar::new(b, c);
            prop_assert!(test.p > 0.0 && test.p <= 1.0);
            prop_assert_eq!(test.p.to_bits(), McNemar::new(c, b).p.to_bits());
        }

        #[test]
        fn an_even_split_says_nothing(b in 0_usize..5000) {
            prop_assert_eq!(McNemar::new(b, b).p.to_bits(), 1.0_f64.to_bits());
        }

        #[test]
        fn a_more_uneven_split_is_less_probable(n in 2_usize..600, k in 0_usize..300) {
            let k = k.min(n / 2);
            prop_assume!(k > 0);
            prop_assert!(McNemar::new(k - 1, n - k + 1).p <= McNemar::new(k, n - k).p);
        }
    }
}
