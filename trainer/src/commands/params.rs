//! `trainer params`.

use super::output;
use super::threads::PresetArg;
use super::train::params_with;
use crate::params::full_text;
use std::path::PathBuf;

/// Options of `trainer params`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Training parameters.
    #[arg(long, value_name = "FILE", default_value = "params.yaml")]
    params: PathBuf,
    #[command(flatten)]
    preset: PresetArg,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let params = params_with(&args.params, args.preset)?;
    output::line(full_text(&params.raw)?.trim_end())
}
