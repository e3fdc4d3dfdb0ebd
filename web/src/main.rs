//! The `web` program: settings in, exit code out.

use std::process::ExitCode;

use clap::Parser;
use verdict_service::Signals;
use verdict_telemetry::{TelemetryError, logs, output};
use verdict_web::{Command, RawSettings, RunError};

/// The port of `--listen`'s default.
const PORT: u16 = 8080;

fn main() -> ExitCode {
    let raw = RawSettings::parse();
    if let Some(Command::Healthcheck(args)) = &raw.command {
        return args.run("web", PORT);
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

#[tokio::main]
async fn start(raw: &RawSettings) -> anyhow::Result<()> {
    let settings = raw.check()?;
    logs::init(&raw.telemetry)?;
    let mut signals = Signals::listen()?;
    let shutdown = async move { signals.next().await };
    Ok(verdict_web::run(settings, shutdown).await?)
}
