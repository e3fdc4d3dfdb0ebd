//! Reads reviews and outcomes with a client of its own, as anybody would who reads committed
//! records, and counts.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::{BorrowedMessage, Headers as _};
use rdkafka::{Message as _, Offset, TopicPartitionList};
use serde::Serialize;
use serde_json::Value;

use crate::broker::client;

/// The topics of outcomes.
const OUTCOMES: [&str; 2] = ["reviews.verdicts", "dlq.reviews"];

/// What stands in the topics.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Reviews.
    pub reviews: u64,
    /// Verdicts.
    pub verdicts: u64,
    /// Dead letters.
    pub dead_letters: u64,
    /// Reviews without an outcome.
    pub missing: u64,
    /// Reviews with two outcomes of a kind or more.
    pub doubled: u64,
    /// Reviews with a verdict and a dead letter.
    pub both: u64,
    /// Outcomes of reviews that are not there.
    pub phantom: u64,
    /// Outcomes that stand behind one of a later review of their partition.
    pub reordered: u64,
}

impl Counts {
    /// Whether every review has exactly one outcome, in order.
    pub fn are_clean(&self) -> bool {
        [self.missing, self.doubled, self.both, self.phantom, self.reordered] == [0; 5]
    }
}

type Place = (i32, i64);

/// Reads everything that is there, from the beginning, and counts; with the reviews that do not have
/// one outcome, in ranges.
pub fn count(bootstrap: &str) -> (Counts, Vec<String>) {
    let mut reviews: BTreeMap<Place, [u64; 2]> = BTreeMap::new();
    read(bootstrap, "reviews", |message| {
        reviews.insert((message.partition(), message.offset()), [0; 2]);
    });
    let mut counts = Counts { reviews: reviews.len() as u64, ..Counts::default() };
    for (kind, topic) in OUTCOMES.iter().enumerate() {
        let mut last: BTreeMap<i32, i64> = BTreeMap::new();
        read(bootstrap, topic, |message| {
            *[&mut counts.verdicts, &mut counts.dead_letters][kind] += 1;
            let place = source(message);
            match place.and_then(|place| reviews.get_mut(&place)) {
                Some(outcomes) => outcomes[kind] += 1,
                None => counts.phantom += 1,
            }
            if let Some((partition, offset)) = place {
                let before = last.insert(partition, offset).unwrap_or(-1);
                counts.reordered += u64::from(offset < before || partition != message.partition());
            }
        });
    }
    let mut wrong: Vec<(i32, RangeInclusive<i64>, [u64; 2])> = Vec::new();
    for (&(partition, offset), &outcomes) in &reviews {
        match wrong.last_mut() {
            _ if outcomes[0] + outcomes[1] == 1 => {}
            Some((same, range, as_many))
                if *same == partition && range.end() + 1 == offset && *as_many == outcomes =>
            {
                *range = *range.start()..=offset;
            }
            _ => wrong.push((partition, offset..=offset, outcomes)),
        }
        let [verdicts, dead_letters] = &outcomes;
        counts.missing += u64::from(verdicts + dead_letters == 0);
        counts.doubled += u64::from(*verdicts > 1 || *dead_letters > 1);
        counts.both += u64::from(*verdicts > 0 && *dead_letters > 0);
    }
    let wrong = wrong.into_iter().map(|(partition, range, [verdicts, dead_letters])| {
        let (first, last) = range.into_inner();
        format!(
            "partition {partition}, offsets {first} to {last}: {verdicts} verdicts and \
             {dead_letters} dead letters each"
        )
    });
    (counts, wrong.collect())
}

/// Where the review of an outcome stands.
fn source(message: &BorrowedMessage<'_>) -> Option<Place> {
    if message.topic() == OUTCOMES[0] {
        let verdict: Value = serde_json::from_slice(message.payload()?).ok()?;
        let source = &verdict["source"];
        return Some((source["partition"].as_i64()?.try_into().ok()?, source["offset"].as_i64()?));
    }
    let number = |name: &str| {
        let header = message.headers()?.iter().find(|header| header.key == name)?;
        std::str::from_utf8(header.value?).ok()?.parse::<i64>().ok()
    };
    Some((number("__dlq.errors.partition")?.try_into().ok()?, number("__dlq.errors.offset")?))
}

fn reader(bootstrap: &str, topic: &str) -> BaseConsumer {
    let reader: BaseConsumer = client(bootstrap)
        .set("group.id", "chaos-reader")
        .set("isolation.level", "read_committed")
        .set("enable.auto.commit", "false")
        .set("auto.offset.reset", "earliest")
        .set("enable.partition.eof", "true")
        .create()
        .unwrap();
    // A broker that does not know the topic yet says that it has no partitions.
    let all = verdict_testkit::eventually("the partitions of a topic", || {
        let metadata = reader.fetch_metadata(Some(topic), Duration::from_secs(5)).ok()?;
        let mut all = TopicPartitionList::new();
        for partition in metadata.topics()[0].partitions() {
            all.add_partition_offset(topic, partition.id(), Offset::Beginning).unwrap();
        }
        (all.count() > 0).then_some(all)
    });
    reader.assign(&all).unwrap();
    reader
}

/// Every record of a topic up to the end that each partition has when it is reached.
fn read(bootstrap: &str, topic: &str, mut on_record: impl FnMut(&BorrowedMessage<'_>)) {
    let reader = reader(bootstrap, topic);
    let mut open = reader.assignment().unwrap().count();
    let started = Instant::now();
    while open > 0 {
        assert!(started.elapsed() < Duration::from_secs(120), "{topic} cannot be read");
        match reader.poll(Duration::from_secs(1)) {
            Some(Ok(message)) => on_record(&message),
            Some(Err(rdkafka::error::KafkaError::PartitionEOF(_))) => open -= 1,
            // Brokers come and go.
            Some(Err(_)) | None => {}
        }
    }
}

/// How far outcomes have come, as they come.
#[derive(Clone)]
pub struct Progress(Arc<Mutex<Seen>>);

#[derive(Default)]
struct Seen {
    /// When the last outcome of each partition came, and the longest time without one.
    last: BTreeMap<i32, Instant>,
    longest: Duration,
}

impl Progress {
    /// Follows the outcomes until the process ends.
    pub fn follow(bootstrap: &str) -> Self {
        let progress = Self(Arc::default());
        for topic in OUTCOMES {
            let reader = reader(bootstrap, topic);
            let seen = Arc::clone(&progress.0);
            thread::spawn(move || {
                loop {
                    if let Some(Ok(message)) = reader.poll(Duration::from_secs(1)) {
                        let (now, mut seen) = (Instant::now(), seen.lock().unwrap());
                        if let Some(before) = seen.last.insert(message.partition(), now) {
                            seen.longest = seen.longest.max(now - before);
                        }
                    }
                }
            });
        }
        progress
    }

    /// Those of so many partitions that have had no outcome after `since`.
    pub fn silent_since(&self, since: Instant, partitions: i32) -> Vec<i32> {
        let seen = self.0.lock().unwrap();
        let is_silent =
            |partition: &i32| seen.last.get(partition).is_none_or(|last| *last <= since);
        (0..partitions).filter(is_silent).collect()
    }

    /// The longest time between two outcomes of one partition since the last call.
    pub fn longest_gap(&self) -> Duration {
        std::mem::take(&mut self.0.lock().unwrap().longest)
    }
}
