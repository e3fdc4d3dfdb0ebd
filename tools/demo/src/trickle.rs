//! A review now and then, so that there is something to see.

use crate::samples::SAMPLES;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::Duration;
use verdict_kafka_io::{Failure, KafkaSettings, Outgoing, Publisher, PublisherRole};
use verdict_messages::topic::REVIEWS;

/// Publishes samples until it is stopped.
#[derive(Debug)]
pub(crate) struct Trickle {
    stop: mpsc::Sender<()>,
    thread: JoinHandle<()>,
}

impl Trickle {
    /// Publishes the first sample at once and then one every `interval`, as plain text, as any Kafka tool would.
    pub(crate) fn start(kafka: &KafkaSettings, interval: Duration) -> Result<Self, Failure> {
        let publisher = Publisher::new(kafka, PublisherRole::Replies)?;
        let (stop, stopped) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            for sample in SAMPLES.iter().cycle() {
                if let Err(error) = publisher.send(&Outgoing::to(REVIEWS).value(*sample)) {
                    tracing::warn!(%error, "a sample review was not published");
                }
                match stopped.recv_timeout(interval) {
                    Err(RecvTimeoutError::Timeout) => {}
                    Ok(()) | Err(RecvTimeoutError::Disconnected) => return,
                }
            }
        });
        Ok(Self { stop, thread })
    }

    pub(crate) fn stop(self) {
        drop(self.stop);
        if self.thread.join().is_err() {
            tracing::warn!("the trickle of samples had ended by a panic");
        }
    }
}
