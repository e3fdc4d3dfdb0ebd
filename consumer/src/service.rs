//! The consumer as a process: model, operator pages, signals, and an end that comes in time.

use std::{process::ExitCode, sync::Arc, thread, time::Duration};

use anyhow::Context;
use arc_swap::ArcSwap;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::oneshot,
    time::timeout,
};
use verdict_telemetry::{Service, Telemetry, TelemetryError, http, logs};

use crate::{run, settings::RunArgs, shutdown::Shutdown};

/// From the signal to the end, whatever the broker does. The loop itself gives up its batch sooner.
const END_WITHIN: Duration = Duration::from_secs(9);

/// Settings, a model or another input that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct BadInput(pub(crate) String);

/// What an error exits with: 2 for what the user can put right in the command or its input, 70 for the rest.
#[must_use]
pub fn exit_code(error: &anyhow::Error) -> ExitCode {
    if error.is::<BadInput>() {
        ExitCode::from(2)
    } else {
        ExitCode::from(70)
    }
}

/// `consumer run`: scores reviews until SIGINT or SIGTERM.
///
/// # Errors
/// Settings or a model that cannot be used, an address that is taken, or a member that cannot go on: [`exit_code`] tells
/// them apart.
pub fn command(args: &RunArgs) -> anyhow::Result<ExitCode> {
    logs::init(&args.telemetry).map_err(bad_input)?;
    let settings = args.check().map_err(bad_input)?;
    let model = settings.registry.load(&settings.model).map_err(bad_input)?;
    let telemetry =
        Telemetry::start(Service::Consumer, settings.price).map_err(|error| match error {
            error @ TelemetryError::Setting(_) => bad_input(error),
            error => error.into(),
        })?;
    let pages = http::spawn(settings.listen, telemetry.clone()).map_err(bad_input)?;
    tracing::info!(address = %pages.address(), "serving /metrics, /healthz and /readyz");

    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("starting a runtime")?;
    let shutdown = Shutdown::default();
    let models = Arc::new(ArcSwap::from_pointee(model));
    let (tell, mut ended) = oneshot::channel();
    let (flag, health) = (shutdown.clone(), telemetry.health().clone());
    let push = telemetry.clone();
    thread::Builder::new()
        .name("consumer".to_owned())
        .spawn(move || {
            let result = run::run(&settings, &models, &telemetry, &flag);
            if tell.send(result).is_err() {
                tracing::debug!("the loop ended after its time was up");
            }
        })
        .context("starting the loop")?;

    let ended = runtime.block_on(async {
        let (mut interrupt, mut terminate) = (
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
        );
        tokio::select! {
            result = &mut ended => return Ok::<_, std::io::Error>(Some(result)),
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        tracing::info!("stopping: the batch is finished first");
        shutdown.request();
        health.stopping();
        Ok(timeout(END_WITHIN, ended).await.ok())
    });
    push.finish();
    match ended.context("listening for signals")? {
        Some(Ok(Ok(_summary))) => Ok(ExitCode::SUCCESS),
        Some(Ok(Err(failure))) => Err(failure.into()),
        Some(Err(_)) => Err(anyhow::anyhow!("the loop ended by a panic")),
        // Its thread waits for a broker. What it had not committed is read again, so ending here loses nothing.
        None => {
            tracing::warn!("the broker did not answer in time; ending without it");
            Ok(ExitCode::SUCCESS)
        }
    }
}

pub(crate) fn bad_input(error: impl std::fmt::Display) -> anyhow::Error {
    BadInput(error.to_string()).into()
}
