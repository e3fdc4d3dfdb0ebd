//! A single read of what the topics hold now.

use std::ops::ControlFlow;

use verdict_kafka_io::{Failure, snapshot};

use super::{Monitor, settings::MonitorSettings};

/// Reads labels and verdicts up to their present ends. Labels come first, so that no verdict has to wait for one that is there.
///
/// # Errors
/// [`Failure::Retry`] when a topic is missing or nothing arrives for as long as the settings say; [`Failure::Fatal`] when
/// reading is not allowed.
pub fn read(settings: &MonitorSettings) -> Result<Monitor, Failure> {
    let MonitorSettings { kafka, topics, labels_topic, patience, .. } = settings;
    let mut monitor = Monitor::new(settings.remember);
    snapshot::read(kafka, labels_topic, *patience, |record, _| {
        monitor.label(&record);
        ControlFlow::Continue(())
    })?;
    snapshot::read(kafka, &topics.verdicts_topic, *patience, |record, _| {
        monitor.verdict(&record);
        ControlFlow::Continue(())
    })?;
    Ok(monitor)
}
