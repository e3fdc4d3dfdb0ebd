//! A service from its first line to its end: what an error exits with, operator pages, signals, and an
//! end that comes in time.

use std::{net::SocketAddr, process::ExitCode, thread, time::Duration};

use anyhow::Context;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::oneshot,
    time::timeout,
};
use verdict_telemetry::{CpuPrice, Service, Telemetry, TelemetryError};

use crate::{extra::Pages, pages::serve_pages, shutdown::Shutdown};

/// From the signal to the end, whatever the broker does. The loop itself gives up its batch sooner.
const END_WITHIN: Duration = Duration::from_secs(9);

/// Settings, a model or another input that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct BadInput(String);

/// What an error exits with: 2 for what the user can put right in the command or its input, 70 for the rest.
#[must_use]
pub fn exit_code(error: &anyhow::Error) -> ExitCode {
    if error.is::<BadInput>() { ExitCode::from(2) } else { ExitCode::from(70) }
}

/// Telemetry of `service`; a variable of the environment that cannot be used is the user's to put right.
pub fn start(service: Service, price: CpuPrice) -> anyhow::Result<Telemetry> {
    Telemetry::start(service, price).map_err(|error| match error {
        error @ TelemetryError::Setting(_) => bad_input(error),
        error => error.into(),
    })
}

/// Serves the operator pages at `listen` and runs `work` in a thread called `name`, until it ends or SIGINT or SIGTERM asks for
/// it through `shutdown`. It is not ready before `work` says so of all `checks`. Work that does not heed that in time is left alone: the process ends without it.
pub fn serve<T: Send + 'static, E: Into<anyhow::Error> + Send + 'static>(
    listen: SocketAddr,
    telemetry: &Telemetry,
    pages: &Pages,
    shutdown: &Shutdown,
    name: &'static str,
    checks: &[&'static str],
    work: impl FnOnce() -> Result<T, E> + Send + 'static,
) -> anyhow::Result<ExitCode> {
    telemetry.health().expect(checks);
    let server = serve_pages(listen, telemetry.clone(), pages.clone()).map_err(bad_input)?;
    tracing::info!(address = %server.address(), "serving /metrics, /healthz and /readyz");

    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("starting a runtime")?;
    let (tell, mut ended) = oneshot::channel();
    thread::Builder::new()
        .name(name.to_owned())
        .spawn(move || {
            if tell.send(work()).is_err() {
                tracing::debug!("the loop ended after its time was up");
            }
        })
        .context("starting the loop")?;

    let ended = runtime.block_on(async {
        let (mut interrupt, mut terminate) =
            (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        tokio::select! {
            result = &mut ended => return Ok::<_, std::io::Error>(Some(result)),
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        tracing::info!("stopping: what is in hand is finished first");
        shutdown.request();
        telemetry.health().stopping();
        Ok(timeout(END_WITHIN, ended).await.ok())
    });
    telemetry.finish();
    match ended.context("listening for signals")? {
        Some(Ok(Ok(_done))) => Ok(ExitCode::SUCCESS),
        Some(Ok(Err(failure))) => Err(failure.into()),
        Some(Err(_)) => Err(anyhow::anyhow!("the loop ended by a panic")),
        // Its thread waits for a broker. What it had not committed is read again, so ending here loses nothing.
        None => {
            tracing::warn!("the broker did not answer in time; ending without it");
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// An error that the user can put right in the command or its input.
pub fn bad_input(error: impl std::fmt::Display) -> anyhow::Error {
    BadInput(error.to_string()).into()
}
