//! Writes many records and waits for all of their confirmations: for a thread of its own.
//!
//! Confirmations are counted in the client's delivery callback. The client's `flush` is not used: its wrapper polls in
//! steps of 100 ms for events that the client's own thread has already taken, so it costs up to 100 ms a batch.

use std::{
    fmt,
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use rdkafka::{
    ClientContext,
    config::RDKafkaLogLevel,
    error::KafkaError,
    producer::{BaseRecord, DeliveryResult, ProducerContext, ThreadedProducer},
};

use crate::{Cause, Connection, Failure, KafkaSettings, Outgoing, Trouble, failure};

/// What a publisher is for; decides how long it gathers and how long it tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PublisherRole {
    /// Results of a pipeline: sent at once, and tried for as long as the pipeline may stand still.
    Pipeline,
    /// Replies: sent at once, and dropped when nobody waits for them any more.
    Replies,
    /// Bulk: gathered into large requests.
    Bulk,
}

impl PublisherRole {
    /// How long the client tries to deliver a record before it reports it as failed.
    pub fn delivery_timeout(self) -> Duration {
        Duration::from_secs(match self {
            // Longer than a broker needs to come back, shorter than `max.poll.interval.ms`. While the client tries, it
            // is certain that no record is doubled; a record that is given up and sent again may be there twice.
            Self::Pipeline => 120,
            Self::Replies => 5,
            Self::Bulk => 120,
        })
    }

    fn config(self, settings: &KafkaSettings) -> rdkafka::ClientConfig {
        let mut config = settings.writing();
        // A batch of a pipeline arrives in one burst, so waiting for more would only add latency; one millisecond lets
        // the burst gather into one request.
        let (linger, messages, kbytes) = match self {
            Self::Pipeline => ("1", "50000", "65536"),
            Self::Replies => ("0", "5000", "8192"),
            Self::Bulk => ("5", "100000", "65536"),
        };
        config
            .set("linger.ms", linger)
            .set("queue.buffering.max.messages", messages)
            .set("queue.buffering.max.kbytes", kbytes)
            // Compressed, most records are far smaller than the broker's limit; let the broker judge.
            .set("message.max.bytes", "8388608")
            .set("message.timeout.ms", self.delivery_timeout().as_millis().to_string());
        settings.finish(config)
    }
}

/// Writes records and counts their confirmations. Sending never waits for the network.
pub struct Publisher {
    producer: ThreadedProducer<Confirmations>,
    tally: Arc<Tally>,
    connection: Connection,
    sent: AtomicU64,
    room_wait: Duration,
}

impl Publisher {
    /// A publisher for `role`. Connects in the background.
    ///
    /// # Errors
    /// [`Failure::Fatal`] when the settings are refused.
    pub fn new(settings: &KafkaSettings, role: PublisherRole) -> Result<Self, Failure> {
        let tally = Arc::new(Tally::default());
        let connection = Connection::default();
        let context = Confirmations { tally: Arc::clone(&tally), connection: connection.clone() };
        let producer = role
            .config(settings)
            .create_with_context(context)
            .map_err(|error| Failure::of("creating a publisher", &error))?;
        Ok(Self {
            producer,
            tally,
            connection,
            sent: AtomicU64::new(0),
            room_wait: role.delivery_timeout(),
        })
    }

    /// Queues a record. When the queue is full, waits until there is room.
    ///
    /// # Errors
    /// [`Failure::Abort`] when the record cannot be queued or no room came within the delivery timeout;
    /// [`Failure::Fatal`] when the client is beyond use.
    pub fn send(&self, outgoing: &Outgoing) -> Result<(), Failure> {
        let started = Instant::now();
        loop {
            let resolved = self.tally.resolved();
            match self.try_send(outgoing) {
                Err(Failure::Retry(trouble)) if trouble.cause == Cause::QueueFull => {
                    let left = self.room_wait.saturating_sub(started.elapsed());
                    if !self.tally.wait_until(resolved + 1, left) {
                        return Err(Failure::Abort(trouble));
                    }
                }
                Err(Failure::Retry(trouble)) => return Err(Failure::Abort(trouble)),
                queued_or_failed => return queued_or_failed,
            }
        }
    }

    /// Queues a record if there is room for it. Never waits.
    ///
    /// # Errors
    /// [`Failure::Retry`] with [`Cause::QueueFull`] when there is no room; otherwise as [`send`](Self::send).
    pub fn try_send(&self, outgoing: &Outgoing) -> Result<(), Failure> {
        let record = BaseRecord::<[u8], [u8]> {
            topic: &outgoing.topic,
            partition: outgoing.partition,
            payload: outgoing.value.as_deref(),
            key: outgoing.key.as_deref(),
            timestamp: outgoing.timestamp_ms,
            headers: outgoing.native_headers(),
            delivery_opaque: (),
        };
        match self.producer.send(record) {
            Ok(()) => {
                self.sent.fetch_add(1, Ordering::Relaxed);
                Ok(())
            }
            Err((error, _)) => Err(Failure::of(sending(outgoing), &error)),
        }
    }

