//! How far a group has come, asked from outside of the group.

use std::time::Duration;

use rdkafka::{Offset, TopicPartitionList, consumer::Consumer};
use verdict_messages::OffsetRange;

use crate::{
    Connection, Failure, KafkaSettings,
    partitions::{ranges, reader},
};

/// What `group` has committed of `topic`: for each partition the offsets from its first to the
/// committed position; an empty range where there is no commit. Joins nothing and commits nothing.
/// Blocks the thread.
///
/// # Errors
/// [`Failure::Retry`] when the topic does not exist or no broker answers within `patience`;
/// [`Failure::Fatal`] when the settings are refused or the group may not be looked at.
pub fn committed(
    settings: &KafkaSettings,
    group: &str,
    topic: &str,
    patience: Duration,
) -> Result<Vec<OffsetRange>, Failure> {
    let context = || format!("asking for the positions of group {group} in topic {topic}");
    let consumer = reader(settings, group, &[], Connection::default(), &context())?;
    let mut ranges = ranges(&consumer, topic, patience)?;
    let mut wanted = TopicPartitionList::new();
    for range in &ranges {
        wanted.add_partition(topic, range.partition);
    }
    let found = consumer
        .committed_offsets(wanted, patience)
        .map_err(|error| Failure::of(context(), &error))?;
    for range in &mut ranges {
        let position = found.find_partition(topic, range.partition);
        let next = match position.map(|position| position.offset()) {
            Some(Offset::Offset(next)) => next,
            _ => range.from,
        };
        // Retention may have deleted records after they were committed.
        range.to = next.clamp(range.from, range.to.max(range.from));
    }
    Ok(ranges)
}
