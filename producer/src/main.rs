//! The producer's command line.

use std::process::ExitCode;

use clap::Parser;
use verdict_producer::{run, settings::Cli};
use verdict_telemetry::output;

fn main() -> ExitCode {
    match run::run(Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            output::note(format_args!("producer: {error:#}"));
            run::exit_code(&error)
        }
    }
}
