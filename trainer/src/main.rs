//! The trainer's command line.

use clap::Parser as _;
use std::process::ExitCode;
use verdict_telemetry::output;
use verdict_trainer::cli::{Cli, exit_code, run};

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            output::note(format_args!("trainer: {error:#}"));
            exit_code(&error)
        }
    }
}
