//! Suites of behavioural tests: YAML to a [`Suite`].
//!
//! docs/behaviour.md describes the format for those who write one.

mod fill;
mod raw;

use crate::params::ParamsError;
use anyhow::Context;
use verdict_learning::behaviour::Suite;
use verdict_learning::gate::Gate;

/// The name of the suite that this program carries.
pub const DEFAULT: &str = "default";

/// Reads the suite that is meant: [`DEFAULT`], or a file.
///
/// # Errors
/// Where the file cannot be read, and those of [`parse`].
pub fn read(name: &str) -> anyhow::Result<Suite> {
    if name == DEFAULT {
        return Ok(parse(include_str!("behaviour/default.yaml"), name)?);
    }
    let text =
        std::fs::read_to_string(name).with_context(|| format!("reading the suite {name}"))?;
    Ok(parse(&text, name)?)
}

/// The suite that a gate holds candidates against, if there is one.
///
/// # Errors
/// Those of [`read`].
pub fn of_gate(gate: &Gate) -> anyhow::Result<Option<Suite>> {
    let suite = gate.behaviour.suite.as_deref().map(read).transpose();
    suite.context("promotion.behaviour.suite")
}

/// Reads and checks the text of a suite; `file` names it in errors and in reports.
///
/// # Errors
/// States what is no YAML, with line and column; an unknown key; and every value that is not what
/// it must be, with its place.
pub fn parse(text: &str, file: &str) -> Result<Suite, ParamsError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let raw = serde_yaml_ng::from_str::<raw::RawSuite>(text)
        .map_err(|problem| ParamsError::one(format!("{file}: {problem}")))?;
    raw.check(file)
}

#[cfg(test)]
mod tests;
