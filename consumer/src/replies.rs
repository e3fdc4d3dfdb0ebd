//! Replies to those who wait for a verdict.

use std::time::{Duration, Instant};

use verdict_kafka_io::{Counts, Failure, KafkaSettings, Outgoing, Publisher, PublisherRole};
use verdict_telemetry::labels::ReplySent;

/// Sends replies, after the commit and outside of what is promised: a reply that is lost leaves a
/// verdict that stands.
#[derive(Debug)]
pub struct Replies {
    publisher: Publisher,
    // What the last look has seen.
    before: Counts,
}

impl Replies {
    /// Connects in the background.
    ///
    /// # Errors
    /// [`Failure::Fatal`] when the settings are refused.
    pub fn new(kafka: &KafkaSettings) -> Result<Self, Failure> {
        let publisher = Publisher::new(kafka, PublisherRole::Replies)?;
        Ok(Self { publisher, before: Counts::default() })
    }

    /// Queues a reply. Never waits: when the queue is full the reply is lost, and the requester's
    /// deadline ends its wait.
    ///
    /// # Errors
    /// What the client says when the reply cannot be queued.
    pub fn send(&self, reply: &Outgoing) -> Result<(), Failure> {
        self.publisher.try_send(reply)
    }

    /// Measures the time from `committed`, when their batch was, until all replies sent so far are
    /// confirmed.
    pub fn measure(&self, committed: Instant) {
        self.publisher.measure(committed);
    }

    /// The measurements that ended since the last call.
    pub fn measured(&self) -> Vec<Duration> {
        self.publisher.measured()
    }

    /// How many replies were confirmed, and how many refused or given up, since the last call.
    pub fn settled(&mut self) -> [(ReplySent, u64); 2] {
        let counts = self.publisher.counts();
        let before = std::mem::replace(&mut self.before, counts);
        [
            (ReplySent::Sent, counts.confirmed - before.confirmed),
            (ReplySent::Failed, counts.failed - before.failed),
        ]
    }

    /// Waits until all replies are on the broker or given up, at most `timeout`.
    pub fn finish(&self, timeout: Duration) {
        if let Err(failure) = self.publisher.wait_delivered(timeout) {
            tracing::debug!("replies at the end: {failure}");
        }
    }
}
