//! A sender with transactions, as other programs are.

use std::time::Duration;

use rdkafka::{
    ClientConfig,
    producer::{BaseProducer, BaseRecord, Producer as _},
};

const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Transactions(BaseProducer);

impl Transactions {
    pub(crate) fn new(bootstrap: &str, id: &str) -> Self {
        let producer: BaseProducer = ClientConfig::new()
            .set("bootstrap.servers", bootstrap)
            .set("transactional.id", id)
            .create()
            .unwrap();
        producer.init_transactions(PATIENCE).unwrap();
        Self(producer)
    }

    /// One transaction with these records, a key and a value each. Each leaves a marker in the log
    /// of the partition.
    pub(crate) fn commit(&self, topic: &str, partition: i32, records: &[(&str, &[u8])]) {
        self.write(topic, partition, records);
        self.0.commit_transaction(PATIENCE).unwrap();
    }

    /// The same, taken back when the records are in the log.
    pub(crate) fn abort(&self, topic: &str, partition: i32, records: &[(&str, &[u8])]) {
        self.write(topic, partition, records);
        self.0.abort_transaction(PATIENCE).unwrap();
    }

    fn write(&self, topic: &str, partition: i32, records: &[(&str, &[u8])]) {
        self.0.begin_transaction().unwrap();
        for (key, value) in records {
            let record = BaseRecord::to(topic).partition(partition).key(*key).payload(*value);
            self.0.send(record).map_err(|(error, _)| error).unwrap();
        }
        self.0.flush(PATIENCE).unwrap();
    }
}
