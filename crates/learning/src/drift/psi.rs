//! The population stability index.

use verdict_sentiment::Bins;

/// Added to every count, of the reference and of the window: an empty bin then has a finite index,
/// and the smaller the window the less it says. It is the prior of Krichevsky and Trofimov (1981).
const SMOOTHING: f64 = 0.5;

/// The population stability index of `counts` against `reference`: `Σ (q − p) · ln(q / p)` over the
/// bins, `p` and `q` being the smoothed parts of the reference and of the counts in a bin. 0 or
/// more; 0 only where all parts are the same.
///
/// It is the symmetric Kullback–Leibler divergence. Where nothing has changed it is distributed,
/// for `n` reviews, `m` in the reference and `B` bins, as `(1/n + 1/m) · χ²` with `B − 1` degrees
/// of freedom (Yurdakul, *Statistical Properties of Population Stability Index*, 2018). `counts`
/// has one count for each bin of the reference.
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
