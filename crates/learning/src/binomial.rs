//! The lower tail of a binomial distribution, with the same bits on every machine.

/// The logarithm of P(X ≤ k) of X ~ Binomial(n, p), for k at most n and 0 < p < 1; 0 where k is not
/// below the mean n·p, since nothing is unusual there.
#[must_use]
pub(crate) fn ln_lower_tail(k: u64, n: u64, p: f64) -> f64 {
    let (k, n) = (k as f64, n as f64);
    if k >= n * p {
        return 0.0;
    }
    let log_choose = libm::lgamma(n + 1.0) - libm::lgamma(k + 1.0) - libm::lgamma(n - k + 1.0);
    // Terms of the tail relative to its largest, the k-th; each is the one above it times a factor
    // below 1.
    let (mut sum, mut term, mut i) = (1.0, 1.0, k);
    while i >= 1.0 && term > f64::EPSILON * 1e-4 {
        term *= i * (1.0 - p) / ((n - i + 1.0) * p);
        sum += term;
        i -= 1.0;
    }
    log_choose + k * libm::log(p) + (n - k) * libm::log1p(-p) + libm::log(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_sum_of_the_terms() {
        for (n, p) in [(1_u64, 0.05_f64), (20, 0.05), (100, 0.3), (1_000, 0.5)] {
            // P(X = i) by its recurrence, from P(X = 0).
            let (mut term, mut sum) = ((1.0 - p).powi(n as i32), 0.0);
            for i in 0..n {
                sum += term;
                let expected = if i as f64 >= n as f64 * p { 1.0 } else { sum };
                let got = libm::exp(ln_lower_tail(i, n, p));
                assert!((got / expected - 1.0).abs() < 1e-9, "{i} of {n}, {p}: {got} {expected}");
                term *= (n - i) as f64 * p / ((i + 1) as f64 * (1.0 - p));
            }
        }
        assert!(ln_lower_tail(0, 0, 0.05) >= 0.0);
        assert!((ln_lower_tail(0, 59, 0.05) - 59.0 * 0.95_f64.ln()).abs() < 1e-12);
    }
}
