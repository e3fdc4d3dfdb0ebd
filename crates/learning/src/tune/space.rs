//! What is searched: a range of values for each of some parameters.

use rand::Rng;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// Ranges by parameter, as `section.key`.
pub type Space = BTreeMap<String, Range>;

/// The values that a parameter may have.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(into = "Typed", try_from = "Typed")]
pub enum Range {
    /// One of these, each as likely.
    Choice(Vec<Value>),
    /// Between these bounds.
    Uniform([f64; 2]),
    /// Between these bounds, each factor as likely as any other.
    LogUniform([f64; 2]),
}

/// A range as it is typed, a map of one key. By itself, because YAML's reader takes an enum's
/// variant for a tag, `!choice`.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Typed {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    choice: Option<Vec<Value>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    uniform: Option<[f64; 2]>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    log_uniform: Option<[f64; 2]>,
}

impl From<Range> for Typed {
    fn from(range: Range) -> Self {
        let mut typed = Self::default();
        match range {
            Range::Choice(values) => typed.choice = Some(values),
            Range::Uniform(bounds) => typed.uniform = Some(bounds),
            Range::LogUniform(bounds) => typed.log_uniform = Some(bounds),
        }
        typed
    }
}

impl TryFrom<Typed> for Range {
    type Error = &'static str;

    fn try_from(typed: Typed) -> Result<Self, Self::Error> {
        match (typed.choice, typed.uniform, typed.log_uniform) {
            (Some(values), None, None) => Ok(Self::Choice(values)),
            (None, Some(bounds), None) => Ok(Self::Uniform(bounds)),
            (None, None, Some(bounds)) => Ok(Self::LogUniform(bounds)),
            _ => Err("a range is one of choice, uniform and log_uniform"),
        }
    }
}

impl Range {
    /// What is wrong with it, as a bound that it must keep.
    #[must_use]
    pub fn problem(&self) -> Option<&'static str> {
        match self {
            Self::Choice(values) => values.is_empty().then_some("a list of at least one value"),
            Self::Uniform([from, to]) => (!(from.is_finite() && to.is_finite() && from <= to))
                .then_some("[from, to], from <= to"),
            Self::LogUniform([from, to]) => (!(*from > 0.0 && to.is_finite() && from <= to))
                .then_some("[from, to] with 0 < from <= to"),
        }
    }

    /// A value of the range. Numbers are rounded to three digits, so that they can be typed again.
    fn draw(&self, rng: &mut impl Rng) -> Value {
        match self {
            Self::Choice(values) => {
                let at = rng.random_range(0..values.len().max(1));
                values.get(at).cloned().unwrap_or_default()
            }
            Self::Uniform([from, to]) => rounded(from + rng.random::<f64>() * (to - from)).into(),
            Self::LogUniform([from, to]) => {
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
    values.map(|(key, range)| (key.clone(), range.draw(rng))).collect()
}
