//! Records that go to Kafka and come from it.

use std::time::Duration;

use opentelemetry::metrics::{Counter, Histogram, Meter};

use super::{Metrics, counter, records, seconds};
use crate::{
    catalogue,
    labels::{Destination, SendError, label},
};

#[derive(Debug)]
pub(super) struct Instruments {
    sent: Counter<u64>,
    consumed: Counter<u64>,
    process_duration: Histogram<f64>,
    batch_size: Histogram<u64>,
}

impl Instruments {
    pub(super) fn new(meter: &Meter) -> Self {
        Self {
            sent: counter(meter, &catalogue::MESSAGING_SENT),
            consumed: counter(meter, &catalogue::MESSAGING_CONSUMED),
            process_duration: seconds(meter, &catalogue::MESSAGING_PROCESS_DURATION),
            batch_size: records(meter, &catalogue::BATCH_SIZE),
        }
    }
}

impl Metrics {
    /// The broker confirmed `n` records for `topic`.
    pub fn record_sent(&self, topic: &Destination, n: u64) {
        self.0.messaging.sent.add(n, &operation("send", topic));
    }

    /// `n` records for `topic` were not confirmed.
    pub fn record_not_sent(&self, topic: &Destination, error: SendError, n: u64) {
        let [system, name, destination] = operation("send", topic);
        self.0
            .messaging
            .sent
            .add(n, &[system, name, destination, label("error.type", error.as_str())]);
    }

    /// `n` records of `topic` were received.
    pub fn record_consumed(&self, topic: &Destination, n: u64) {
        self.0.messaging.consumed.add(n, &operation("poll", topic));
    }

    /// A batch of `n` records of `topic` took so long from its last poll to its committed positions.
    pub fn record_batch(&self, topic: &Destination, n: u64, took: Duration) {
        self.0.messaging.batch_size.record(n, &[]);
        self.0.messaging.process_duration.record(took.as_secs_f64(), &operation("process", topic));
    }
}

fn operation(name: &'static str, topic: &Destination) -> [opentelemetry::KeyValue; 3] {
    [
        label("messaging.system", "kafka"),
        label("messaging.operation.name", name),
        label("messaging.destination.name", topic.value()),
    ]
}
