//! A real broker with the topics of the consumer.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use verdict_kafka::{Kafka, Options};
use verdict_kafka_io::{
    BatchLimits, Failure, KafkaSettings, Outgoing, Publisher, PublisherRole, Record, Source,
    SourceOptions,
    topics::{self, TopicSpec},
};
use verdict_messages::topic;

pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A broker with empty topics of `partitions` partitions, or `None`, said in one line, where none can be had. In CI there
/// must be one.
pub(crate) fn kafka(partitions: i32) -> Option<(Kafka, KafkaSettings)> {
    let kafka = match Kafka::start(Options::default()) {
        Ok(kafka) => kafka,
        Err(error) if std::env::var_os("CI").is_none() => {
            eprintln!("left out, no Kafka: {error}");
            return None;
        }
        Err(error) => panic!("CI needs Kafka: {error}"),
    };
    let settings = KafkaSettings::new(kafka.bootstrap());
    let specs =
        topic::catalogue().map(|plan| TopicSpec { partitions, ..TopicSpec::planned(&plan, 1) });
    topics::ensure(&settings, &specs, PATIENCE).unwrap();
    Some((kafka, settings))
}

pub(crate) fn publish(kafka: &KafkaSettings, records: impl IntoIterator<Item = Outgoing>) {
    let publisher = Publisher::new(kafka, PublisherRole::Bulk).unwrap();
    for record in records {
        publisher.send(&record).unwrap();
    }
    publisher.wait_delivered(PATIENCE).unwrap();
}

/// Reads topics from their beginning, as a group of its own, until `is_enough` says so.
pub(crate) fn read_until(
    kafka: &KafkaSettings,
    group: &str,
    topics: &[&str],
    mut is_enough: impl FnMut(&[Record]) -> bool,
) -> Vec<Record> {
    let topics = topics.iter().map(|topic| (*topic).to_owned()).collect();
    let mut source =
        Source::new(kafka, SourceOptions { group: group.into(), topics, instance: None }).unwrap();
    let limits = BatchLimits {
        records: 10_000,
        bytes: 64 << 20,
        since_first: Duration::from_millis(50),
        idle: Duration::from_millis(100),
    };
    let deadline = Instant::now() + 2 * PATIENCE;
    let (mut all, mut batch) = (Vec::new(), Vec::new());
    while !is_enough(&all) {
        assert!(Instant::now() < deadline, "{} records within {:?}", all.len(), 2 * PATIENCE);
        match source.poll_batch(&limits, &mut batch) {
            Ok(_) | Err(Failure::Retry(_)) => all.append(&mut batch),
            Err(other) => panic!("{other}"),
        }
    }
    all
}

/// How many different positions these outcomes are of.
pub(crate) fn sources(records: &[Record]) -> BTreeMap<String, usize> {
    let mut sources = BTreeMap::new();
    for record in records {
        // The id of a verdict's event is its review's position; a dead letter says it in its own headers.
        let source = match verdict_messages::dead_letter::source(&record.headers) {
            Ok(position) => position.to_string(),
            Err(_) => record.headers.text("ce_id").unwrap().to_owned(),
        };
        *sources.entry(source).or_default() += 1;
    }
    sources
}
