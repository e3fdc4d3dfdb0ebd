//! An estimate with its 95 % interval.

use serde::Serialize;

/// The 97.5 % point of the normal distribution.
pub const Z: f64 = 1.959_963_984_540_054;

/// An estimate with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Estimate {
    /// The estimate.
    pub value: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Estimate {
    /// The fraction `k` of `n`, with Wilson's interval; `None` of nothing.
    ///
    /// Source: Wilson, *Probable inference, the law of succession, and statistical inference*,
    /// 1927.
    ///
    /// ```
    /// use verdict_learning::estimate::Estimate;
    ///
    /// let accuracy = Estimate::fraction(90, 100).unwrap();
    /// assert!(accuracy.low > 0.82 && accuracy.high < 0.95);
    /// ```
    #[must_use]
    pub fn fraction(k: u64, n: u64) -> Option<Self> {
        if n == 0 {
            return None;
        }
        let (count, p) = (n as f64, k as f64 / n as f64);
        let z2 = Z * Z;
        let scale = 1.0 + z2 / count;
        let centre = (p + z2 / (2.0 * count)) / scale;
        let half = Z / scale * (p * (1.0 - p) / count + z2 / (4.0 * count * count)).sqrt();
        Some(Self {
            value: p,
            // The ends of all and of none are exact; rounding must not move them past 0 and 1.
            low: if k == 0 { 0.0 } else { centre - half },
            high: if k == n { 1.0 } else { centre + half },
        })
    }
    /// The accuracy to expect of texts whose labels nobody has said, from how sure the model is of
    /// each, `max(p, 1 - p)` of a calibrated P(positive) `p`; `None` of nothing.
    ///
    /// How many of them are right is then a Poisson-binomial number: its mean over `n` is the mean
    /// of the confidences `c`, its variance over `n²` that of `c (1 - c)`. To both sides of that
    /// interval comes `calibration_error`, by how much the model's confidence is off where labels
    /// are known. It is added and not squared into the variance: an error of the calibration is the
    /// same for all texts, and more of them do not average it out.
    ///
    /// Source: Guillory et al., *Predicting with confidence on unseen distributions*, ICCV 2021
    /// (average confidence); the interval is that of Lyapunov's central limit theorem.
    ///
    /// ```
    /// use verdict_learning::estimate::Estimate;
    ///
    /// let expected = Estimate::expected([0.9, 0.7].repeat(500), 0.01).unwrap();
    /// // 0.8, by 1.96 · √(0.15 / 1000) = 0.024 and 0.01.
    /// assert!((expected.value - 0.8).abs() < 1e-9);
    /// assert!((expected.high - 0.834).abs() < 1e-4 && (expected.low - 0.766).abs() < 1e-4);
    /// ```
    #[must_use]
    pub fn expected(
        confidences: impl IntoIterator<Item = f64>,
        calibration_error: f64,
    ) -> Option<Self> {
        let (mut n, mut sum, mut spread) = (0_u64, 0.0, 0.0);
        for c in confidences {
            n += 1;
            sum += c;
            spread += c * (1.0 - c);
        }
        if n == 0 {
            return None;
        }
        let value = sum / n as f64;
        let half = Z * f64::sqrt(spread) / n as f64 + calibration_error;
        Some(Self { value, low: (value - half).max(0.0), high: (value + half).min(1.0) })
    }
}
