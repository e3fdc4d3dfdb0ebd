//! Reading dead letters, and finding which of their reviews were redriven.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use verdict_kafka_io::{Cause, Failure, KafkaSettings, Record, snapshot};
use verdict_messages::{OffsetRange, Position, dead_letter};

use super::at::At;
use super::letter::Letter;
use super::{DlqError, Step};
use crate::publish::PublishError;

/// Reads topics to the ends that they have when reading starts, and shows how far it is.
#[derive(Debug, Clone)]
pub struct Reader {
    /// Where Kafka is.
    pub kafka: KafkaSettings,
    /// Gives up when nothing arrives for so long.
    pub patience: Duration,
    /// Shows progress on a terminal.
    pub bar: ProgressBar,
}

/// Which part of a topic of dead letters to read.
#[derive(Debug, Clone)]
pub struct Part {
    topic: String,
    ranges: Vec<OffsetRange>,
    /// Empty: all.
    positions: BTreeSet<At>,
}

impl Reader {
    /// The letters of `topic` that are there now: those at `positions`, or all if there are none.
    ///
    /// # Errors
    /// [`DlqError::NoSuchLetter`] where the topic does not reach, or Kafka is away.
    pub fn part(&self, topic: &str, positions: BTreeSet<At>) -> Result<Part, DlqError> {
        let mut ranges = self.ends(topic)?;
        let is_outside = |at: &&At| {
            let mut of_partition = ranges.iter().filter(|range| range.partition == at.partition);
            !of_partition.any(|range| (range.from..range.to).contains(&at.offset))
        };
        let outside: BTreeSet<At> = positions.iter().filter(is_outside).copied().collect();
        if !outside.is_empty() {
            let partition = |at: &At| ranges.iter().find(|range| range.partition == at.partition);
            let has = match outside.first().and_then(partition) {
                Some(range) if range.is_empty() => {
                    format!("partition {} is empty", range.partition)
                }
                Some(range) => format!(
                    "partition {} has offsets {} to {}",
                    range.partition,
                    range.from,
                    range.to - 1
                ),
                None => format!("it has {} partitions, from 0", ranges.len()),
            };
            return Err(DlqError::NoSuchLetter { topic: topic.to_owned(), at: outside, has });
        }
        if !positions.is_empty() {
            for range in &mut ranges {
                let mut wanted = positions.iter().filter(|at| at.partition == range.partition);
                let first = wanted.next();
                let last = wanted.next_back().or(first);
                range.from = first.map_or(range.to, |at| at.offset);
                let next = |at: &At| Position::new(topic, at.partition, at.offset).next().get();
                range.to = last.map_or(range.to, next);
            }
        }
        Ok(Part { topic: topic.to_owned(), ranges, positions })
    }

    /// Calls `on_letter` with each letter of a part, in the order of each partition, until it
    /// breaks.
    ///
    /// # Errors
    /// [`DlqError::NoSuchLetter`] when there is no record at a position, those of `on_letter`, or
    /// Kafka is away.
    pub fn letters(
        &self,
        part: &Part,
        mut on_letter: impl FnMut(Letter) -> Step,
    ) -> Result<(), DlqError> {
        let mut missing = part.positions.clone();
        let mut has_ended = false;
        self.read(&part.topic, &part.ranges, |record| {
            let letter = Letter::new(record);
            if !part.positions.is_empty() && !part.positions.contains(&letter.at()) {
                return Ok(ControlFlow::Continue(()));
            }
            missing.remove(&letter.at());
            let step = on_letter(letter)?;
            has_ended = step.is_break();
            Ok(step)
        })?;
        if missing.is_empty() || has_ended {
            return Ok(());
        }
        // Of a transaction that was aborted, or its marker.
        let (topic, has) = (part.topic.clone(), "these offsets hold none".to_owned());
        Err(DlqError::NoSuchLetter { topic, at: missing, has })
    }

    /// Finds redriven records in `topic`, each partition of `behind` from behind that offset to its
    /// end, and calls `on_found` with the review that had failed and the position it was redriven
    /// to.
    ///
    /// # Errors
    /// Kafka is away.
    pub fn redriven(
        &self,
        topic: &str,
        behind: &BTreeMap<i32, Position>,
        mut on_found: impl FnMut(Position, Position),
    ) -> Result<(), DlqError> {
        let mut ranges = self.ends(topic)?;
        ranges.retain_mut(|range| {
            let first = behind.get(&range.partition);
            range.from = first.map_or(range.to, |at| at.next().get().clamp(range.from, range.to));
            !range.is_empty()
        });
        self.read(topic, &ranges, |record| {
            let review = dead_letter::redriven_review(&record.headers);
            if let Some(review) = review.filter(|review| *review.topic == *topic) {
                on_found(review, record.position());
            }
            Ok(ControlFlow::Continue(()))
        })
    }

    fn ends(&self, topic: &str) -> Result<Vec<OffsetRange>, DlqError> {
        snapshot::ends(&self.kafka, topic, self.patience)
            .map_err(|failure| self.failed(topic, failure))
    }

    fn failed(&self, topic: &str, failure: Failure) -> DlqError {
        match failure.details().cause {
            Cause::UnknownTopic => {
                let (topic, bootstrap) = (topic.to_owned(), self.kafka.bootstrap().to_owned());
                PublishError::NoTopic { topic, bootstrap }.into()
            }
            _ => failure.into(),
        }
    }

    fn read(
        &self,
        topic: &str,
        ranges: &[OffsetRange],
        mut on_record: impl FnMut(Record) -> Step,
    ) -> Result<(), DlqError> {
        if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {percent}% {eta}") {
            self.bar.set_style(style);
        }
        self.bar.reset();
        self.bar.set_message(format!("reading {topic}"));
        let mut failed = Ok(());
        let on_record = |record: Record, progress: snapshot::Progress| {
            self.bar.set_length(progress.total);
            self.bar.set_position(progress.passed);
            on_record(record).unwrap_or_else(|error| {
                failed = Err(error);
                ControlFlow::Break(())
            })
        };
        snapshot::read_again(&self.kafka, topic, ranges, self.patience, on_record)?;
        self.bar.finish_and_clear();
        failed
    }
}
