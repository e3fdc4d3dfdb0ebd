//! Reads topics from their beginning to the end they have when reading starts: for audits and for training.

use std::{
    ops::ControlFlow,
    time::{Duration, Instant},
};

use rdkafka::{
    Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
    error::KafkaError,
};
use verdict_messages::OffsetRange;

use crate::{Cause, Connection, Failure, KafkaSettings, Record, record::Copier};

/// How far a snapshot has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Records read so far.
    pub read: u64,
    /// Offsets behind those records. Where the log has gaps (compaction, transactions) there are fewer records than that.
    pub passed: u64,
    /// Offsets to pass in all.
    pub total: u64,
}

/// Reads every record that `topic` has now and calls `on_record` with each, in the order of each partition. Gives the
/// range of offsets of each partition; stops early when `on_record` breaks. Blocks the thread.
///
/// # Errors
/// [`Failure::Retry`] when the topic does not exist or nothing arrives for `patience`; [`Failure::Fatal`] when the
/// settings are refused or reading is not allowed.
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
/// [`Failure::Retry`] when the topic does not exist or no broker answers within `patience`; [`Failure::Fatal`] when the
/// settings are refused.
pub fn ends(
    settings: &KafkaSettings,
    topic: &str,
    patience: Duration,
) -> Result<Vec<OffsetRange>, Failure> {
    ranges(&client(settings, topic)?, topic, patience)
}

/// Reads the ranges of `topic` that an earlier [`read`] gave, and no other record. Ranges of other topics are passed over.
///
/// # Errors
/// Those of [`read`]; [`Failure::Fatal`] too where the topic no longer has the first offset of a range: what was read then
/// cannot be read again.
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

fn client(settings: &KafkaSettings, topic: &str) -> Result<BaseConsumer<Connection>, Failure> {
    let mut config = settings.reading();
    config
        // Assigning needs a group, though nothing is ever committed for it.
        .set("group.id", "verdict-snapshot")
        .set("auto.offset.reset", "earliest")
        // Where the last offsets are a transaction's markers, only this tells the end.
        .set("enable.partition.eof", "true");
    settings
        .finish(config)
        .create_with_context(Connection::default())
        .map_err(|error| Failure::of(reading(topic), &error))
}

fn reading(topic: &str) -> String {
    format!("reading topic {topic}")
}

fn read_with(
    consumer: &BaseConsumer<Connection>,
    topic: &str,
    ranges: &[OffsetRange],
    patience: Duration,
    mut on_record: impl FnMut(Record, Progress) -> ControlFlow<()>,
) -> Result<(), Failure> {
    let failed = |error: &KafkaError| Failure::of(reading(topic), error);
    let mut assignment = TopicPartitionList::new();
    for range in ranges.iter().filter(|range| range.from < range.to) {
        assignment
            .add_partition_offset(topic, range.partition, Offset::Offset(range.from))
            .map_err(|error| failed(&error))?;
    }
    consumer.assign(&assignment).map_err(|error| failed(&error))?;

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
                // A broker that is away comes back or runs into the patience above.
                transient => tracing::debug!(target: "kafka", "{transient}"),
            },
            Some(Ok(message)) => {
                last_heard = Instant::now();
                let record = copier.record(&message);
                if open.takes(record.partition, record.offset) {
                    progress.read += 1;
                    progress.passed = open.passed;
                    if on_record(record, progress).is_break() {
                        break;
                    }
                }
            }
        }
    }
    Ok(())
}

/// The first offset and the end of each partition of `topic`, as a broker tells them within `patience`.
pub(crate) fn ranges(
    consumer: &BaseConsumer<Connection>,
    topic: &str,
    patience: Duration,
) -> Result<Vec<OffsetRange>, Failure> {
    let context = || format!("asking for the ends of topic {topic}");
    let metadata = consumer
        .fetch_metadata(Some(topic), patience)
        .map_err(|error| Failure::of(context(), &error))?;
    let partitions: Vec<i32> = metadata
        .topics()
        .iter()
        .filter(|found| found.name() == topic)
        .flat_map(|found| found.partitions().iter().map(rdkafka::metadata::MetadataPartition::id))
        .collect();
    if partitions.is_empty() {
        return Err(Failure::retry(context(), "there is no such topic", Cause::UnknownTopic));
    }
    let mut ranges = Vec::with_capacity(partitions.len());
    for partition in partitions {
        let (from, to) = consumer
            .fetch_watermarks(topic, partition, patience)
            .map_err(|error| Failure::of(context(), &error))?;
        ranges.push(OffsetRange { topic: topic.to_owned(), partition, from, to });
    }
    Ok(ranges)
}

/// The partitions that are not read to their end yet.
#[derive(Debug)]
pub(crate) struct Open {
    partitions: Vec<OpenPartition>,
    /// Offsets before where reading has come, of all partitions.
    passed: u64,
}

#[derive(Debug)]
struct OpenPartition {
    id: i32,
    at: i64,
    /// The offset that ends it.
    end: i64,
}

impl Open {
    pub(crate) fn new(ranges: &[OffsetRange]) -> Self {
        let not_empty = ranges.iter().filter(|range| range.from < range.to);
        Self {
            partitions: not_empty
                .map(|range| OpenPartition { id: range.partition, at: range.from, end: range.to })
                .collect(),
            passed: 0,
        }
    }

    pub(crate) fn is_done(&self) -> bool {
        self.partitions.is_empty()
    }

    pub(crate) fn at_end(&mut self, partition: i32) {
        self.pass(partition, i64::MAX);
        self.partitions.retain(|open| open.id != partition);
    }

    /// Whether the record belongs to the snapshot.
    pub(crate) fn takes(&mut self, partition: i32, offset: i64) -> bool {
        let Some(end) = self.pass(partition, offset) else {
            return false;
        };
        let is_inside = offset < end;
        if offset >= end - 1 {
            self.at_end(partition);
        }
        is_inside
    }

    /// Reading has come to `offset`; gives the end of an open partition.
    fn pass(&mut self, partition: i32, offset: i64) -> Option<i64> {
        let open = self.partitions.iter_mut().find(|open| open.id == partition)?;
        let at = offset.clamp(open.at, open.end);
        self.passed += u64::try_from(at - open.at).unwrap_or(0);
        open.at = at;
        Some(open.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open() -> Open {
        let range = |partition, from, to| OffsetRange { topic: "t".into(), partition, from, to };
        Open::new(&[range(0, 0, 3), range(1, 5, 5), range(2, 1, 9)])
    }

    #[test]
    fn a_partition_is_done_at_its_last_offset_or_at_its_end() {
        let mut open = open();
        assert!(open.takes(0, 0) && open.takes(0, 2));
        assert!(!open.takes(0, 3), "written after the snapshot began");
        assert!(!open.is_done());
        open.at_end(2);
        assert!(open.is_done());
    }

    #[test]
    fn offsets_without_a_record_are_passed_too() {
        let mut open = open();
        for (partition, offset, passed) in [(0, 0, 0), (2, 4, 3), (0, 2, 6), (2, 4, 6)] {
            open.takes(partition, offset);
            assert_eq!(open.passed, passed, "{partition}-{offset}");
        }
        open.at_end(2);
        assert_eq!(open.passed, 11, "the whole of the three ranges");
    }

    #[test]
    fn a_gap_at_the_end_is_passed_over() {
        let mut open = open();
        assert!(!open.takes(0, 4));
        assert!(!open.takes(0, 5));
    }
}
