//! The audit, again and again, in a thread of its own: it reads three topics to their ends, which
//! takes what it takes.

use std::{
    thread::JoinHandle,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use verdict_kafka_io::{Cause, Failure};
use verdict_service::{Shutdown, join_within};
use verdict_telemetry::{AuditFound, Metrics, Telemetry};

use crate::{
    audit::{Report, audit},
    settings::MonitorSettings,
};

/// The longest wait before the thread looks whether it is to stop.
const LOOK: Duration = Duration::from_millis(50);
/// How long the end waits for the thread, which may be reading.
const END_WITHIN: Duration = Duration::from_millis(500);
/// Positions of each kind that are logged.
const SHOW: usize = 5;

/// The running thread, if audits are wanted. Ends when it is dropped.
#[derive(Debug)]
pub(crate) struct Auditor {
    stop: Shutdown,
    thread: Option<JoinHandle<()>>,
}

impl Auditor {
    /// Starts with the first audit at once.
    ///
    /// # Errors
    /// [`Failure::Fatal`] when no thread can be had.
    pub(crate) fn start(
        settings: &MonitorSettings,
        telemetry: &Telemetry,
        shutdown: &Shutdown,
    ) -> Result<Self, Failure> {
        let stop = shutdown.clone();
        let Some(every) = settings.audit_every else {
            return Ok(Self { stop, thread: None });
        };
        let (settings, metrics, flag) =
            (settings.clone(), telemetry.metrics().clone(), shutdown.clone());
        let thread = std::thread::Builder::new()
            .name("auditor".to_owned())
            .spawn(move || go_round(&settings, every, &metrics, &flag))
            .map_err(|error| {
                Failure::fatal("starting the auditor", error.to_string(), Cause::Other)
            })?;
        Ok(Self { stop, thread: Some(thread) })
    }
}

impl Drop for Auditor {
    fn drop(&mut self) {
        self.stop.request();
        if let Some(thread) = self.thread.take() {
            join_within(thread, END_WITHIN, "the auditor");
        }
    }
}

fn go_round(settings: &MonitorSettings, every: Duration, metrics: &Metrics, stop: &Shutdown) {
    while !stop.is_requested() {
        let began = Instant::now();
        let MonitorSettings { kafka, topics, group, patience, .. } = settings;
        match audit(kafka, topics, Some(group), *patience, SHOW, stop) {
            Ok(Some(report)) => publish(&report, metrics, began.elapsed()),
            Ok(None) => return,
            Err(failure) => tracing::warn!(
                cause = failure.details().cause.as_str(),
                "the audit was not made: {failure}"
            ),
        }
        while !stop.is_requested() && began.elapsed() < every {
            std::thread::park_timeout(LOOK.min(every));
        }
    }
}

fn publish(report: &Report, metrics: &Metrics, took: Duration) {
    let Report { reviews, missing, duplicated, both, phantom, .. } = report;
    metrics.set_audit(AuditFound {
        reviews: *reviews,
        missing: missing.count,
        duplicated: duplicated.count,
        both: both.count,
        phantom: phantom.count,
        at_unix_s: now_unix_s(),
    });
    let (duplicated, took_ms) = (duplicated.count, took.as_millis());
    // Duplicates are what "at least once" allows.
    if report.ok(true) {
        return tracing::info!(reviews, duplicated, took_ms, "every review has its outcome");
    }
    tracing::error!(
        reviews,
        missing = missing.count,
        duplicated,
        both = both.count,
        phantom = phantom.count,
        took_ms,
        first_missing = missing.first.join(" "),
        first_both = both.first.join(" "),
        first_phantom = phantom.first.join(" "),
        "the audit found outcomes that are not as promised"
    );
}

#[expect(
    clippy::disallowed_methods,
    reason = "this thread is where the time of an audit comes from"
)]
fn now_unix_s() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}
