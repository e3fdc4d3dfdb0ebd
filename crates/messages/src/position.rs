//! The position of a record in the log, and the next offset to read.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The position of one record: topic, partition and offset, which identify it.
///
/// ```
/// use verdict_messages::Position;
///
/// let position = Position::new("reviews", 3, 41);
/// assert_eq!(position.to_string(), "reviews-3-41");
/// assert_eq!(position.next().get(), 42);
/// ```
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
pub struct Position {
    /// Topic name.
    #[serde(serialize_with = "topic_to_str", deserialize_with = "topic_from_str")]
    #[schemars(with = "String")]
    pub topic: Arc<str>,
    /// Partition number, from 0.
    pub partition: i32,
    /// Offset of the record in its partition, from 0.
    pub offset: i64,
}

impl Position {
    /// The position `offset` of `partition` of `topic`.
    pub fn new(topic: impl Into<Arc<str>>, partition: i32, offset: i64) -> Self {
        Self { topic: topic.into(), partition, offset }
    }

    /// The position that [`Display`](fmt::Display) wrote so, or `None`. A topic may have dashes in
    /// its name.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.rsplitn(3, '-');
        let (offset, partition, topic) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Self::new(topic, partition.parse().ok()?, offset.parse().ok()?))
    }

    /// The offset after this record: the number to commit.
    ///
    /// Kafka commits the next offset to read, not the last one read. This is the only place that
    /// adds the one.
    pub fn next(&self) -> NextOffset {
        NextOffset(self.offset.saturating_add(1))
    }
}

/// `topic-partition-offset`: the id of a review that names none, and the `ce_id` of what is made
/// from it.
impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-{}", self.topic, self.partition, self.offset)
    }
}

/// The next offset to read from a partition: one past the last processed record.
///
/// Ordered, so that commits of one partition merge by maximum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NextOffset(i64);

impl NextOffset {
    /// An offset that a broker reported: the position of a group, or the end of a partition.
    pub fn reported(offset: i64) -> Self {
        Self(offset)
    }

    /// The offset to read next.
    pub fn get(self) -> i64 {
        self.0
    }
}

fn topic_to_str<S: Serializer>(topic: &Arc<str>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(topic)
}

fn topic_from_str<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<str>, D::Error> {
    String::deserialize(deserializer).map(Arc::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_survives_its_text() {
        for topic in ["reviews", "dlq.reviews", "my-own-topic"] {
            let position = Position::new(topic, 3, 41);
            assert_eq!(Position::parse(&position.to_string()), Some(position));
        }
        for text in ["", "reviews", "reviews-3", "reviews-3-x", "3-41", "reviews-x-41"] {
            assert_eq!(Position::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_next_offset_is_one_past_the_record() {
        for (offset, next) in [(0, 1), (41, 42), (i64::MAX, i64::MAX)] {
            assert_eq!(Position::new("t", 0, offset).next(), NextOffset::reported(next));
        }
    }
}
