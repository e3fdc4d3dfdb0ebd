//! Writes records and commits positions in one transaction: for a thread of its own, since every
//! call blocks.
//!
//! librdkafka repeats a request whose answer is late or whose connection broke, and does not say
//! so. [`Settled`] tells what can be known of it. What may follow such a call is for the caller to
//! decide.

use std::{
    sync::{
        Arc,
        mpsc::{Sender, channel},
    },
    thread,
    time::{Duration, Instant},
};

use rdkafka::{
    config::RDKafkaLogLevel,
    error::{KafkaError, KafkaResult},
    producer::{Producer, ThreadedProducer},
};

use verdict_messages::topic::PROBES;

use crate::{
    Cause, Commit, Details, Failure, KafkaSettings, Outgoing, Publisher, PublisherRole, Source,
    publisher::Confirmations,
};

type Client = ThreadedProducer<Confirmations>;

/// A broker ends a transaction that is open for longer. Shorter than the session of a group member
/// (15 s): the transaction of a member that froze is gone before another has its partitions.
const TRANSACTION_TIMEOUT_MS: &str = "10000";
/// A request without an answer for so long is sent again. The client demands that it is below the
/// transaction's timeout.
const SOCKET_TIMEOUT_MS: &str = "6000";
/// A call that took longer may have been repeated by the client.
const PROMPT: Duration = Duration::from_secs(1);
/// So long beyond its own limit a call is waited for. librdkafka does not always keep the limit:
/// `send_offsets_to_transaction` was seen to wait for ever after a coordinator was killed.
const BEYOND: Duration = Duration::from_secs(3);

/// A call of the client.
type Call = Box<dyn FnOnce() + Send>;

/// How a call came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// Answered at once.
    Promptly,
    /// Late, or a connection broke meanwhile: a copy of a request may still be on its way.
    Late,
    /// It did not come to an end: only a new producer may follow.
    Unknown,
}

/// A producer of transactions.
///
/// Failures of its calls say what may follow: [`Failure::Retry`], the same call with the same
/// arguments; [`Failure::Abort`], only [`abort`](Self::abort); [`Failure::Fatal`], only a new
/// producer.
///
/// Calls are made on a thread of its own, so that one that never returns can be left behind. That
/// thread then keeps the client, which a new producer with the same id has fenced.
#[derive(Debug)]
pub struct TransactionalPublisher {
    publisher: Arc<Publisher>,
    calls: Sender<Call>,
}

impl TransactionalPublisher {
    /// A producer with this `transactional.id`. Connects in the background.
    ///
    /// # Errors
    /// [`Failure::Fatal`] when the settings are refused.
    pub fn new(settings: &KafkaSettings, id: &str) -> Result<Self, Failure> {
        let role = PublisherRole::Transactions;
        let mut config = role.config(settings);
        config
            .set("transactional.id", id)
            .set("transaction.timeout.ms", TRANSACTION_TIMEOUT_MS)
            .set("socket.timeout.ms", SOCKET_TIMEOUT_MS)
            // At this level the client logs each connection that breaks, whatever our own level.
            .set_log_level(RDKafkaLogLevel::Info);
        let publisher = Arc::new(Publisher::with(config, role)?);
        let (calls, called) = channel::<Call>();
        let spawned = thread::Builder::new()
            .name("transactions".to_owned())
            .spawn(move || called.into_iter().for_each(|call| call()));
        match spawned {
            Ok(_ends_with_its_sender) => Ok(Self { publisher, calls }),
            Err(error) => Err(Failure::fatal("starting a thread", error.to_string(), Cause::Other)),
        }
    }

    /// Waits until the broker has ended what a former producer with this id left open, and refuses
    /// everything that it may still send. The first call of all.
    ///
    /// # Errors
    /// See [`TransactionalPublisher`].
    pub fn init(&self, within: Duration) -> Result<Settled, Failure> {
        self.call("starting transactions", within, move |it| {
            // The client exchanges the address that it was given for the cluster's own. A search
            // for the coordinator that falls between the two is repeated after half a second only.
            for _ in ["by the address given", "by the cluster's own"] {
                it.client().fetch_metadata(Some(PROBES), within)?;
            }
            it.init_transactions(within)
        })
    }

