//! A real broker for the tests, shared by all tests of one binary.

use std::{
    ops::Range,
    sync::OnceLock,
    time::{Duration, Instant},
};

use verdict_kafka::{Kafka, Options, Shared, StartError};
use verdict_kafka_io::{
    BatchLimits, Failure, KafkaSettings, Outgoing, Publisher, PublisherRole, Record, Source,
    topics::{self, TopicSpec},
};

/// Batches small enough that a test sees several.
pub(crate) const LIMITS: BatchLimits = BatchLimits {
    records: 64,
    bytes: 1 << 20,
    since_first: Duration::from_millis(50),
    idle: Duration::from_millis(100),
};

/// A broker of its own, or `None`, said in one line, where none can be had. In CI there must be one.
pub(crate) fn kafka() -> Option<Kafka> {
    told(Kafka::start(Options::default()))
}

fn told<T>(started: Result<T, StartError>) -> Option<T> {
    match started {
        Ok(kafka) => Some(kafka),
        Err(error) if std::env::var_os("CI").is_none() => {
            eprintln!("left out, no Kafka: {error}");
            None
        }
        Err(error) => panic!("CI needs Kafka: {error}"),
    }
}

/// Settings for the broker that all tests share.
pub(crate) fn settings() -> Option<KafkaSettings> {
    static SHARED: OnceLock<Option<Shared>> = OnceLock::new();
    let shared = SHARED.get_or_init(|| told(Shared::start())).as_ref()?;
    Some(KafkaSettings::new(shared.bootstrap()))
}

pub(crate) fn topic(settings: &KafkaSettings, name: &str, partitions: i32) {
    let spec = TopicSpec { name: name.into(), partitions, replication: 1, config: Vec::new() };
    topics::ensure(settings, &[spec], Duration::from_secs(30)).unwrap();
}

/// Publishes records whose keys are the numbers of `range`, one to each partition in turn.
pub(crate) fn publish(settings: &KafkaSettings, topic: &str, range: Range<i32>) {
    let publisher = Publisher::new(settings, PublisherRole::Bulk).unwrap();
    for n in range {
        publisher.send(&Outgoing::to(topic).key(n.to_string()).value("v")).unwrap();
    }
    publisher.wait_delivered(Duration::from_secs(30)).unwrap();
}

/// Polls until `n` records have come.
pub(crate) fn poll_until(source: &mut Source, n: usize) -> Vec<Record> {
    let deadline = Instant::now() + Duration::from_secs(60);
    let (mut all, mut batch) = (Vec::new(), Vec::new());
    while all.len() < n {
        assert!(Instant::now() < deadline, "{} of {n} records within 60 s", all.len());
        match source.poll_batch(&LIMITS, &mut batch) {
            Ok(_) => assert!(batch.len() <= LIMITS.records),
            Err(Failure::Retry(_)) => {}
            Err(other) => panic!("{other}"),
        }
        all.append(&mut batch);
    }
    all
}
