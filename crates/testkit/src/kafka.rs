//! A real Apache Kafka.

use std::ops::ControlFlow;
use std::process::Command;
use std::sync::OnceLock;

use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use verdict_kafka::{Kafka, Options};
use verdict_kafka_io::topics::{self, TopicSpec};
use verdict_kafka_io::{KafkaSettings, Outgoing, Publisher, PublisherRole, Record, snapshot};
use verdict_messages::topic;

use crate::left_out;
use crate::tools::repository;
use crate::wait::PATIENCE;

/// The variable with the address of the broker that `make test` has started for all tests.
const RUNNING: &str = "VERDICT_TEST_KAFKA";

/// A broker of the test's own, for tests that stop or freeze it, or whose topics have the names
/// that every program takes by default. `None` is [`left_out`].
#[track_caller]
pub fn own() -> Option<Kafka> {
    own_with(Options::default())
}

/// [`own`] with other options.
#[track_caller]
pub fn own_with(options: Options) -> Option<Kafka> {
    Kafka::start(options).map_err(|error| left_out(&error.to_string())).ok()
}

/// The broker that all tests share whose topics and groups have names of their own: that of the
/// whole run, or else one that ends with this process. `None` is [`left_out`].
#[track_caller]
pub fn shared() -> Option<KafkaSettings> {
    static OWN: OnceLock<Option<Kafka>> = OnceLock::new();
    match std::env::var(RUNNING) {
        Ok(address) if !address.is_empty() => Some(KafkaSettings::new(address)),
        _ => OWN.get_or_init(own).as_ref().map(|kafka| KafkaSettings::new(kafka.bootstrap())),
    }
}

/// Whether a broker can be started here; if not, the test is [`left_out`].
#[track_caller]
pub fn is_installed() -> bool {
    verdict_kafka::is_installed().map_err(|error| left_out(&error.to_string())).is_ok()
}

/// A broker of the test's own with the topics that Verdict has, empty and of so many partitions.
#[track_caller]
pub fn own_with_topics(partitions: i32) -> Option<(Kafka, KafkaSettings)> {
    let kafka = own()?;
    let settings = KafkaSettings::new(kafka.bootstrap());
    let specs =
        topic::catalogue().map(|plan| TopicSpec { partitions, ..TopicSpec::planned(&plan, 1) });
    topics::ensure(&settings, &specs, PATIENCE).unwrap();
    Some((kafka, settings))
}

/// `tools/kafka/acls`, which grants users their rights on this broker.
pub fn acls(kafka: &Kafka) -> Command {
    let mut command = Command::new(repository().join("tools/kafka/acls"));
    command
        .args(["--bootstrap-server", &kafka.bootstrap()])
        .env("KAFKA_ACLS", kafka.tool("org.apache.kafka.tools.AclCommand").join(" "));
    command
}

/// Creates topics, each a name and a number of partitions. They keep records for ever: some tests
/// write records of 1970, and every five minutes a broker deletes what is older than seven days.
#[track_caller]
pub fn create_topics<'a>(kafka: &KafkaSettings, topics: impl IntoIterator<Item = (&'a str, i32)>) {
    let spec = |(name, partitions): (&str, i32)| TopicSpec {
        name: name.to_owned(),
        partitions,
        replication: 1,
        config: vec![("retention.ms".to_owned(), "-1".to_owned())],
    };
    let specs: Vec<TopicSpec> = topics.into_iter().map(spec).collect();
    topics::ensure(kafka, &specs, PATIENCE).unwrap();
}

/// Publishes records, and returns when the broker has them all.
#[track_caller]
pub fn publish(kafka: &KafkaSettings, records: impl IntoIterator<Item = Outgoing>) {
    let publisher = Publisher::new(kafka, PublisherRole::Bulk).unwrap();
    for record in records {
        publisher.send(&record).unwrap();
    }
    publisher.wait_delivered(PATIENCE).unwrap();
}

/// All records of a topic that are there now, those of each partition in their order.
#[track_caller]
pub fn read(kafka: &KafkaSettings, topic: &str) -> Vec<Record> {
    let mut records = Vec::new();
    snapshot::read(kafka, topic, PATIENCE, |record, _| {
        records.push(record);
        ControlFlow::Continue(())
    })
    .unwrap();
    records
}

/// A sender with transactions, as other programs are.
#[allow(missing_debug_implementations, reason = "a producer of rdkafka has none")]
pub struct Transactions(BaseProducer);

impl Transactions {
    /// A sender with this transactional id.
    #[track_caller]
    pub fn new(kafka: &KafkaSettings, id: &str) -> Self {
        let producer: BaseProducer = ClientConfig::new()
            .set("bootstrap.servers", kafka.bootstrap())
            .set("transactional.id", id)
            .create()
            .unwrap();
        producer.init_transactions(PATIENCE).unwrap();
        Self(producer)
    }

    /// One transaction with these records, a key and a value each. Each transaction leaves a marker
    /// in the log of the partition.
    #[track_caller]
    pub fn commit(&self, topic: &str, partition: i32, records: &[(&str, &[u8])]) {
        self.write(topic, partition, records);
        self.0.commit_transaction(PATIENCE).unwrap();
    }

    /// The same, aborted when the records are in the log.
    #[track_caller]
    pub fn abort(&self, topic: &str, partition: i32, records: &[(&str, &[u8])]) {
        self.write(topic, partition, records);
        self.0.abort_transaction(PATIENCE).unwrap();
    }

    /// The same, left open with its records in the log, until the next sender of this id comes.
    #[track_caller]
    pub fn begin(&self, topic: &str, partition: i32, records: &[(&str, &[u8])]) {
        self.write(topic, partition, records);
    }

    #[track_caller]
    fn write(&self, topic: &str, partition: i32, records: &[(&str, &[u8])]) {
        self.0.begin_transaction().unwrap();
        for (key, value) in records {
            let record = BaseRecord::to(topic).partition(partition).key(*key).payload(*value);
            self.0.send(record).map_err(|(error, _)| error).unwrap();
        }
        self.0.flush(PATIENCE).unwrap();
    }
}
