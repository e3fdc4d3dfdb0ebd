//! `trainer watch`: a rebuild whenever enough labels have come, or enough time has gone by.

use super::rebuild::Args as RebuildArgs;
use crate::lifecycle::watch::{Pace, watch};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;
use verdict_service::{Grace, Pages, ProbeArgs, Shutdown, Worker};
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
    args.run("trainer", PAGES_PORT)
}

/// Watches until SIGINT or SIGTERM. The first lets the rebuild at hand finish; a second ends it, and
/// the next run goes on.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    logs::init(&args.telemetry)?;
    let price = args.telemetry.price().map_err(anyhow::Error::msg)?;
    let telemetry = Telemetry::start(Service::Trainer, price)?;
    let job = args.rebuild.job()?;
    let pace = Pace {
        new_labels: args.new_labels,
        every: Duration::from_secs(args.every_s),
        poll: Duration::from_millis(args.poll_ms),
    };
    let worker = Worker {
        name: "watch",
        listen: args.listen,
        checks: &["kafka"],
        grace: Grace::UntilSecondSignal,
    };
    let shutdown = Shutdown::default();
    let (shared, flag) = (telemetry.clone(), shutdown.clone());
    worker.run(&telemetry, &Pages::default(), &shutdown, move || {
        watch(&job, &pace, &shared, &flag);
        anyhow::Ok(())
    })
}
