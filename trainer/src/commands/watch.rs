//! `trainer watch`: a rebuild whenever enough labels have come, or enough time has gone by.

use super::output;
use super::rebuild::Args as RebuildArgs;
use crate::lifecycle::watch::{Pace, watch};
use anyhow::Context;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::mpsc;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use verdict_service::{Pages, ProbeArgs, serve_pages};
use verdict_telemetry::{Service, Telemetry, TelemetryArgs, logs};

/// The port of `--listen`'s default.
const PAGES_PORT: u16 = 9103;

/// Options of `trainer watch`.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    #[command(flatten)]
    rebuild: RebuildArgs,
    /// Rebuild when so many labels have come since the last one.
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..))]
    new_labels: u64,
    /// Rebuild when this time has gone by since the last one and any label has come, in seconds.
    #[arg(long, value_name = "S", default_value_t = 86_400, value_parser = clap::value_parser!(u64).range(1..))]
    every_s: u64,
    /// Look for labels this often, in ms.
    #[arg(long, value_name = "MS", default_value_t = 5000, value_parser = clap::value_parser!(u64).range(10..))]
    poll_ms: u64,
    /// Address of /metrics, /healthz and /readyz.
    #[arg(long, env = "VERDICT_LISTEN", default_value = "127.0.0.1:9103", value_name = "IP:PORT")]
    listen: SocketAddr,
    #[command(flatten)]
    telemetry: TelemetryArgs,
}

/// Asks a running watch, as a container's health check does.
pub(crate) fn healthcheck(args: &ProbeArgs) -> ExitCode {
    match args.run(PAGES_PORT) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::note(format_args!("trainer: {error}"));
            ExitCode::from(1)
        }
    }
}

/// Watches until SIGINT or SIGTERM. The first lets the rebuild at hand finish; a second ends it, and the next run goes on.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    logs::init(&args.telemetry)?;
    let price = args.telemetry.price().map_err(anyhow::Error::msg)?;
    let telemetry = Telemetry::start(Service::Trainer, price)?;
    telemetry.health().expect(&["kafka"]);
    let pages = serve_pages(args.listen, telemetry.clone(), Pages::default())?;
    tracing::info!(address = %pages.address(), "serving /metrics, /healthz and /readyz");
    let job = args.rebuild.job()?;
    let pace = Pace {
        new_labels: args.new_labels,
        every: Duration::from_secs(args.every_s),
        poll: Duration::from_millis(args.poll_ms),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("starting a runtime")?;
    let (stop, stopped) = mpsc::channel::<()>();
    let push = telemetry.clone();
    let ended = runtime.block_on(async {
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let mut watching =
            tokio::task::spawn_blocking(move || watch(&job, &pace, &telemetry, &stopped));
        let mut stop = Some(stop);
        loop {
            let is_first = stop.is_some();
            tokio::select! {
                ended = &mut watching => return ended.context("the watch"),
                _ = interrupt.recv() => drop(stop.take()),
                _ = terminate.recv() => drop(stop.take()),
            }
            if !is_first {
                return Ok(());
            }
        }
    });
    // Not waited for: after a second signal a rebuild may be under way.
    runtime.shutdown_background();
    push.finish();
    ended
}
