//! Finds the record of a key in a topic, without an index: the key says in which partition it is,
//! and the time from which offset on.

use std::{
    fmt,
    time::{Duration, Instant},
};

use rdkafka::{
    Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
    error::KafkaError,
    message::Message,
};

use crate::{
    Cause, Connection, Failure, KafkaSettings, Record,
    partitions::{FROM_THE_BEGINNING, answered, assign, reader},
    record::Copier,
};

/// Longest wait for a record between two looks at the clock.
const POLL: Duration = Duration::from_millis(20);
/// How long a broker may take to answer where a partition begins and ends.
const LOOK_UP: Duration = Duration::from_secs(2);
/// What is read beyond these properties' bounds is read in vain: a search mostly needs one piece.
/// A broker that has nothing more answers soon, which is how the end shows.
const ONE_PARTITION: [(&str, &str); 3] = [
    ("fetch.wait.max.ms", "10"),
    ("queued.max.messages.kbytes", "2048"),
    ("statistics.interval.ms", "0"),
];

/// Where a search begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// The first record of this time or later, in milliseconds since 1970.
    UnixMs(i64),
    /// This offset.
    Offset(i64),
    /// So many offsets before the end.
    Last(i64),
}

/// What a search came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// The first record with the key, if there is one.
    pub found: Option<Record>,
    /// Where to go on.
    pub next: i64,
    /// Whether the end was reached, or the record.
    pub is_complete: bool,
}

/// What a search for many records came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The first records with the key, in their order.
    pub records: Vec<Record>,
    /// Where to go on.
    pub next: i64,
    /// Whether the end was reached, or as many records as were asked for.
    pub is_complete: bool,
}

/// Reads one partition at a time, committed records only. For a thread of its own; while nothing is
/// searched for, nothing is read.
pub struct Lookup {
    consumer: BaseConsumer<Connection>,
}

impl fmt::Debug for Lookup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lookup").finish_non_exhaustive()
    }
}

impl Lookup {
    /// A client for searches. Neither a broker nor a topic needs to be there yet.
    ///
    /// # Errors
    /// [`Failure::Fatal`] when the settings are refused.
    pub fn new(settings: &KafkaSettings) -> Result<Self, Failure> {
        let properties = [&FROM_THE_BEGINNING[..], &ONE_PARTITION[..]].concat();
        let connection = Connection::default();
        let consumer =
            reader(settings, "verdict-follower", &properties, connection, "looking for a record")?;
        Ok(Self { consumer })
    }

    /// The partition of `topic` that a record with this key is in, by the rule of all writers here
    /// and of Java's. Blocks the thread.
    ///
    /// # Errors
    /// [`Failure::Retry`] when the topic does not exist or no broker answers.
    pub fn partition_of(&self, topic: &str, key: &[u8]) -> Result<i32, Failure> {
        Ok(partition_for(key, self.partitions(topic)?))
    }

    /// How many partitions `topic` has: at least one. Blocks the thread.
    ///
    /// # Errors
    /// As [`partition_of`](Self::partition_of).
    pub fn partitions(&self, topic: &str) -> Result<i32, Failure> {
        let metadata = self
            .consumer
            .fetch_metadata(Some(topic), LOOK_UP)
            .map_err(|error| failed(topic, &error))?;
        let found = metadata.topics().iter().find(|found| found.name() == topic);
        let partitions = found.map_or(0, |found| found.partitions().len());
        i32::try_from(partitions).ok().filter(|partitions| *partitions > 0).ok_or_else(|| {
            Failure::retry(context(topic), "there is no such topic", Cause::UnknownTopic)
        })
    }

    /// Whether all that was written to the partition until this time, in milliseconds since 1970, is
    /// deleted. Blocks the thread.
    ///
    /// # Errors
    /// As [`partition_of`](Self::partition_of).
    pub fn is_deleted(&self, topic: &str, partition: i32, unix_ms: i64) -> Result<bool, Failure> {
        let (first, end) = self.ends(topic, partition)?;
        Ok(0 < first
            && first < end
            && self.at(topic, partition, unix_ms)?.is_some_and(|at| at <= first))
    }

    /// Looks for the first record with `key` in the partition, until `deadline`. Blocks the thread.
    ///
    /// # Errors
    /// As [`partition_of`](Self::partition_of).
    pub fn find(
        &self,
        place: (&str, i32),
        key: &[u8],
        from: Start,
        deadline: Instant,
    ) -> Result<Search, Failure> {
        let Found { records, next, is_complete } =
            self.find_all(place, Some(key), from, deadline, 1)?;
        Ok(Search { found: records.into_iter().next(), next, is_complete })
    }

