//! The consumer as a process: model, operator pages, signals, and an end that comes in time.

use std::{net::SocketAddr, process::ExitCode, sync::Arc, thread, time::Duration};

use anyhow::Context;
use arc_swap::ArcSwap;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::oneshot,
    time::timeout,
};
use verdict_kafka_io::Failure;
use verdict_service::{Pages, ProbeArgs, Shutdown, serve_pages};
use verdict_telemetry::{CpuPrice, Service, Telemetry, TelemetryError, logs, output};

use crate::{run, settings::RunArgs, watching::Shadow};

/// From the signal to the end, whatever the broker does. The loop itself gives up its batch sooner.
const END_WITHIN: Duration = Duration::from_secs(9);
/// The port of `--listen`'s default.
const PAGES_PORT: u16 = 9101;

/// Settings, a model or another input that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct BadInput(pub(crate) String);

/// What an error exits with: 2 for what the user can put right in the command or its input, 70 for the rest.
#[must_use]
pub fn exit_code(error: &anyhow::Error) -> ExitCode {
    if error.is::<BadInput>() { ExitCode::from(2) } else { ExitCode::from(70) }
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
    let shadow = settings.watching.shadow.as_ref().map(|uri| {
        let shadow = settings.registry.load(uri);
        shadow.map_err(|error| bad_input(format!("--shadow: {error}")))
    });
    let shadow = shadow
        .transpose()?
        .map(|model| Shadow::new(Arc::new(model), settings.watching.shadow_share));
    let telemetry = start(Service::Consumer, settings.price)?;
    let shutdown = Shutdown::default();
    let models = Arc::new(ArcSwap::from_pointee(model));
    let (told, flag, pages) = (telemetry.clone(), shutdown.clone(), Pages::default());
    serve(
        settings.listen,
        &telemetry,
        &pages.clone(),
        &shutdown,
        "consumer",
        &run::CHECKS,
        move || run::run_beside(&settings, &models, shadow, &told, &pages, &flag),
    )
}

/// Telemetry of `service`; a variable of the environment that cannot be used is the user's to put right.
pub(crate) fn start(service: Service, price: CpuPrice) -> anyhow::Result<Telemetry> {
    Telemetry::start(service, price).map_err(|error| match error {
        error @ TelemetryError::Setting(_) => bad_input(error),
        error => error.into(),
    })
}

/// Serves the operator pages at `listen` and runs `work` in a thread called `name`, until it ends or SIGINT or SIGTERM asks for
/// it through `shutdown`. It is not ready before `work` says so of all `checks`. Work that does not heed that in time is left alone: the process ends without it.
pub(crate) fn serve<T: Send + 'static>(
    listen: SocketAddr,
    telemetry: &Telemetry,
    pages: &Pages,
    shutdown: &Shutdown,
    name: &'static str,
    checks: &[&'static str],
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
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

/// `consumer healthcheck`: asks a running consumer, as a container's health check does.
///
/// # Errors
/// None: a consumer that is not ready is the answer 1, and why is told on standard error.
pub fn healthcheck(args: &ProbeArgs) -> anyhow::Result<ExitCode> {
    Ok(match args.run(PAGES_PORT) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::note(format_args!("consumer: {error}"));
            ExitCode::from(1)
        }
    })
}

pub(crate) fn bad_input(error: impl std::fmt::Display) -> anyhow::Error {
    BadInput(error.to_string()).into()
}
