//! The `web` program: settings in, exit code out.

use std::process::ExitCode;

use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};
use verdict_service::ProbeArgs;
use verdict_telemetry::{TelemetryError, logs, output};
use verdict_web::{Command, RawSettings, RunError};

/// The port of `--listen`'s default.
const PORT: u16 = 8080;

fn main() -> ExitCode {
    let raw = RawSettings::parse();
    if let Some(Command::Healthcheck(args)) = &raw.command {
        return healthcheck(args);
    }
    match start(&raw) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::note(format_args!("web: {error:#}"));
            ExitCode::from(match error.downcast_ref::<RunError>() {
                Some(RunError::Telemetry(error))
                    if !matches!(error, TelemetryError::Setting(_)) =>
                {
                    70
                }
                _ => 2,
            })
        }
    }
}

fn healthcheck(args: &ProbeArgs) -> ExitCode {
    match args.run(PORT) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::note(format_args!("web: {error}"));
            ExitCode::from(1)
        }
    }
}

#[tokio::main]
async fn start(raw: &RawSettings) -> anyhow::Result<()> {
    let settings = raw.check()?;
    logs::init(&raw.telemetry)?;
    let (mut terminate, mut interrupt) =
        (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let shutdown = async move {
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
    };
    Ok(verdict_web::run(settings, shutdown).await?)
}