    /// Begins a transaction. Local.
    ///
    /// # Errors
    /// See [`TransactionalPublisher`].
    pub fn begin(&self) -> Result<Settled, Failure> {
        self.call("beginning a transaction", BEYOND, Producer::begin_transaction)
    }

    /// Queues a record in the transaction.
    ///
    /// # Errors
    /// See [`Publisher::send`].
    pub fn send(&self, outgoing: &Outgoing) -> Result<(), Failure> {
        self.publisher.send(outgoing)
    }

    /// Waits until everything sent is confirmed.
    ///
    /// # Errors
    /// See [`Publisher::wait_delivered`].
    pub fn wait_delivered(&self, within: Duration) -> Result<(), Failure> {
        self.publisher.wait_delivered(within)
    }

    /// Adds positions to the transaction, as the member that `source` is.
    ///
    /// # Errors
    /// See [`TransactionalPublisher`]. [`Failure::Abort`] when the group has moved on.
    pub fn send_offsets(
        &self,
        source: &Source,
        commits: &[Commit],
        within: Duration,
    ) -> Result<Settled, Failure> {
        let context = "adding positions to a transaction";
        let list = source.list(commits)?;
        let Some(group) = source.membership() else {
            return Err(Failure::Abort(Details {
                context: context.to_owned(),
                reason: "the group has taken this member's partitions".to_owned(),
                cause: Cause::Rebalance,
            }));
        };
        self.call(context, within, move |it| it.send_offsets_to_transaction(&list, &group, within))
    }

    /// Commits. Everything sent must be confirmed already: the client's wrapper would wait for it
    /// in steps of 100 ms.
    ///
    /// # Errors
    /// See [`TransactionalPublisher`].
    pub fn commit(&self, within: Duration) -> Result<Settled, Failure> {
        self.call("committing a transaction", within, move |it| it.commit_transaction(within))
    }

    /// Aborts.
    ///
    /// # Errors
    /// See [`TransactionalPublisher`].
    pub fn abort(&self, within: Duration) -> Result<Settled, Failure> {
        self.call("aborting a transaction", within, move |it| it.abort_transaction(within))
    }

    /// How often a connection of this producer broke or a request had no answer in time.
    pub fn breaks(&self) -> u64 {
        self.publisher.connection().breaks()
    }

    fn call(
        &self,
        context: &str,
        within: Duration,
        call: impl FnOnce(&Client) -> KafkaResult<()> + Send + 'static,
    ) -> Result<Settled, Failure> {
        let (breaks, started) = (self.breaks(), Instant::now());
        let (answer, answered) = channel();
        let publisher = Arc::clone(&self.publisher);
        // Whoever has stopped waiting needs no answer.
        let called = move || answer.send(call(&publisher.producer)).unwrap_or(());
        // Where the thread has gone, the answer does not come.
        self.calls.send(Box::new(called)).unwrap_or(());
        match answered.recv_timeout(within + BEYOND) {
            Ok(Ok(())) if started.elapsed() < PROMPT && self.breaks() == breaks => {
                Ok(Settled::Promptly)
            }
            Ok(Ok(())) => Ok(Settled::Late),
            Ok(Err(error)) => Err(failure(context, &error)),
            Err(_) => Ok(Settled::Unknown),
        }
    }
}

/// By the client's own flags.
fn failure(context: &str, error: &KafkaError) -> Failure {
    let details = Details::of(context, error);
    match error {
        KafkaError::MetadataFetch(_) => Failure::of(context, error),
        KafkaError::Transaction(error) if error.is_fatal() => Failure::Fatal(details),
        KafkaError::Transaction(error) if error.txn_requires_abort() => Failure::Abort(details),
        KafkaError::Transaction(error) if error.is_retriable() => Failure::Retry(details),
        // The wrapper's own flush comes before the commit: nothing is committed.
        KafkaError::Flush(_) => Failure::Abort(details),
        _ => Failure::Fatal(details),
    }
}
