//! Writes many records and waits for all of their confirmations: for a thread of its own.
//!
//! Confirmations are counted in the client's delivery callback ([`Tally`]). The client's `flush` is
//! not used: its wrapper polls in steps of 100 ms for events that the client's own thread has
//! already taken, so it costs up to 100 ms a batch.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use rdkafka::{
    ClientConfig,
    producer::{DeliveryResult, ProducerContext, ThreadedProducer},
};

use crate::{
    Cause, Connection, Details, Failure, KafkaSettings, Outgoing,
    connection::{Client, Handler},
    tally::Tally,
};

/// What a publisher is for; decides how long it gathers and how long it tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PublisherRole {
    /// Results of a pipeline: sent at once, and tried for as long as the pipeline may stand still.
    Pipeline,
    /// Results of a pipeline in transactions: sent at once, and tried for as long as a transaction
    /// may last.
    Transactions,
    /// Replies: sent at once, and dropped when nobody waits for them any more.
    Replies,
    /// Bulk: gathered into large requests.
    Bulk,
}

impl PublisherRole {
    /// How long the client tries to deliver a record before it reports it as failed.
    pub fn delivery_timeout(self) -> Duration {
        Duration::from_secs(match self {
            // Longer than a broker needs to restart, shorter than `max.poll.interval.ms`. While the
            // client retries, no record is duplicated; a record that is given up and sent again may
            // be stored twice.
            Self::Pipeline => 120,
            // Below the transaction's own limit, so that it is the record that fails first: that
            // aborts the batch, while a transaction that the broker ends breaks the producer.
            Self::Transactions => 8,
            Self::Replies => 5,
            Self::Bulk => 120,
        })
    }

    pub(crate) fn config(self, settings: &KafkaSettings) -> ClientConfig {
        let mut config = settings.writing();
        // A batch of a pipeline comes in one burst, and whatever comes while a request is on its
        // way gathers into the next. Waiting a millisecond for more made each of few reviews later
        // by that, and batches of thousands no faster.
        let (linger, messages, kbytes) = match self {
            Self::Pipeline | Self::Transactions => ("0", "50000", "65536"),
            Self::Replies => ("0", "5000", "8192"),
            Self::Bulk => ("5", "100000", "65536"),
        };
        if self == Self::Replies {
            // KafkaJS, which NestJS's client is made of, reads no compression but gzip: it ends at
            // the first reply in LZ4, and nobody behind it is answered.
            config.set("compression.type", "none");
        }
        config
            .set("linger.ms", linger)
            .set("queue.buffering.max.messages", messages)
            .set("queue.buffering.max.kbytes", kbytes)
            // Compressed, most records are far smaller than the broker's limit; let the broker
            // judge.
            .set("message.max.bytes", "8388608")
            .set("message.timeout.ms", self.delivery_timeout().as_millis().to_string());
        settings.finish(config)
    }
}

/// Writes records and counts their confirmations. Sending never waits for the network.
pub struct Publisher {
    pub(crate) producer: ThreadedProducer<Confirmations>,
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
        Self::with(role.config(settings), role)
    }

    pub(crate) fn with(config: ClientConfig, role: PublisherRole) -> Result<Self, Failure> {
        let tally = Arc::new(Tally::default());
        let connection = Connection::default();
        let context = Client { connection: connection.clone(), handler: Arc::clone(&tally) };
        let producer = config
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
    /// [`Failure::Abort`] when the record cannot be queued or no room came within the delivery
    /// timeout; [`Failure::Fatal`] when the client is beyond use.
    pub fn send(&self, outgoing: &Outgoing) -> Result<(), Failure> {
        let started = Instant::now();
        loop {
            let resolved = self.tally.resolved();
            match self.try_send(outgoing) {
                Err(Failure::Retry(details)) if details.cause == Cause::QueueFull => {
                    let left = self.room_wait.saturating_sub(started.elapsed());
                    if !self.tally.wait_until(resolved + 1, left) {
                        return Err(Failure::Abort(details));
                    }
                }
                Err(Failure::Retry(details)) => return Err(Failure::Abort(details)),
                queued_or_failed => return queued_or_failed,
            }
        }
    }

    /// Queues a record if there is room for it. Never waits.
    ///
    /// # Errors
    /// [`Failure::Retry`] with [`Cause::QueueFull`] when there is no room; otherwise as
    /// [`send`](Self::send).
    pub fn try_send(&self, outgoing: &Outgoing) -> Result<(), Failure> {
        match self.producer.send(outgoing.native(())) {
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
    /// [`Failure::Retry`] when some are neither confirmed nor given up yet: wait again.
    /// [`Failure::Abort`] when all are resolved and some were refused or given up: a record that
    /// was given up may be stored all the same. [`Failure::Fatal`] when writing is not allowed.
    pub fn wait_delivered(&self, timeout: Duration) -> Result<(), Failure> {
        let target = self.sent.load(Ordering::Relaxed);
        if !self.tally.wait_until(target, timeout) {
            let missing = target.saturating_sub(self.tally.resolved());
            let reason = format!("{missing} records are not confirmed yet");
            return Err(Failure::retry("delivering records", reason, Cause::Transport));
        }
        match self.tally.take_failures() {
            None => Ok(()),
            Some((failed, details)) => {
                let context = format!("delivering records, of which {failed} failed");
                let details = Details { context, ..details };
                Err(match details.cause {
                    Cause::Authorization => Failure::Fatal(details),
                    _ => Failure::Abort(details),
                })
            }
        }
    }

    /// Measures the time from `since` until all records sent so far are confirmed or given up;
    /// [`measured`](Self::measured) returns it. A record that is sent meanwhile may be counted in
    /// place of a slower one.
    pub fn measure(&self, since: Instant) {
        self.tally.measure(self.sent.load(Ordering::Relaxed), since);
    }

    /// The measurements that ended since the last call.
    pub fn measured(&self) -> Vec<Duration> {
        self.tally.take_measured()
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

/// The records of a [`Publisher`]; those neither confirmed nor failed are on their way.
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

pub(crate) type Confirmations = Client<Arc<Tally>>;

impl Handler for Arc<Tally> {}

impl ProducerContext for Confirmations {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        let failed = |(error, _): &(_, _)| Details::of("delivering a record", error);
        self.handler.resolve(result.as_ref().err().map(failed));
    }
}
