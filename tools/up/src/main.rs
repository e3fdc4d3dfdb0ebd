//! `make up`.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};
use verdict_telemetry::output;
use verdict_up::{Settings, Stack, UpError};

/// Longer than any service takes: the frontend lets open requests end for 8 s.
const STOP_WITHIN: Duration = Duration::from_secs(15);

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(Settings::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::note(format_args!("up: {error:#}"));
            match error.downcast_ref() {
                Some(UpError::Ended { .. } | UpError::NotEnded { .. }) | None => ExitCode::from(70),
                Some(_) => ExitCode::from(2),
            }
        }
    }
}

async fn run(settings: Settings) -> anyhow::Result<()> {
    let (mut interrupt, mut terminate) = (
        signal(SignalKind::interrupt())?,
        signal(SignalKind::terminate())?,
    );
    let stop = Arc::new(AtomicBool::new(false));
    let mut starting = {
        let (settings, stop) = (settings.clone(), Arc::clone(&stop));
        // On a thread of its own, since it waits; the runtime goes on to take signals.
        tokio::task::spawn_blocking(move || Stack::start(&settings, &stop))
    };
    output::note(format_args!(
        "up: starting the services; logs are in {}/logs …",
        settings.state.display()
    ));
    let mut stack = tokio::select! {
        started = &mut starting => started??,
        _ = interrupt.recv() => return stopped(&stop, starting).await,
        _ = terminate.recv() => return stopped(&stop, starting).await,
    };
    // That nobody reads it is no reason to end what runs.
    output::line(banner(&settings, &stack)).unwrap_or(());
    let mut look = tokio::time::interval(Duration::from_millis(500));
    loop {
        tokio::select! {
            _ = interrupt.recv() => break,
            _ = terminate.recv() => break,
            _ = look.tick() => stack.check()?,
        }
    }
    output::note("up: ending the services …");
    Ok(tokio::task::spawn_blocking(move || stack.stop(STOP_WITHIN)).await??)
}

/// Told to stop before all were ready: what runs is ended when the start has noticed.
async fn stopped(
    stop: &AtomicBool,
    starting: tokio::task::JoinHandle<Result<Stack, UpError>>,
) -> anyhow::Result<()> {
    stop.store(true, Ordering::Relaxed);
    match starting.await? {
        Ok(stack) => Ok(tokio::task::spawn_blocking(move || stack.stop(STOP_WITHIN)).await??),
        Err(UpError::Stopped) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn banner(settings: &Settings, stack: &Stack) -> String {
    let ports = stack.ports();
    let consumers: Vec<String> = ports
        .consumers
        .iter()
        .map(|port| format!("http://127.0.0.1:{port}/metrics"))
        .collect();
    let prometheus = if stack.has_prometheus() {
        format!("http://127.0.0.1:{}/ (alerts: /alerts)", ports.prometheus)
    } else {
        "not installed: nothing is kept of the metrics (e.g. apt-get install prometheus)".to_owned()
    };
    format!(
        "
  Verdict is running on Kafka {}.

    page         http://127.0.0.1:{}/
    consumers    {}
    monitor      http://127.0.0.1:{}/metrics
    trainer      http://127.0.0.1:{}/metrics
    Prometheus   {prometheus}
    state, logs  {}

  Ctrl-C stops it; started again, it goes on where it was.
",
        settings.bootstrap_servers,
        ports.web,
        consumers.join("  "),
        ports.monitor,
        ports.trainer,
        stack.state().display(),
    )
}
