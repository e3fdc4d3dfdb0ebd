//! How far a group has come, asked by someone who is not one of its members.

use std::time::Duration;

use rdkafka::{
    Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
};
use verdict_messages::OffsetRange;

use crate::{Connection, Failure, KafkaSettings, snapshot::ranges};

/// What `group` has done of `topic`: for each partition the offsets from its first to the group's committed position, which is
/// none where it has committed none. Joins nothing and commits nothing. Blocks the thread.
///
/// # Errors
/// [`Failure::Retry`] when the topic does not exist or no broker answers within `patience`; [`Failure::Fatal`] when the
/// settings are refused or the group may not be looked at.
pub fn committed(
    settings: &KafkaSettings,
    group: &str,
    topic: &str,
    patience: Duration,
) -> Result<Vec<OffsetRange>, Failure> {
    let context = || format!("asking for the positions of group {group} in topic {topic}");
    let mut config = settings.reading();
    // Without a subscription this client never becomes a member.
    config.set("group.id", group);
    let consumer: BaseConsumer<Connection> = settings
        .finish(config)
        .create_with_context(Connection::default())
        .map_err(|error| Failure::of(context(), &error))?;
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
        // A position behind the log's begin is one of records that retention has deleted since.
        range.to = next.clamp(range.from, range.to.max(range.from));
    }
    Ok(ranges)
}
