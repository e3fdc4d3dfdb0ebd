//! The producer's command line.

use std::process::ExitCode;

use clap::Parser;
use verdict_producer::{run, settings::Cli};

fn main() -> ExitCode {
    match run::run(Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("producer: {error:#}");
            run::exit_code(&error)
        }
    }
}
