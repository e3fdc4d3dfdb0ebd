//! `make demo`.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context;
use clap::Parser;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::{JoinHandle, spawn_blocking};
use verdict_demo::{DemoError, Settings, Stack, banner};
use verdict_kafka::StartError;
use verdict_telemetry::output;

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
            match error.downcast_ref() {
                Some(
                    DemoError::Ended { .. }
                    | DemoError::NotEnded { .. }
                    | DemoError::Kafka(StartError::Ended { .. } | StartError::DiskFull { .. }),
                )
                | None => ExitCode::from(70),
                Some(_) => ExitCode::from(2),
            }
        }
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
    let mut asked = Asked::listen()?;
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
        () = asked.wait() => return stopped(&stop, starting).await,
    };
    // That nobody reads it is no reason to end what runs.
    output::line(banner(&settings, &stack)).unwrap_or(());
    let mut look = tokio::time::interval(Duration::from_millis(500));
    loop {
        tokio::select! {
            () = asked.wait() => break,
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

/// Told to stop before all were ready: what runs is ended when the start has noticed, or with this
/// process.
async fn stopped(
    stop: &AtomicBool,
    starting: JoinHandle<Result<Stack, DemoError>>,
) -> anyhow::Result<()> {
    stop.store(true, Ordering::Relaxed);
    match tokio::time::timeout(GIVE_UP_WITHIN, starting).await {
        Err(_) => Ok(()),
        Ok(started) => match started? {
            Ok(stack) => end(stack).await,
            Err(DemoError::Stopped) => Ok(()),
            Err(error) => Err(error.into()),
        },
    }
}

/// The signals that ask for the end.
struct Asked {
    interrupt: Signal,
    terminate: Signal,
}

impl Asked {
    fn listen() -> anyhow::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn wait(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {},
            _ = self.terminate.recv() => {},
        }
    }
}
