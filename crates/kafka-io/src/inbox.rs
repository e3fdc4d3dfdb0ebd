//! Reads the answers: one fixed partition of a reply topic, from "now" on.
//!
//! The partition is assigned, never subscribed to, since a rebalance would take answers away. Reading starts at the
//! absolute end of the partition as the broker names it, and the inbox is ready only when a ping that it wrote there has
//! come back: being assigned is not being positioned, and the first answer must not be missed.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use rdkafka::{
    Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer, ConsumerContext},
};
use tokio::sync::{mpsc, watch};

use crate::{AsyncPublisher, Connection, Failure, KafkaSettings, Outgoing, Record, record::Copier};

/// Header of a ping: the instance that wrote it and a running number.
const PING: &str = "x-verdict-ping";
/// How often the way through the broker is tested.
const PING_EVERY: Duration = Duration::from_secs(4);
/// A ping that takes longer is lost. With the time between two, a broker that fails shows within 9
/// s.
const PING_LIFE: Duration = Duration::from_secs(5);
/// The longest wait for an answer before the inbox looks whether it is to stop.
const POLL: Duration = Duration::from_millis(100);

/// Where an inbox reads.
#[derive(Debug, Clone)]
pub struct InboxOptions {
    /// Reply topic.
    pub topic: String,
    /// The partition that is this instance's own, or that it shares with others.
    pub partition: i32,
    /// A name that no other instance has; tells own pings from others'.
    pub instance: String,
    /// How many answers may wait for their reader.
    pub capacity: usize,
}

/// Whether answers arrive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InboxState {
    /// Not yet, or not now; says why.
    NotReady(String),
    /// A ping came back within the last seconds.
    Ready,
}

/// The answers of one partition. Ends when it is dropped; dropping waits for its thread, so drop it outside of async code.
#[derive(Debug)]
pub struct ReplyInbox {
    records: Option<mpsc::Receiver<Record>>,
    state: watch::Receiver<InboxState>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl ReplyInbox {
    /// Starts reading, in a thread of its own. `publisher` writes the pings.
    ///
    /// # Errors
    /// [`Failure::Fatal`] when the settings are refused or no thread can be had.
    pub fn start(
        settings: &KafkaSettings,
        options: InboxOptions,
        publisher: AsyncPublisher,
    ) -> Result<Self, Failure> {
        let connection = Connection::default();
        let mut config = settings.reading();
        config
            // Assigning needs a group, though nothing is ever committed for it.
            .set("group.id", format!("verdict-replies-{}", options.instance))
            .set("auto.offset.reset", "latest")
            .set("isolation.level", "read_uncommitted");
        let consumer = settings
            .finish(config)
            .create_with_context(connection)
            .map_err(|error| Failure::of("creating the reader of replies", &error))?;
        let (sender, records) = mpsc::channel(options.capacity.max(1));
        let (tell, state) =
            watch::channel(InboxState::NotReady("the inbox is starting".to_owned()));
        let stop = Arc::new(AtomicBool::new(false));
        let reader = Reader { consumer, options, publisher, sender, tell, stop: Arc::clone(&stop) };
        let thread = std::thread::Builder::new()
            .name("reply-inbox".to_owned())
            .spawn(move || reader.run())
            .map_err(|error| {
                Failure::fatal(
                    "starting the reader of replies",
                    error.to_string(),
                    crate::Cause::Other,
                )
            })?;
        Ok(Self { records: Some(records), state, stop, thread: Some(thread) })
    }

    /// The answers, in order. Can be taken once.
    pub fn take_records(&mut self) -> Option<mpsc::Receiver<Record>> {
        self.records.take()
    }

    /// The state, to be watched or awaited (`state().wait_for(|s| *s == InboxState::Ready)`).
    pub fn state(&self) -> watch::Receiver<InboxState> {
        self.state.clone()
    }
}

impl Drop for ReplyInbox {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // The thread may wait for room among the answers.
        self.records = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the reader of replies panicked");
        }
    }
}

impl ConsumerContext for Connection {}

struct Reader {
    consumer: BaseConsumer<Connection>,
    options: InboxOptions,
    publisher: AsyncPublisher,
    sender: mpsc::Sender<Record>,
    tell: watch::Sender<InboxState>,
    stop: Arc<AtomicBool>,
}