    /// Looks for the first `most` records with `key`, or with any key, in the partition, until
    /// `deadline`. Blocks the thread.
    ///
    /// # Errors
    /// As [`partition_of`](Self::partition_of).
    pub fn find_all(
        &self,
        (topic, partition): (&str, i32),
        key: Option<&[u8]>,
        from: Start,
        deadline: Instant,
        most: usize,
    ) -> Result<Found, Failure> {
        let (first, end) = self.ends(topic, partition)?;
        let start = match from {
            Start::Offset(offset) => offset,
            Start::Last(offsets) => end.saturating_sub(offsets),
            Start::UnixMs(time) => self.at(topic, partition, time)?.unwrap_or(end),
        };
        let start = start.max(first);
        if start >= end {
            return Ok(Found { records: Vec::new(), next: start, is_complete: true });
        }
        assign(&self.consumer, topic, [(partition, start)])
            .map_err(|error| failed(topic, &error))?;
        let searched = self.read(topic, key, (start, end), deadline, most);
        if let Err(error) = self.consumer.unassign() {
            tracing::debug!(target: "kafka", "giving up {topic}: {error}");
        }
        searched
    }

    fn read(
        &self,
        topic: &str,
        key: Option<&[u8]>,
        (mut next, end): (i64, i64),
        deadline: Instant,
        most: usize,
    ) -> Result<Found, Failure> {
        let (mut records, mut copier) = (Vec::new(), Copier::default());
        while Instant::now() < deadline {
            match self.consumer.poll(POLL) {
                None => {}
                Some(Err(KafkaError::PartitionEOF(_))) => {
                    return Ok(Found { records, next: next.max(end), is_complete: true });
                }
                Some(Err(error)) => match failed(topic, &error) {
                    // A broker that cannot be reached may come back before the deadline.
                    failure if matches!(failure, Failure::Fatal(_)) => return Err(failure),
                    failure => tracing::debug!(target: "kafka", "{failure}"),
                },
                Some(Ok(message)) => {
                    next = message.offset() + 1;
                    if key.is_none_or(|key| message.key() == Some(key)) {
                        records.push(copier.record(&message));
                    }
                    if records.len() >= most || next >= end {
                        return Ok(Found { records, next, is_complete: true });
                    }
                }
            }
        }
        Ok(Found { records, next, is_complete: false })
    }

    fn ends(&self, topic: &str, partition: i32) -> Result<(i64, i64), Failure> {
        self.consumer
            .fetch_watermarks(topic, partition, LOOK_UP)
            .map_err(|error| failed(topic, &error))
    }

    /// The first offset of this time or later, if there is one.
    fn at(&self, topic: &str, partition: i32, unix_ms: i64) -> Result<Option<i64>, Failure> {
        let mut times = TopicPartitionList::new();
        let time = Offset::Offset(unix_ms.max(0));
        let found = times
            .add_partition_offset(topic, partition, time)
            .and_then(|()| self.consumer.offsets_for_times(times, LOOK_UP))
            .and_then(answered)
            .map_err(|error| failed(topic, &error))?;
        Ok(match found.find_partition(topic, partition).map(|found| found.offset()) {
            Some(Offset::Offset(offset)) => Some(offset),
            _ => None,
        })
    }
}

fn context(topic: &str) -> String {
    format!("looking for a record of topic {topic}")
}

fn failed(topic: &str, error: &KafkaError) -> Failure {
    Failure::of(context(topic), error)
}

/// The partition of a key, as Java's producer and `murmur2_random` choose it.
fn partition_for(key: &[u8], partitions: i32) -> i32 {
    let positive = i32::try_from(murmur2(key) & 0x7fff_ffff).unwrap_or(i32::MAX);
    positive.checked_rem(partitions).unwrap_or(0)
}

/// MurmurHash2 by Austin Appleby, with the seed of Kafka (`org.apache.kafka.common.utils.Utils`).
fn murmur2(bytes: &[u8]) -> u32 {
    const MIX: u32 = 0x5bd1_e995;
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    let (words, rest) = bytes.as_chunks::<4>();
    let hash = words.iter().fold(0x9747_b28c ^ length, |hash, word| {
        let word = u32::from_le_bytes(*word).wrapping_mul(MIX);
        hash.wrapping_mul(MIX) ^ (word ^ (word >> 24)).wrapping_mul(MIX)
    });
    let hash = if rest.is_empty() {
        hash
    } else {
        let rest = rest.iter().rev().fold(0, |rest, byte| (rest << 8) | u32::from(*byte));
        (hash ^ rest).wrapping_mul(MIX)
    };
    let hash = (hash ^ (hash >> 13)).wrapping_mul(MIX);
    hash ^ (hash >> 15)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The hashes are those of Kafka's own `UtilsTest.testMurmur2`.
    #[test]
    fn keys_are_hashed_as_kafka_does_it() {
        for (key, hash) in [
            ("21", -973_932_308),
            ("foobar", -790_332_482),
            ("a-little-bit-long-string", -985_981_536),
            ("a-little-bit-longer-string", -1_486_304_829),
            ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971),
            ("abc", 479_470_107),
        ] {
            assert_eq!(murmur2(key.as_bytes()).cast_signed(), hash, "{key}");
        }
    }
}
