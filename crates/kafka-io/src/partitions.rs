//! Reading whole partitions, as a member of no group: what snapshots, followers and inboxes share.

use std::time::Duration;

use rdkafka::{
    Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
    error::KafkaError,
};
use verdict_messages::OffsetRange;

use crate::{Cause, Connection, Failure, KafkaSettings};

/// Where the last offsets are markers of a transaction, only `PartitionEOF` shows the end.
pub(crate) const FROM_THE_BEGINNING: [(&str, &str); 2] =
    [("auto.offset.reset", "earliest"), ("enable.partition.eof", "true")];

/// A reader with these properties. Assigning needs a group, though nothing is ever committed for
/// it; without a subscription this client never becomes a member.
pub(crate) fn reader(
    settings: &KafkaSettings,
    group: &str,
    properties: &[(&str, &str)],
    connection: Connection,
    context: &str,
) -> Result<BaseConsumer<Connection>, Failure> {
    let mut config = settings.reading();
    config.set("group.id", group);
    for (key, value) in properties {
        config.set(*key, *value);
    }
    settings
        .finish(config)
        .create_with_context(connection)
        .map_err(|error| Failure::of(context, &error))
}

/// Reads these partitions of `topic`, each from an offset.
pub(crate) fn assign(
    consumer: &BaseConsumer<Connection>,
    topic: &str,
    starts: impl IntoIterator<Item = (i32, i64)>,
) -> Result<(), KafkaError> {
    let mut assignment = TopicPartitionList::new();
    for (partition, offset) in starts {
        assignment.add_partition_offset(topic, partition, Offset::Offset(offset))?;
    }
    consumer.assign(&assignment)
}

/// The first offset and the end of each partition of `topic`, if a broker answers within
/// `patience`.
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

/// What was found for partitions, or the first error of one. The call itself succeeds even where a
/// partition has an error of its own, and then no offset.
pub(crate) fn answered(found: TopicPartitionList) -> Result<TopicPartitionList, KafkaError> {
    found.elements().iter().try_for_each(|partition| partition.error())?;
    Ok(found)
}

/// The partitions that are not read to their end yet.
#[derive(Debug)]
pub(crate) struct Open {
    partitions: Vec<OpenPartition>,
    /// Offsets passed so far, of all partitions.
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

    pub(crate) fn passed(&self) -> u64 {
        self.passed
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

    /// Notes that `offset` was reached; returns the end of an open partition.
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
