//! The join, fed with the records of the two topics.

use std::{borrow::Cow, ops::ControlFlow};

use serde::Deserialize;
use verdict_kafka_io::{Failure, Record, snapshot};
use verdict_messages::{Decision, Label, Position, Sentiment, json};

use crate::{
    join::{Join, Labelled, PartitionOffset, Scored},
    report::LiveReport,
    settings::MonitorSettings,
};

/// A join fed with records, and how many there were.
#[derive(Debug)]
pub struct Monitor {
    join: Join,
    verdicts: u64,
    labels: u64,
    unreadable: u64,
}

impl Monitor {
    /// A monitor that remembers `remember` records of each kind.
    #[must_use]
    pub fn new(remember: usize) -> Self {
        Self { join: Join::new(remember), verdicts: 0, labels: 0, unreadable: 0 }
    }

    /// Reads labels and verdicts up to their present ends. Labels come first, so that no verdict
    /// has to wait for one that is there.
    ///
    /// # Errors
    /// [`Failure::Retry`] when a topic is missing or nothing arrives for as long as the settings
    /// say; [`Failure::Fatal`] when reading is not allowed.
    pub fn read(settings: &MonitorSettings) -> Result<Self, Failure> {
        let MonitorSettings { kafka, topics, labels_topic, patience, .. } = settings;
        let mut monitor = Self::new(settings.remember);
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

    /// Takes a record of the topic of verdicts.
    pub fn verdict(&mut self, record: &Record) {
        #[derive(Deserialize)]
        struct Needed<'a> {
            #[serde(borrow)]
            id: Cow<'a, str>,
            probability: f64,
            // Absent in verdicts of before there was one, which were all decided.
            decision: Option<Decision>,
            #[serde(borrow)]
            model: Model<'a>,
            source: Position,
        }
        #[derive(Deserialize)]
        struct Model<'a> {
            #[serde(borrow)]
            version: Cow<'a, str>,
        }
        self.verdicts += 1;
        let value = record.value.as_deref().unwrap_or_default();
        match json::from_slice::<Needed<'_>>(value) {
            Ok(verdict) if (0.0..=1.0).contains(&verdict.probability) => {
                let Position { partition, offset, .. } = verdict.source;
                self.join.verdict(&Scored {
                    id: &verdict.id,
                    version: &verdict.model.version,
                    probability: verdict.probability,
                    is_decided: verdict.decision != Some(Decision::Unsure),
                    source: PartitionOffset { partition, offset },
                    written_ms: record.timestamp_ms.unwrap_or(0),
                });
            }
            _ => self.unreadable += 1,
        }
    }

    /// Takes a record of the topic of labels.
    pub fn label(&mut self, record: &Record) {
        self.labels += 1;
        let position = PartitionOffset { partition: record.partition, offset: record.offset };
        let Some(value) = record.value.as_deref() else {
            // The tombstone of a key takes the label of that id back.
            match record.key.as_deref().map(std::str::from_utf8) {
                Some(Ok(id)) => self.join.label(&Labelled { id, is_positive: None, position }),
                _ => self.unreadable += 1,
            }
            return;
        };
        match Label::decode(value) {
            Ok(label) => self.join.label(&Labelled {
                id: &label.review_id,
                is_positive: Some(label.label == Sentiment::Positive),
                position,
            }),
            Err(_) => self.unreadable += 1,
        }
    }

    /// What is known now.
    #[must_use]
    pub fn report(&self) -> LiveReport {
        LiveReport::of(&self.join, self.verdicts, self.labels, self.unreadable)
    }
}
