//! The consumer's command line.

use std::process::ExitCode;

use clap::Parser;
use verdict_consumer::{
    cli::{Cli, Command},
    positions, service,
};
use verdict_monitor::audit;
use verdict_service::exit_code;
use verdict_telemetry::output;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = match cli.command {
        Some(Command::Audit(args)) => audit::command(&args),
        Some(Command::Monitor(args)) => verdict_monitor::command(&args),
        Some(Command::Positions(args)) => positions::command(&args),
        Some(Command::Run(args)) => service::command(&args),
        Some(Command::Healthcheck(args)) => Ok(service::healthcheck(&args)),
        None => service::command(&cli.run),
    };
    result.unwrap_or_else(|error| {
        output::note(format_args!("consumer: {error:#}"));
        exit_code(&error)
    })
}
