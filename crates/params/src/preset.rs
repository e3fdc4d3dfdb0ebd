//! Presets: values that keys have where they are not typed.

use crate::raw::RawParams;
use serde_yaml_ng::Value;

/// A set of values for keys that are not typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
pub enum Preset {
    /// Small and fast: the parameters of the Python system, which peers are measured with.
    Default,
    /// For what people type, a sentence or two: what the committed model was made with.
    Sentences,
    /// As accurate as a linear model of this kind gets, at some ten times the size.
    Best,
    /// The Python system's chain of preprocessing, once, the same in training and serving.
    PythonSeed,
}

impl Preset {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Default, Self::Sentences, Self::Best, Self::PythonSeed];

    /// The value of the key `preset`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Sentences => "sentences",
            Self::Best => "best",
            Self::PythonSeed => "python-seed",
        }
    }

    /// Where it differs from the defaults, as YAML.
    fn yaml(self) -> &'static str {
        match self {
            Self::Default => "{}",
            Self::Sentences => include_str!("presets/sentences.yaml"),
            Self::Best => include_str!("presets/best.yaml"),
            Self::PythonSeed => include_str!("presets/python-seed.yaml"),
        }
    }
}

/// Reads a parameter file: what is typed lies over the preset that the key `preset` names.
///
/// # Errors
/// In words of the YAML reader, or where there is no such preset.
pub(crate) fn read(text: &str) -> Result<RawParams, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim().is_empty() {
        return Ok(RawParams::default());
    }
    // By itself first, whatever the preset is: what is wrong is then told with line and column.
    let typed: RawParams = serde_yaml_ng::from_str(text).map_err(|e| e.to_string())?;
    let above: Value = serde_yaml_ng::from_str(text).map_err(|e| e.to_string())?;
    let preset = above.get("preset").map_or(Ok(Preset::Default), named)?;
    if preset == Preset::Default {
        return Ok(typed);
    }
    let mut merged: Value =
        serde_yaml_ng::from_str(preset.yaml()).map_err(|e| format!("preset: {e}"))?;
    lay_over(&mut merged, above);
    serde_yaml_ng::from_value(merged).map_err(|e| e.to_string())
}

fn named(name: &Value) -> Result<Preset, String> {
    let found = Preset::ALL.into_iter().find(|preset| name.as_str() == Some(preset.as_str()));
    found.ok_or_else(|| {
        let got = serde_yaml_ng::to_string(name).unwrap_or_default();
        format!("preset must be default, sentences, best or python-seed, got {}", got.trim_end())
    })
}

/// Maps are merged key by key; all else is replaced.
fn lay_over(below: &mut Value, above: Value) {
    match (below, above) {
        (Value::Mapping(below), Value::Mapping(above)) => {
            for (key, value) in above {
                match below.get_mut(&key) {
                    Some(old) => lay_over(old, value),
                    None => {
                        below.insert(key, value);
                    }
                }
            }
        }
        (below, above) => *below = above,
    }
}
