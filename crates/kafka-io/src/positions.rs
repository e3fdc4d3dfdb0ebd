//! The positions of a group, seen and set from outside of it.

use std::time::Duration;

use rdkafka::{
    Offset, TopicPartitionList,
    consumer::{BaseConsumer, CommitMode, Consumer},
};
use verdict_messages::OffsetRange;

use crate::{
    Cause, Connection, Details, Failure, KafkaSettings,
    partitions::{answered, ranges, reader},
};

/// Where a group is in one partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupPosition {
    /// Partition number.
    pub partition: i32,
    /// The first offset that there is.
    pub begin: i64,
    /// The offset after the last.
    pub end: i64,
    /// The next offset that the group reads; `None` where it has committed none.
    pub next: Option<i64>,
}

/// Where positions can be set to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// The first record that there is.
    Earliest,
    /// The end.
    Latest,
    /// The first record of this time or later, in milliseconds since 1970; the end where there is
    /// none.
    UnixMs(i64),
}

/// The positions of a group in one topic. Joins nothing and commits nothing. Blocks the thread.
#[derive(Debug)]
pub struct Positions<'a> {
    /// How to reach Kafka.
    pub kafka: &'a KafkaSettings,
    /// The group.
    pub group: &'a str,
    /// The topic.
    pub topic: &'a str,
    /// How long a broker may take to answer.
    pub patience: Duration,
}

impl Positions<'_> {
    /// Where the group is, by partition.
    ///
    /// # Errors
    /// [`Failure::Retry`] when the topic does not exist or no broker answers;
    /// [`Failure::Fatal`] when the settings are refused or the group may not be looked at.
    pub fn show(&self) -> Result<Vec<GroupPosition>, Failure> {
        let consumer = self.reader()?;
        let ranges = ranges(&consumer, self.topic, self.patience)?;
        let mut wanted = TopicPartitionList::new();
        for range in &ranges {
            wanted.add_partition(self.topic, range.partition);
        }
        let found = consumer
            .committed_offsets(wanted, self.patience)
            .and_then(answered)
            .map_err(|error| Failure::of(self.context("asking for"), &error))?;
        let position = |range: OffsetRange| {
            let known = found.find_partition(self.topic, range.partition);
            let next = match known.map(|known| known.offset()) {
                Some(Offset::Offset(next)) => Some(next),
                _ => None,
            };
            GroupPosition { partition: range.partition, begin: range.from, end: range.to, next }
        };
        Ok(ranges.into_iter().map(position).collect())
    }

    /// The offset of `target`, by partition.
    ///
    /// # Errors
    /// As [`show`](Self::show).
    pub fn find(&self, target: Target) -> Result<Vec<(i32, i64)>, Failure> {
        let consumer = self.reader()?;
        let ranges = ranges(&consumer, self.topic, self.patience)?;
        let Target::UnixMs(time) = target else {
            let of = |range: &OffsetRange| match target {
                Target::Earliest => range.from,
                _ => range.to,
            };
            return Ok(ranges.iter().map(|range| (range.partition, of(range))).collect());
        };
        let failed = |error| Failure::of(self.context("looking for"), &error);
        let mut times = TopicPartitionList::new();
        for range in &ranges {
            times
                .add_partition_offset(self.topic, range.partition, Offset::Offset(time))
                .map_err(failed)?;
        }
        let found =
            consumer.offsets_for_times(times, self.patience).and_then(answered).map_err(failed)?;
        let of = |range: &OffsetRange| match found.find_partition(self.topic, range.partition) {
            Some(known) => match known.offset() {
                Offset::Offset(offset) => offset,
                _ => range.to,
            },
            None => range.to,
        };
        Ok(ranges.iter().map(|range| (range.partition, of(range))).collect())
    }

    /// Sets the next offset that the group reads, by partition. Kafka allows it while the group has
    /// no members.
    ///
    /// # Errors
    /// As [`show`](Self::show); [`Failure::Abort`] when the group has members.
    pub fn set(&self, offsets: &[(i32, i64)]) -> Result<(), Failure> {
        let consumer = self.reader()?;
        let mut list = TopicPartitionList::new();
        for (partition, offset) in offsets {
            list.add_partition_offset(self.topic, *partition, Offset::Offset(*offset))
                .map_err(|error| Failure::of(self.context("setting"), &error))?;
        }
        #[expect(clippy::disallowed_methods, reason = "a person sets positions")]
        let set = consumer.commit(&list, CommitMode::Sync);
        set.map_err(|error| match Failure::of(self.context("setting"), &error) {
            Failure::Abort(details) if details.cause == Cause::Rebalance => {
                let reason = "the group has members: stop its consumers and wait until their \
                              session is over (15 s)";
                Failure::Abort(Details { reason: reason.to_owned(), ..details })
            }
            other => other,
        })
    }

    fn reader(&self) -> Result<BaseConsumer<Connection>, Failure> {
        let context = self.context("asking for");
        reader(self.kafka, self.group, &[], Connection::default(), &context)
    }

    fn context(&self, doing: &str) -> String {
        format!("{doing} positions of group {} in topic {}", self.group, self.topic)
    }
}

/// What `group` has committed of `topic`: for each partition the offsets from its first to the
/// committed position; an empty range where there is no commit.
///
/// # Errors
/// As [`Positions::show`].
pub fn committed(
    kafka: &KafkaSettings,
    group: &str,
    topic: &str,
    patience: Duration,
) -> Result<Vec<OffsetRange>, Failure> {
    let range = |GroupPosition { partition, begin, end, next }: GroupPosition| {
        // Retention may have deleted records after they were committed.
        let to = next.unwrap_or(begin).clamp(begin, end.max(begin));
        OffsetRange { topic: topic.to_owned(), partition, from: begin, to }
    };
    let positions = Positions { kafka, group, topic, patience }.show()?;
    Ok(positions.into_iter().map(range).collect())
}
