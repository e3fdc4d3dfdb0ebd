//! A rebuild whenever enough labels have come, or enough time has gone by.

use super::rebuild::{Job, Rebuilt, TooFew};
use std::time::{Duration, Instant};
use verdict_kafka_io::snapshot;
use verdict_messages::{OffsetRange, TrainedFrom};
use verdict_service::Shutdown;
use verdict_telemetry::{Telemetry, labels::Rebuild};

/// When to rebuild.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// When so many labels have come since the last rebuild.
    pub new_labels: u64,
    /// When this time has gone by since the last one and any label has come.
    pub every: Duration,
    /// How often to look for labels.
    pub poll: Duration,
}

/// Watches the labels and rebuilds until `shutdown` is requested. Blocks the thread; a rebuild that
/// has begun is finished first.
///
/// What goes wrong is logged, once for each cause, and tried again: a rebuild when as many labels
/// have come once more, or in time. The check `kafka` of `telemetry` passes once the topic of
/// pointers follows the registry.
pub fn watch(job: &Job, pace: &Pace, telemetry: &Telemetry, shutdown: &Shutdown) {
    let mut watch = Watch {
        job,
        pace,
        telemetry,
        looked_to: Vec::new(),
        pending: 0,
        last: Instant::now(),
        failed: false,
        settled: false,
    };
    let mut logged = None;
    loop {
        let failed = watch.look().err().map(|error| format!("{error:#}"));
        if let Some(problem) = failed.as_ref().filter(|_| failed != logged) {
            tracing::warn!("{problem}");
        }
        logged = failed;
        if shutdown.wait(pace.poll) {
            return;
        }
    }
}

struct Watch<'a> {
    job: &'a Job,
    pace: &'a Pace,
    telemetry: &'a Telemetry,
    /// The ends of the labels, as they were looked at last.
    looked_to: Vec<OffsetRange>,
    /// Labels before these that the last rebuild did not have.
    pending: u64,
    last: Instant,
    /// Whether the last rebuild failed: it is owed, though no label may come.
    failed: bool,
    settled: bool,
}

impl Watch<'_> {
    fn look(&mut self) -> anyhow::Result<()> {
        if !self.settled {
            self.begin()?;
        }
        let log = &self.job.log;
        let ends = snapshot::ends(&log.kafka, &log.labels, log.patience)?;
        self.pending += log.labels_between(&self.looked_to, &ends)?;
        self.looked_to = ends;
        let metrics = self.telemetry.metrics();
        let pending = self.pending;
        metrics.set_labels_pending(pending);
        let is_time = self.last.elapsed() >= self.pace.every;
        if !(pending >= self.pace.new_labels || is_time && (pending > 0 || self.failed)) {
            return Ok(());
        }
        tracing::info!("{pending} new labels");
        let started = Instant::now();
        let rebuilt = self.job.rebuild_if_enough();
        metrics.record_rebuild(outcome(&rebuilt), started.elapsed());
        // What has been tried is not tried again before something new comes.
        self.pending = 0;
        self.last = Instant::now();
        self.failed = rebuilt.is_err();
        metrics.set_labels_pending(0);
        let rebuilt = rebuilt?;
        if let Some(problem) = rebuilt.not_converged() {
            tracing::warn!("{problem}");
        }
        tracing::info!("{rebuilt}");
        Ok(())
    }

    /// Finishes what an earlier run may have left, and takes up where it was.
    fn begin(&mut self) -> anyhow::Result<()> {
        let serving = self.job.serving();
        if serving.settle(None)?.is_some() {
            tracing::info!("announced the version that {} pointed to already", serving.alias);
        }
        if let Some(last) = serving.last_announced()?
            && let TrainedFrom::Log { ranges } = last.trained_from
        {
            self.looked_to = ranges;
        }
        self.settled = true;
        self.telemetry.health().check("kafka").pass();
        Ok(())
    }
}

fn outcome(rebuilt: &anyhow::Result<Rebuilt>) -> Rebuild {
    match rebuilt {
        Err(error) if error.is::<TooFew>() => Rebuild::Refused,
        Err(_) => Rebuild::Failed,
        Ok(rebuilt) if !rebuilt.promoted.serves() => Rebuild::Refused,
        Ok(rebuilt) if rebuilt.promoted.is_unchanged() => Rebuild::Unchanged,
        // With --no-announce too, the alias has moved.
        Ok(_) => Rebuild::Promoted,
    }
}
