//! `make demo`: Verdict on this machine, what docker-compose.yml starts without Docker.
//!
//! A [`Stack`] starts a real Apache Kafka (or takes one that is there), makes the topics, starts
//! consumers, monitor, web, trainer and, where it is installed, Prometheus with the configuration
//! of `observability/prometheus`. The processes are the product's own binaries. They end with the
//! stack: in order by [`Stack::stop`], and by a watchdog when the owner is gone without having
//! stopped them.
//!
//! Unix only.

mod banner;
mod broker;
mod in_memory;
mod plan;
mod ports;
mod prometheus;
mod samples;
mod settings;
mod stack;
mod trickle;

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context;
use clap::Parser;
use tokio::task::{JoinHandle, spawn_blocking};
use verdict_kafka::StartError;
use verdict_service::Signals;
use verdict_telemetry::output;

use crate::banner::banner;
use crate::settings::Settings;
use crate::stack::{Stack, Stopped};

/// For the services; then Kafka ends. What a service has not finished by then is not lost: its
/// positions are not committed.
const STOP_WITHIN: Duration = Duration::from_millis(2500);

/// For a start that is given up: services, then Kafka. Beyond it the watchdogs do the same.
const GIVE_UP_WITHIN: Duration = Duration::from_secs(4);

fn main() -> ExitCode {
    match run(Settings::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::note(format_args!("demo: {error:#}"));
            ExitCode::from(exit_code(&error))
        }
    }
}

/// 70 when Kafka or a service ended by itself, or did not end when asked to; 2 when something that
/// was asked for is not there.
fn exit_code(error: &anyhow::Error) -> u8 {
    match error.downcast_ref() {
        Some(
            StartError::Ended { .. } | StartError::NotEnded { .. } | StartError::DiskFull { .. },
        ) => 70,
        _ => 2,
    }
}

fn run(settings: Settings) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("starting a runtime")?;
    let ended = runtime.block_on(run_until_asked(settings));
    // A start that was given up is not waited for: what it has started ends with this process.
    runtime.shutdown_background();
    ended
}

async fn run_until_asked(settings: Settings) -> anyhow::Result<()> {
    let mut signals = Signals::listen()?;
    let stop = Arc::new(AtomicBool::new(false));
    let mut starting = {
        let (settings, stop) = (settings.clone(), Arc::clone(&stop));
        // On a thread of its own, since it waits; the runtime goes on to take signals.
        spawn_blocking(move || Stack::start(&settings, &stop))
    };
    output::note(format_args!(
        "demo: starting Kafka and the services; logs are in {}/logs …",
        settings.state.display()
    ));
    let mut stack = tokio::select! {
        started = &mut starting => started??,
        () = signals.next() => return stopped(&stop, starting).await,
    };
    // That nobody reads it is no reason to end what runs.
    output::line(banner(&settings, &stack)).unwrap_or(());
    let mut look = tokio::time::interval(Duration::from_millis(500));
    loop {
        tokio::select! {
            () = signals.next() => break,
            _ = look.tick() => if let Err(ended) = stack.check() {
                end(stack).await.unwrap_or(());
                return Err(ended.into());
            },
        }
    }
    output::note("demo: ending …");
    end(stack).await
}

async fn end(stack: Stack) -> anyhow::Result<()> {
    Ok(spawn_blocking(move || stack.stop(STOP_WITHIN)).await??)
}

/// Asked to stop before all were ready: what runs is ended when the start has noticed, or with this
/// process.
async fn stopped(
    stop: &AtomicBool,
    starting: JoinHandle<anyhow::Result<Stack>>,
) -> anyhow::Result<()> {
    stop.store(true, Ordering::Relaxed);
    match tokio::time::timeout(GIVE_UP_WITHIN, starting).await {
        Err(_) => Ok(()),
        Ok(started) => match started? {
            Ok(stack) => end(stack).await,
            Err(error) if error.is::<Stopped>() => Ok(()),
            Err(error) => Err(error),
        },
    }
}
