//! The population stability index.

use verdict_sentiment::Bins;

/// Added to every count, of the reference and of the window: an empty bin then has a finite index, and the smaller the
/// window the less it says. It is the prior of Krichevsky and Trofimov (1981).
const SMOOTHING: f64 = 0.5;

/// The population stability index of `counts` against `reference`: `Σ (q − p) · ln(q / p)` over the bins, `p` and `q`
/// being the smoothed parts of the reference and of the counts in a bin. 0 or more; 0 only where all parts are the same.
///
/// It is the symmetric Kullback–Leibler divergence. Where nothing has changed it is distributed, for `n` reviews, `m` in
/// the reference and `B` bins, as `(1/n + 1/m) · χ²` with `B − 1` degrees of freedom (Yurdakul, *Statistical Properties of
/// Population Stability Index*, 2018). `counts` has one count for each bin of the reference.
#[must_use]
pub fn psi(reference: &Bins, counts: &[u32]) -> f64 {
    let of_window: u64 = counts.iter().map(|&n| u64::from(n)).sum();
    let smoothing = SMOOTHING * counts.len() as f64;
    let all_p = reference.n() as f64 + smoothing;
    let all_q = of_window as f64 + smoothing;
    let parts = reference.counts().iter().zip(counts).map(|(&p, &q)| {
        let p = (p as f64 + SMOOTHING) / all_p;
        let q = (f64::from(q) + SMOOTHING) / all_q;
        (p, q)
    });
    parts.map(|(p, q)| (q - p) * (q / p).ln()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bins(counts: &[u64]) -> Bins {
        let edges = (1..counts.len()).map(|i| i as f64).collect();
        Bins::new(edges, counts.to_vec(), 1.0).unwrap()
    }

    #[test]
    fn it_is_what_can_be_computed_by_hand() {
        let by_hand = |reference: &[u64], counts: &[u32], expected: f64| {
            let got = psi(&bins(reference), counts);
            assert!((got - expected).abs() < 1e-12, "{reference:?} {counts:?}: {got}");
        };
        // Smoothed, the reference has 1.5 of 3 in each bin, the window 2.5 and 1.5 of 4.
        let third = (0.625 - 0.5) * (0.625_f64 / 0.5).ln() + (0.375 - 0.5) * (0.375_f64 / 0.5).ln();
        by_hand(&[1, 1], &[2, 1], third);
        // An empty bin: 3.5 and 0.5 of 4.
        by_hand(
            &[2, 2],
            &[3, 0],
            (0.875 - 0.5) * (0.875_f64 / 0.5).ln() + (0.125 - 0.5) * (0.125_f64 / 0.5).ln(),
        );
        by_hand(&[100, 100, 100], &[10, 10, 10], 0.0);
        by_hand(&[7], &[3], 0.0);
        by_hand(&[4, 4], &[0, 0], 0.0);
    }

    #[test]
    fn under_no_drift_its_mean_is_that_of_chi_squared() {
        // Draws by a fixed generator from ten equal bins; the mean of 400 windows of 1,000 is (B − 1) (1/n + 1/m).
        let reference = bins(&[2_500; 10]);
        let mut state = 42_u64;
        let mut draw = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % 10
        };
        let windows = 400;
        let mean = (0..windows)
            .map(|_| {
                let mut counts = [0_u32; 10];
                (0..1_000).for_each(|_| counts[draw()] += 1);
                psi(&reference, &counts)
            })
            .sum::<f64>()
            / f64::from(windows);
        // The reference is exact here, so only the window varies.
        assert!((0.008..0.010).contains(&mean), "{mean}");
    }
}
