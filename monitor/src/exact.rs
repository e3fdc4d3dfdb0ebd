//! Sums that do not depend on the order of their terms, and from which a term can be taken back
//! without a trace.

/// Bits behind the point. A `f64` from 0 to 1 loses less than 2⁻¹⁰⁰ of itself, and 2²⁷ ones fit
/// above.
const FRACTION: u32 = 100;

/// A sum of numbers from 0 to 1, in fixed point.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Exact(i128);

impl Exact {
    /// The most ones that a sum can hold.
    pub(super) const MOST: usize = 1 << (i128::BITS - 1 - FRACTION);

    /// The number itself; `x` is from 0 to 1.
    pub(super) fn of(x: f64) -> Self {
        // IEEE 754: the value is mantissa · 2^(exponent − 1075).
        const BIAS: u64 = 1075;
        let bits = x.to_bits();
        let (exponent, fraction) = ((bits >> 52) & 0x7ff, bits & ((1 << 52) - 1));
        let mantissa = i128::from(if exponent == 0 { fraction } else { fraction | (1 << 52) });
        let up = exponent.max(1) + u64::from(FRACTION);
        let shift = |by: u64| u32::try_from(by).unwrap_or(u32::MAX);
        Self(match up.checked_sub(BIAS) {
            Some(left) => mantissa.checked_shl(shift(left)).unwrap_or(0),
            None => mantissa.checked_shr(shift(BIAS - up)).unwrap_or(0),
        })
    }

    pub(super) fn add(&mut self, other: Self) {
        self.0 += other.0;
    }

    pub(super) fn take(&mut self, other: Self) {
        self.0 -= other.0;
    }

    /// The nearest `f64`.
    pub(super) fn value(self) -> f64 {
        // Dividing by a power of two rounds nothing.
        self.0 as f64 / (1_u128 << FRACTION) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_ends_of_the_scale_are_exact() {
        for x in [0.0, -0.0, 1.0, 0.5, 0.1, 1.0 / 3.0, 1e-20, f64::EPSILON] {
            assert!((Exact::of(x).value() - x).abs() <= 1e-30, "{x}");
        }
        assert_eq!(Exact::of(f64::MIN_POSITIVE), Exact::default());
        assert_eq!(Exact::of(5e-324), Exact::default());
        assert_eq!(Exact::of(1.0), Exact(1 << FRACTION));
    }

    proptest! {
        #[test]
        fn what_is_taken_back_leaves_no_trace(xs in prop::collection::vec(0.0_f64..=1.0, 1..50)) {
            let mut sum = Exact::default();
            xs.iter().for_each(|x| sum.add(Exact::of(*x)));
            prop_assert!((sum.value() - xs.iter().sum::<f64>()).abs() < 1e-12);
            xs.iter().rev().for_each(|x| sum.take(Exact::of(*x)));
            prop_assert_eq!(sum, Exact::default());
        }
    }
}