impl Reader {
    fn run(self) {
        if !self.position() {
            return;
        }
        let mut pings = Pings::new(Instant::now());
        let mut copier = Copier::default();
        while !self.is_stopped() {
            let now = Instant::now();
            if pings.is_lost(now) {
                self.not_ready("a ping did not come back within 5 s");
            }
            if let Some(number) = pings.due(now) {
                self.ping(number);
            }
            match self.consumer.poll(POLL) {
                None => {}
                Some(Err(error)) => tracing::debug!(target: "kafka", "reading replies: {error}"),
                Some(Ok(message)) => {
                    let record = copier.record(&message);
                    if let Some(ping) = record.headers.text(PING) {
                        // Other instances ping on a shared partition too.
                        if pings.is_mine(ping, &self.options.instance) {
                            pings.came_back(Instant::now());
                            self.ready();
                        }
                    } else if self.sender.blocking_send(record).is_err() {
                        return;
                    }
                }
            }
        }
    }

    /// Assigns the partition at its present end; false when the inbox was stopped before that was known.
    fn position(&self) -> bool {
        let InboxOptions { topic, partition, .. } = &self.options;
        while !self.is_stopped() {
            let reason =
                match self.consumer.fetch_watermarks(topic, *partition, Duration::from_secs(1)) {
                    Ok((_, end)) => {
                        let mut list = TopicPartitionList::new();
                        let assigned = list
                            .add_partition_offset(topic, *partition, Offset::Offset(end))
                            .and_then(|()| self.consumer.assign(&list));
                        match assigned {
                            Ok(()) => return true,
                            Err(error) => error,
                        }
                    }
                    Err(error) => error,
                };
            self.not_ready(&format!("the end of {topic}-{partition} is not known: {reason}"));
            // Serves the client's callbacks, and waits a moment before asking again.
            drop(self.consumer.poll(POLL));
        }
        false
    }

    fn ping(&self, number: u64) {
        let InboxOptions { topic, partition, instance, .. } = &self.options;
        let mut ping = Outgoing::to(topic.as_str()).partition(*partition).value("");
        ping.headers.push(PING, format!("{instance}/{number}"));
        if let Err(error) = self.publisher.post(&ping) {
            self.not_ready(&format!("a ping cannot be sent: {error}"));
        }
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn ready(&self) {
        self.tell.send_if_modified(|state| {
            std::mem::replace(state, InboxState::Ready) != InboxState::Ready
        });
    }

    fn not_ready(&self, reason: &str) {
        let next = InboxState::NotReady(reason.to_owned());
        self.tell.send_if_modified(|state| std::mem::replace(state, next.clone()) != next);
    }
}

/// When to ping, and whether the last ping is overdue. Pure: time is an argument.
#[derive(Debug)]
struct Pings {
    number: u64,
    sent: Option<Instant>,
    next: Instant,
}

impl Pings {
    fn new(now: Instant) -> Self {
        Self { number: 0, sent: None, next: now }
    }

    /// The number of the ping to send now, if one is due.
    fn due(&mut self, now: Instant) -> Option<u64> {
        if now < self.next {
            return None;
        }
        self.number += 1;
        self.sent = Some(now);
        // A lost one is followed by the next at once.
        self.next = now + PING_LIFE;
        Some(self.number)
    }

    fn is_mine(&self, ping: &str, instance: &str) -> bool {
        ping.split_once('/')
            .is_some_and(|(name, number)| name == instance && number.parse() == Ok(self.number))
    }

    fn came_back(&mut self, now: Instant) {
        self.sent = None;
        self.next = now + PING_EVERY;
    }

    fn is_lost(&self, now: Instant) -> bool {
        self.sent.is_some_and(|sent| now.saturating_duration_since(sent) >= PING_LIFE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ping_is_sent_every_few_seconds_while_they_come_back() {
        let start = Instant::now();
        let mut pings = Pings::new(start);
        assert_eq!(pings.due(start), Some(1));
        assert_eq!(pings.due(start), None);
        assert!(
            pings.is_mine("me/1", "me")
                && !pings.is_mine("you/1", "me")
                && !pings.is_mine("me/2", "me")
        );
        pings.came_back(start);
        assert_eq!(pings.due(start + PING_EVERY / 2), None);
        assert_eq!(pings.due(start + PING_EVERY), Some(2));
    }

    #[test]
    fn a_ping_that_does_not_come_back_is_lost_and_followed_by_another() {
        let start = Instant::now();
        let mut pings = Pings::new(start);
        pings.due(start);
        assert!(!pings.is_lost(start));
        assert!(pings.is_lost(start + PING_LIFE));
        assert_eq!(pings.due(start + PING_LIFE), Some(2));
    }
}
