//! The trainer's command line.

use clap::Parser as _;
use std::process::ExitCode;
use verdict_trainer::cli::{Cli, exit_code, run};

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("trainer: {error:#}");
            exit_code(&error)
        }
    }
}
