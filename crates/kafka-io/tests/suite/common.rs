//! What the topics share.

use std::{
    ops::Range,
    time::{Duration, Instant},
};

use verdict_kafka_io::{
    BatchLimits, Commit, Failure, KafkaSettings, Outgoing, Record, Source, SourceOptions,
};
use verdict_testkit::{PATIENCE, kafka};

/// Batches small enough that a test sees several.
pub(crate) const LIMITS: BatchLimits = BatchLimits {
    records: 64,
    bytes: 1 << 20,
    since_first: Duration::from_millis(50),
    idle: Duration::from_millis(100),
};

/// Publishes records whose keys are the numbers of `range`.
pub(crate) fn publish(settings: &KafkaSettings, topic: &str, range: Range<i32>) {
    kafka::publish(settings, range.map(|n| Outgoing::to(topic).key(n.to_string()).value("v")));
}

pub(crate) fn source(settings: &KafkaSettings, group: &str, topic: &str) -> Source {
    let options = SourceOptions { group: group.into(), topics: vec![topic.into()], instance: None };
    Source::new(settings, options).unwrap()
}

/// The number that a record made by [`publish`] has for its key.
pub(crate) fn number(record: &Record) -> i32 {
    std::str::from_utf8(record.key.as_deref().unwrap()).unwrap().parse().unwrap()
}

/// One position for each record; the last of a partition stands last.
pub(crate) fn commits(records: &[Record]) -> Vec<Commit> {
    let commit = |record: &Record| Commit {
        topic: record.topic.clone(),
        partition: record.partition,
        next: record.position().next(),
    };
    records.iter().map(commit).collect()
}

/// Polls until `n` records have come.
pub(crate) fn poll_until(source: &mut Source, n: usize) -> Vec<Record> {
    let deadline = Instant::now() + PATIENCE;
    let (mut all, mut batch) = (Vec::new(), Vec::new());
    while all.len() < n {
        assert!(Instant::now() < deadline, "{} of {n} records within {PATIENCE:?}", all.len());
        match source.poll_batch(&LIMITS, &mut batch) {
            Ok(_) => assert!(batch.len() <= LIMITS.records),
            Err(Failure::Retry(_)) => {}
            Err(other) => panic!("{other}"),
        }
        all.append(&mut batch);
    }
    all
}
