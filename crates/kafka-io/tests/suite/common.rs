//! A real broker for the tests, shared by all tests of one binary.

use std::{
    ops::Range,
    time::{Duration, Instant},
};

use verdict_kafka_io::{BatchLimits, Failure, KafkaSettings, Outgoing, Record, Source};
pub(crate) use verdict_testkit::kafka::{own as kafka, shared as settings};

/// Batches small enough that a test sees several.
pub(crate) const LIMITS: BatchLimits = BatchLimits {
    records: 64,
    bytes: 1 << 20,
    since_first: Duration::from_millis(50),
    idle: Duration::from_millis(100),
};

pub(crate) fn topic(settings: &KafkaSettings, name: &str, partitions: i32) {
    verdict_testkit::kafka::create_topics(settings, [(name, partitions)]);
}

/// Publishes records whose keys are the numbers of `range`, one to each partition in turn.
pub(crate) fn publish(settings: &KafkaSettings, topic: &str, range: Range<i32>) {
    let record = |n: i32| Outgoing::to(topic).key(n.to_string()).value("v");
    verdict_testkit::kafka::publish(settings, range.map(record));
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
