//! Parameters out of their bounds, all reported together.

use std::fmt;

/// A parameter that is out of its bounds.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{parameter} must be {bound}, got {got}")]
pub struct OutOfBounds {
    /// What it is called here, such as `C`, `min_df` or `floors.auc`.
    pub parameter: String,
    /// What it must be, such as `> 0`.
    pub bound: String,
    /// What it is.
    pub got: String,
}

/// Every parameter that is out of its bounds, at least one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct ParamsError(pub Vec<OutOfBounds>);

/// Collects what is out of bounds.
#[derive(Debug, Default)]
pub(crate) struct Check(Vec<OutOfBounds>);

impl Check {
    /// `holds`, or the parameter is out of its bound.
    pub(crate) fn that(
        &mut self,
        holds: bool,
        parameter: &str,
        bound: impl fmt::Display,
        got: impl fmt::Display,
    ) {
        if !holds {
            self.0.push(OutOfBounds {
                parameter: parameter.to_owned(),
                bound: bound.to_string(),
                got: got.to_string(),
            });
        }
    }

    /// `value`, if nothing is out of bounds.
    pub(crate) fn finish<T>(self, value: T) -> Result<T, ParamsError> {
        if self.0.is_empty() { Ok(value) } else { Err(ParamsError(self.0)) }
    }
}
