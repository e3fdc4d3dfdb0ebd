//! `trainer params`, and how every command reads the parameters.

use super::output;
use crate::params::{Params, Preset};
use anyhow::Context;
use std::path::{Path, PathBuf};

/// Options of commands that train, and of `trainer params`.
#[derive(Debug, Clone, clap::Args)]
pub struct ParamsArgs {
    /// Training parameters.
    #[arg(long, value_name = "FILE", default_value = "params.yaml")]
    params: PathBuf,
    /// Take preprocessing, features, model and calibration from a preset, whatever the parameters
    /// say of them.
    #[arg(long, value_enum)]
    preset: Option<Preset>,
}

pub(crate) fn run(args: &ParamsArgs) -> anyhow::Result<()> {
    output::line(serde_yaml_ng::to_string(&args.read()?.raw)?.trim_end())
}

impl ParamsArgs {
    /// Reads the parameters, and lays the preset over what they say of the model.
    pub(crate) fn read(&self) -> anyhow::Result<Params> {
        let mut params = read_without_words(&self.params)?;
        if let Some(preset) = self.preset {
            let raw = params.raw.with_model_of(Params::of_preset(preset)?.raw);
            params = Params::check(raw, preset.as_str())?;
        }
        Ok(params.with_words()?)
    }
}

/// Reads the parameters. A file that is not there is an error even under its default name: nobody
/// trains with parameters that they did not choose.
pub(crate) fn read(path: &Path) -> anyhow::Result<Params> {
    Ok(read_without_words(path)?.with_words()?)
}

fn read_without_words(path: &Path) -> anyhow::Result<Params> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("reading parameters {}", path.display()))?;
    Ok(Params::from_yaml(&text, &path.display().to_string())?)
}
