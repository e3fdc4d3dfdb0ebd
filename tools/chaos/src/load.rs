//! Reviews at a steady rate, every tenth of them no review.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer as _, ThreadedProducer};

use crate::broker::client;

/// A sender, until it is stopped.
pub struct Load {
    stop: Arc<AtomicBool>,
    sent: Arc<AtomicU64>,
    thread: JoinHandle<()>,
}

impl Load {
    /// Sends `rate` records a second to all `partitions` in turn.
    pub fn start(bootstrap: &str, rate: u32, partitions: i32) -> Self {
        let producer: ThreadedProducer<DefaultProducerContext> = client(bootstrap)
            .set("enable.idempotence", "true")
            .set("linger.ms", "0")
            // A record is given up never: what is sent is there in the end.
            .set("message.timeout.ms", "0")
            .create()
            .unwrap();
        let (stop, sent) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (stopped, counted) = (Arc::clone(&stop), Arc::clone(&sent));
        let thread = thread::spawn(move || {
            let started = Instant::now();
            while !stopped.load(Ordering::Relaxed) {
                let n = counted.fetch_add(1, Ordering::Relaxed);
                send(&producer, n, partitions);
                let due = Duration::from_secs(n) / rate;
                thread::park_timeout(due.saturating_sub(started.elapsed()));
            }
            producer.flush(Duration::from_secs(120)).unwrap();
        });
        Self { stop, sent, thread }
    }

    /// Stops, and returns how many records are there.
    pub fn finish(self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap();
        self.sent.load(Ordering::Relaxed)
    }
}

fn send(producer: &ThreadedProducer<DefaultProducerContext>, n: u64, partitions: i32) {
    let key = n.to_string();
    let text = if n % 10 == 9 {
        "{\"text\": 7}".to_owned()
    } else {
        format!("Review {n}: a fine film with a dull end.")
    };
    let partition = i32::try_from(n % u64::from(partitions.unsigned_abs())).unwrap_or(0);
    let mut record = BaseRecord::to("reviews").partition(partition).key(&key).payload(&text);
    while let Err((error, back)) = producer.send(record) {
        let full = KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull);
        assert!(error == full, "{error}");
        producer.poll(Duration::from_millis(100));
        record = back;
    }
}
