//! Reads topics from their beginning to the end they have when reading starts: for audits and for
//! training.

use std::{
    ops::ControlFlow,
    time::{Duration, Instant},
};

use rdkafka::{consumer::BaseConsumer, error::KafkaError};
use verdict_messages::OffsetRange;

use crate::{
    Cause, Connection, Failure, KafkaSettings, Record,
    partitions::{FROM_THE_BEGINNING, Open, assign, ranges, reader},
    record::Copier,
};

/// How far a snapshot has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Records read so far.
    pub read: u64,
    /// Offsets behind those records. Where the log has gaps (compaction, transactions) there are
    /// fewer records than that.
    pub passed: u64,
    /// Offsets to pass in all.
    pub total: u64,
}

/// Reads every record that `topic` has now and calls `on_record` with each, in the order of each
/// partition. Returns the range of offsets of each partition; stops early when `on_record` breaks.
/// Blocks the thread.
///
/// # Errors
/// [`Failure::Retry`] when the topic does not exist or nothing arrives for `patience`;
/// [`Failure::Fatal`] when the settings are refused or reading is not allowed.
pub fn read(
    settings: &KafkaSettings,
    topic: &str,
    patience: Duration,
    on_record: impl FnMut(Record, Progress) -> ControlFlow<()>,
) -> Result<Vec<OffsetRange>, Failure> {
    let consumer = client(settings, topic)?;
    let ranges = ranges(&consumer, topic, patience)?;
    read_with(&consumer, topic, &ranges, patience, on_record)?;
    Ok(ranges)
}

/// The offsets that `topic` has now: one range for each partition. Blocks the thread.
///
/// # Errors
/// [`Failure::Retry`] when the topic does not exist or no broker answers within `patience`;
/// [`Failure::Fatal`] when the settings are refused.
pub fn ends(
    settings: &KafkaSettings,
    topic: &str,
    patience: Duration,
) -> Result<Vec<OffsetRange>, Failure> {
    ranges(&client(settings, topic)?, topic, patience)
}

/// Reads the ranges of `topic` that an earlier [`read`] returned, and no other record. Ranges of
/// other topics are ignored.
///
/// # Errors
/// Those of [`read`]; [`Failure::Fatal`] too where the topic no longer has the first offset of a
/// range: what was read then cannot be read again.
pub fn read_again(
    settings: &KafkaSettings,
    topic: &str,
    ranges: &[OffsetRange],
    patience: Duration,
    on_record: impl FnMut(Record, Progress) -> ControlFlow<()>,
) -> Result<(), Failure> {
    let consumer = client(settings, topic)?;
    let wanted: Vec<OffsetRange> =
        ranges.iter().filter(|range| range.topic == topic).cloned().collect();
    let has = self::ranges(&consumer, topic, patience)?;
    for range in wanted.iter().filter(|range| !range.is_empty()) {
        let found = has.iter().find(|has| has.partition == range.partition);
        let (first, end) = found.map_or((0, 0), |has| (has.from, has.to));
        if range.from < first || range.to > end {
            return Err(Failure::fatal(
                format!("reading topic {topic} again"),
                format!(
                    "partition {} must still have offsets {} to {}, it has {first} to {end}",
                    range.partition, range.from, range.to
                ),
                Cause::Other,
            ));
        }
    }
    read_with(&consumer, topic, &wanted, patience, on_record)
}

fn reading(topic: &str) -> String {
    format!("reading topic {topic}")
}

fn client(settings: &KafkaSettings, topic: &str) -> Result<BaseConsumer<Connection>, Failure> {
    let connection = Connection::default();
    reader(settings, "verdict-snapshot", &FROM_THE_BEGINNING, connection, &reading(topic))
}

fn read_with(
    consumer: &BaseConsumer<Connection>,
    topic: &str,
    ranges: &[OffsetRange],
    patience: Duration,
    mut on_record: impl FnMut(Record, Progress) -> ControlFlow<()>,
) -> Result<(), Failure> {
    let failed = |error: &KafkaError| Failure::of(reading(topic), error);
    let starts = ranges.iter().filter(|range| !range.is_empty());
    assign(consumer, topic, starts.map(|range| (range.partition, range.from)))
        .map_err(|error| failed(&error))?;

    let mut open = Open::new(ranges);
    let mut copier = Copier::default();
    let mut progress =
        Progress { read: 0, passed: 0, total: ranges.iter().map(OffsetRange::len).sum() };
    let mut last_heard = Instant::now();
    while !open.is_done() {
        match consumer.poll(Duration::from_millis(100)) {
            None if last_heard.elapsed() >= patience => {
                let reason = format!(
                    "nothing arrived for {patience:?}, {} records and {} of {} offsets read",
                    progress.read, progress.passed, progress.total
                );
                return Err(Failure::retry(reading(topic), reason, Cause::Transport));
            }
            None => {}
            Some(Err(KafkaError::PartitionEOF(partition))) => {
                last_heard = Instant::now();
                open.at_end(partition);
            }
            Some(Err(error)) => match failed(&error) {
                fatal @ Failure::Fatal(_) => return Err(fatal),
                // An unreachable broker comes back or runs into the patience above.
                transient => tracing::debug!(target: "kafka", "{transient}"),
            },
            Some(Ok(message)) => {
                let record = copier.record(&message);
                if open.takes(record.partition, record.offset) {
                    progress.read += 1;
                    progress.passed = open.passed();
                    if on_record(record, progress).is_break() {
                        break;
                    }
                }
                // Not before: who takes long with a record has not waited for Kafka.
                last_heard = Instant::now();
            }
        }
    }
    Ok(())
}
