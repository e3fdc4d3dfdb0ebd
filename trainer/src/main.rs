//! The trainer's command line.

use clap::Parser as _;
use std::process::ExitCode;
use verdict_trainer::cli::{Cli, exit_code, run};

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("trainer: {error:#}");
            exit_code(&error)
        }
    }
}