    /// Waits until everything sent so far is confirmed by all replicas, or `timeout` has passed.
    ///
    /// # Errors
    /// [`Failure::Retry`] when some are neither confirmed nor given up yet: wait again. [`Failure::Abort`] when all are
    /// resolved and some were refused or given up: a record that was given up may be stored all the same.
    /// [`Failure::Fatal`] when writing is not allowed.
    pub fn wait_delivered(&self, timeout: Duration) -> Result<(), Failure> {
        let target = self.sent.load(Ordering::Relaxed);
        if !self.tally.wait_until(target, timeout) {
            let missing = target.saturating_sub(self.tally.resolved());
            let reason = format!("{missing} records are not confirmed yet");
            return Err(Failure::retry("delivering records", reason, Cause::Transport));
        }
        match self.tally.take_failures() {
            None => Ok(()),
            Some((failed, trouble)) => {
                let context = format!("delivering records, of which {failed} failed");
                let trouble = Trouble { context, ..trouble };
                Err(match trouble.cause {
                    Cause::Authorization => Failure::Fatal(trouble),
                    _ => Failure::Abort(trouble),
                })
            }
        }
    }

    /// How many records were sent, confirmed and given up since the publisher was made.
    pub fn counts(&self) -> Counts {
        let (resolved, failed) = self.tally.totals();
        Counts {
            sent: self.sent.load(Ordering::Relaxed),
            confirmed: resolved.saturating_sub(failed),
            failed,
        }
    }

    /// The state of this client's connection.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }
}

/// What became of the records of a [`Publisher`]; what is in none of the last two is on its way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Queued.
    pub sent: u64,
    /// Confirmed by all replicas.
    pub confirmed: u64,
    /// Refused or given up.
    pub failed: u64,
}

fn sending(outgoing: &Outgoing) -> String {
    match outgoing.partition {
        Some(partition) => format!("sending to {}-{partition}", outgoing.topic),
        None => format!("sending to {}", outgoing.topic),
    }
}

impl fmt::Debug for Publisher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Publisher").field("counts", &self.counts()).finish_non_exhaustive()
    }
}

/// How many records were resolved (confirmed or failed), and who waits for how many.
#[derive(Debug, Default)]
struct Tally {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    resolved: u64,
    failed: u64,
    // The number of resolved records that somebody waits for: others need not be woken for.
    awaited: u64,
    // Failures that nobody was told of yet, and the first of them.
    untold: u64,
    first_failure: Option<Trouble>,
}

impl Tally {
    fn resolved(&self) -> u64 {
        self.lock().resolved
    }

    fn totals(&self) -> (u64, u64) {
        let state = self.lock();
        (state.resolved, state.failed)
    }

    fn resolve(&self, failure: Option<Trouble>) {
        let mut state = self.lock();
        state.resolved += 1;
        if let Some(trouble) = failure {
            state.failed += 1;
            state.untold += 1;
            state.first_failure.get_or_insert(trouble);
        }
        if state.resolved >= state.awaited {
            self.changed.notify_all();
        }
    }

    /// Whether `target` records were resolved within `timeout`.
    fn wait_until(&self, target: u64, timeout: Duration) -> bool {
        let mut state = self.lock();
        state.awaited = target;
        let (state, _) = self
            .changed
            .wait_timeout_while(state, timeout, |state| state.resolved < target)
            .unwrap_or_else(PoisonError::into_inner);
        state.resolved >= target
    }

    /// The failures nobody was told of yet, and the first of them.
    fn take_failures(&self) -> Option<(u64, Trouble)> {
        let mut state = self.lock();
        let trouble = state.first_failure.take()?;
        Some((std::mem::take(&mut state.untold), trouble))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Confirmations {
    tally: Arc<Tally>,
    connection: Connection,
}

impl ClientContext for Confirmations {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.connection.log(level, facility, message);
    }

    fn stats_raw(&self, statistics: &[u8]) {
        self.connection.stats_raw(statistics);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.connection.error(error, reason);
    }
}

impl ProducerContext for Confirmations {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        self.tally.resolve(result.as_ref().err().map(|(error, _)| Trouble {
            context: "delivering a record".to_owned(),
            reason: error.to_string(),
            cause: failure::cause(error),
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_ends_when_the_last_record_is_resolved() {
        let tally = Arc::new(Tally::default());
        let waiting = Arc::clone(&tally);
        let waiter = std::thread::spawn(move || waiting.wait_until(3, Duration::from_secs(10)));
        for _ in 0..3 {
            tally.resolve(None);
        }
        assert!(waiter.join().unwrap());
        assert!(tally.take_failures().is_none());
    }

    #[test]
    fn a_wait_for_more_than_was_resolved_says_so() {
        let tally = Tally::default();
        tally.resolve(None);
        assert!(!tally.wait_until(2, Duration::ZERO));
    }

    #[test]
    fn the_first_failure_is_told_once_with_the_number_of_all() {
        let tally = Tally::default();
        for reason in ["first", "second"] {
            tally.resolve(Some(Trouble {
                context: String::new(),
                reason: reason.into(),
                cause: Cause::Other,
            }));
        }
        let (failed, trouble) = tally.take_failures().unwrap();
        assert_eq!((failed, trouble.reason.as_str()), (2, "first"));
        assert!(tally.take_failures().is_none());
    }
}
