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
}
