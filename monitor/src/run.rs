//! The monitor's loop: follows verdicts and labels and publishes how right the verdicts were.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use verdict_kafka_io::{Failure, Followed, Follower, Record};
use verdict_service::{Pages, Shutdown};
use verdict_telemetry::{
    Telemetry,
    health::{Check, Progress},
};

use crate::{auditor::Auditor, monitor::Monitor, report::LiveReport, settings::MonitorSettings};

/// The loop is wedged when it does not come round for so long.
const WEDGED: Duration = Duration::from_secs(30);
/// How often gauges and readiness are set.
const PUBLISH: Duration = Duration::from_secs(1);
/// The longest wait for a record.
const IDLE: Duration = Duration::from_millis(50);
/// Records of one topic that are taken before the other has its turn.
const TURN: usize = 1_000;

/// Follows the topics until `shutdown` is requested, on the calling thread, and returns what was
/// known then; `/live` of `pages` shows it meanwhile. A broker or a topic that is away is waited for,
/// however long it takes.
///
/// # Errors
/// [`Failure::Fatal`] when the settings are refused.
pub fn run(
    settings: &MonitorSettings,
    telemetry: &Telemetry,
    pages: &Pages,
    shutdown: &Shutdown,
) -> Result<LiveReport, Failure> {
    let health = telemetry.health();
    let progress: Progress = health.progress("loop", WEDGED);
    let mut verdicts = Topic::follow(settings, &settings.topics.verdicts_topic)?;
    let mut labels = Topic::follow(settings, &settings.labels_topic)?;
    let [kafka, caught_up] = CHECKS.map(|name| health.check(name));
    let auditor = Auditor::start(settings, telemetry, shutdown)?;
    tracing::info!(
        brokers = settings.kafka.bootstrap(),
        verdicts = settings.topics.verdicts_topic,
        labels = settings.labels_topic,
        group = settings.group,
        remember = settings.remember,
        audit_every_s = settings.audit_every.map_or(0, |every| every.as_secs()),
        "monitor started"
    );
    let mut monitor = Monitor::new(settings.remember);
    let mut published: Option<Instant> = None;
    let report = Arc::new(Mutex::new(monitor.report()));
    let shown = Arc::clone(&report);
    pages.add("/live", "application/json", move || {
        format!("{:#}\n", shown.lock().unwrap_or_else(PoisonError::into_inner).json())
    });
    while !shutdown.is_requested() {
        progress.touch();
        let took = verdicts.take(|record| monitor.verdict(record))?
            + labels.take(|record| monitor.label(record))?;
        if took == 0 {
            verdicts.wait(|record| monitor.verdict(record))?;
        }
        if published.is_none_or(|at| at.elapsed() >= PUBLISH) {
            published = Some(Instant::now());
            look([&verdicts, &labels], &kafka, &caught_up);
            let now = monitor.report();
            now.publish(telemetry.metrics());
            *report.lock().unwrap_or_else(PoisonError::into_inner) = now;
        }
    }
    health.stopping();
    let report = monitor.report();
    report.publish(telemetry.metrics());
    tracing::info!(
        verdicts = report.verdicts,
        labels = report.labels,
        unreadable = report.unreadable,
        "monitor stopped"
    );
    drop(auditor);
    Ok(report)
}

/// The readiness checks of a monitor.
pub(super) const CHECKS: [&str; 2] = ["kafka", "caught_up"];

fn look(topics: [&Topic; 2], kafka: &Check, caught_up: &Check) {
    let mut down = topics.iter().filter_map(|topic| topic.follower.connection().why_down());
    match down.next() {
        None => kafka.pass(),
        Some(why) => kafka.fail(why),
    }
    match topics.iter().find_map(|topic| topic.lacks.as_ref()) {
        None => caught_up.pass(),
        Some(lacks) => caught_up.fail(lacks),
    }
}

/// A topic that is followed, and what it lacks until all that it held at the start has been taken.
struct Topic {
    name: String,
    follower: Follower,
    lacks: Option<String>,
}

impl Topic {
    fn follow(settings: &MonitorSettings, name: &str) -> Result<Self, Failure> {
        Ok(Self {
            name: name.to_owned(),
            follower: Follower::start(&settings.kafka, name)?,
            lacks: Some(format!("topic {name} is not read to its end yet")),
        })
    }

    /// Takes what is at hand, and says how much that was.
    fn take(&mut self, mut on_record: impl FnMut(&Record)) -> Result<usize, Failure> {
        let mut took = 0;
        while took < TURN
            && let Some(followed) = self.follower.next(Duration::ZERO)?
        {
            self.on(followed, &mut on_record);
            took += 1;
        }
        Ok(took)
    }

    /// Waits for what comes next.
    fn wait(&mut self, mut on_record: impl FnMut(&Record)) -> Result<(), Failure> {
        if let Some(followed) = self.follower.next(IDLE)? {
            self.on(followed, &mut on_record);
        }
        Ok(())
    }

    fn on(&mut self, followed: Followed, on_record: &mut impl FnMut(&Record)) {
        let name = &self.name;
        match followed {
            Followed::Record(record) => on_record(&record),
            Followed::CaughtUp => {
                self.lacks = None;
                tracing::info!(topic = name, "read to its end");
            }
            Followed::Absent => {
                self.lacks = Some(format!("there is no topic {name}"));
                tracing::warn!(topic = name, "there is no such topic; waiting for it");
            }
            Followed::Failed(failure) => {
                let cause = failure.details().cause.as_str();
                tracing::warn!(topic = name, cause, "{failure}");
            }
        }
    }
}
