//! A service from its first line to its end: operator pages, signals, exit codes, and an end that
//! comes in time.

use std::{io, net::SocketAddr, process::ExitCode, thread, time::Duration};

use anyhow::Context;
use tokio::sync::oneshot;
use verdict_telemetry::{CpuPrice, Service, Telemetry, TelemetryError};

use crate::{extra::Pages, pages::serve_pages, shutdown::Shutdown, signals::Signals};

/// Settings, a model or another input that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct BadInput(String);

/// An error that the user can put right in the command or its input.
pub fn bad_input(error: impl std::fmt::Display) -> anyhow::Error {
    BadInput(error.to_string()).into()
}

/// What an error exits with: 2 for [`bad_input`], 70 for the rest.
#[must_use]
pub fn exit_code(error: &anyhow::Error) -> ExitCode {
    if error.is::<BadInput>() { ExitCode::from(2) } else { ExitCode::from(70) }
}

/// Telemetry of `service`.
///
/// # Errors
/// As [`Telemetry::start`]; a variable that cannot be used is [`bad_input`].
pub fn start(service: Service, price: CpuPrice) -> anyhow::Result<Telemetry> {
    Telemetry::start(service, price).map_err(|error| match error {
        error @ TelemetryError::Setting(_) => bad_input(error),
        error => error.into(),
    })
}

/// Containers are killed after ten seconds; pods have more, which a test of the manifests compares.
const END_WITHIN: Duration = Duration::from_secs(9);

/// How long work may go on after the first signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grace {
    /// For `END_WITHIN`. More signals change nothing.
    Bounded,
    /// Until the second signal.
    UntilSecondSignal,
}

impl Grace {
    async fn is_over(self, signals: &mut Signals) {
        match self {
            Self::Bounded => tokio::time::sleep(END_WITHIN).await,
            Self::UntilSecondSignal => signals.next().await,
        }
    }
}

/// Runs `work` in a thread called `name`. The first SIGINT or SIGTERM calls `ask`, which is to make
/// the work end; then it has `grace`. `None` when the work goes on for longer: its thread ends with
/// the process.
///
/// # Errors
/// When the thread or its runtime cannot be started, or the work panicked.
pub fn run_until_signal<T: Send + 'static>(
    name: &'static str,
    grace: Grace,
    ask: impl FnOnce(),
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<Option<T>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut signals = Signals::listen()?;
        let (sender, mut done) = oneshot::channel();
        thread::Builder::new().name(name.to_owned()).spawn(move || {
            if sender.send(work()).is_err() {
                tracing::debug!("{name} ended after its time was up");
            }
        })?;
        let done = tokio::select! {
            done = &mut done => done,
            () = signals.next() => {
                ask();
                tokio::select! {
                    done = done => done,
                    () = grace.is_over(&mut signals) => return Ok(None),
                }
            }
        };
        done.map(Some).map_err(|_| io::Error::other(format!("{name} ended by a panic")))
    })
}

/// A service whose work has a thread of its own, and whose only HTTP side is its operator pages.
#[derive(Debug, Clone, Copy)]
pub struct Worker {
    /// The name of the thread.
    pub name: &'static str,
    /// Where the operator pages are.
    pub listen: SocketAddr,
    /// The service is not ready before its work has passed all of these.
    pub checks: &'static [&'static str],
    /// How long the work may go on after the first signal.
    pub grace: Grace,
}

impl Worker {
    /// Serves the operator pages and runs `work` until it ends, or a signal asks for it through
    /// `shutdown`. Work that goes on for longer than its [`Grace`] is left behind.
    ///
    /// # Errors
    /// An address that is taken is [`bad_input`]; else what `work` returns, or its panic.
    pub fn run<T: Send + 'static, E: Into<anyhow::Error> + Send + 'static>(
        self,
        telemetry: &Telemetry,
        pages: &Pages,
        shutdown: &Shutdown,
        work: impl FnOnce() -> Result<T, E> + Send + 'static,
    ) -> anyhow::Result<ExitCode> {
        let Self { name, listen, checks, grace } = self;
        telemetry.health().expect(checks);
        let server = serve_pages(listen, telemetry.clone(), pages.clone()).map_err(bad_input)?;
        tracing::info!(address = %server.address(), "serving /metrics, /healthz and /readyz");
        let ask = || {
            tracing::info!("stopping: what is in hand is finished first");
            shutdown.request();
            telemetry.health().stopping();
        };
        let ended = run_until_signal(name, grace, ask, work);
        telemetry.finish();
        match ended.context("running the service")? {
            Some(Ok(_done)) => Ok(ExitCode::SUCCESS),
            Some(Err(failure)) => Err(failure.into()),
            // What is not finished has not been committed, and is done again by the next run.
            None => {
                tracing::warn!("{name} did not end in time; ending without it");
                Ok(ExitCode::SUCCESS)
            }
        }
    }
}
