//! What is searched: a range of values for each of some parameters.

use rand::Rng;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// Ranges by parameter, as `section.key`.
pub type Space = BTreeMap<String, Range>;

/// The values that a parameter may have.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Range {
    /// `choice: […]`: one of these, each as likely.
    Choice {
        /// The values.
        choice: Vec<Value>,
    },
    /// `uniform: [from, to]`: between these bounds.
    Uniform {
        /// The bounds.
        uniform: [f64; 2],
    },
    /// `log_uniform: [from, to]`: between these bounds, each factor as likely as any other.
    LogUniform {
        /// The bounds, above 0.
        log_uniform: [f64; 2],
    },
}

impl Range {
    /// What is wrong with it, as a bound that it must keep.
    #[must_use]
    pub fn problem(&self) -> Option<&'static str> {
        match self {
            Self::Choice { choice: values } => {
                values.is_empty().then_some("a list of at least one value")
            }
            Self::Uniform {
                uniform: [from, to],
            } => (!(from.is_finite() && to.is_finite() && from <= to))
                .then_some("[from, to], from <= to"),
            Self::LogUniform {
                log_uniform: [from, to],
            } => (!(*from > 0.0 && to.is_finite() && from <= to))
                .then_some("[from, to] with 0 < from <= to"),
        }
    }

    /// A value of the range. Numbers are rounded to three digits, so that they can be typed again.
    fn draw(&self, rng: &mut impl Rng) -> Value {
        match self {
            Self::Choice { choice: values } => {
                let at = rng.random_range(0..values.len().max(1));
                values.get(at).cloned().unwrap_or_default()
            }
            Self::Uniform {
                uniform: [from, to],
            } => rounded(from + rng.random::<f64>() * (to - from)).into(),
            Self::LogUniform {
                log_uniform: [from, to],
            } => {
                let (from, to) = (libm::log(*from), libm::log(*to));
                rounded(libm::exp(from + rng.random::<f64>() * (to - from))).into()
            }
        }
    }
}

fn rounded(number: f64) -> f64 {
    format!("{number:.2e}").parse().unwrap_or(number)
}

/// A point of the space: one value for each of its parameters.
pub type Point = BTreeMap<String, Value>;

/// Draws a point. The same generator gives the same points.
#[must_use]
pub fn draw(space: &Space, rng: &mut impl Rng) -> Point {
    let values = space.iter();
    values
        .map(|(key, range)| (key.clone(), range.draw(rng)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn the_same_seed_draws_the_same_points() {
        let space: Space = serde_json::from_str(
            r#"{"a.b": {"choice": [[1, 2], [1, 3]]}, "a.c": {"log_uniform": [0.1, 100]}, "d.e": {"uniform": [-1, 1]}}"#,
        )
        .unwrap();
        let points = |seed| {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            (0..4).map(|_| draw(&space, &mut rng)).collect::<Vec<_>>()
        };
        assert_eq!(points(1), points(1));
        assert_ne!(points(1), points(2));
        assert_eq!(points(1)[0].len(), 3);
    }

    proptest! {
        #[test]
        fn what_is_drawn_lies_within_its_bounds(from in 1e-3_f64..1.0, width in 0.0_f64..1e3, seed: u64) {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let to = from + width;
            for range in [Range::Uniform { uniform: [from, to] }, Range::LogUniform { log_uniform: [from, to] }] {
                let got = range.draw(&mut rng).as_f64().unwrap();
                // Rounded to three digits.
                prop_assert!(got >= from * 0.995 && got <= to * 1.005, "{from} {got} {to}");
            }
        }
    }
}
