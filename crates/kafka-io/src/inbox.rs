//! Reads replies: one fixed partition of a reply topic, from its present end.
//!
//! The partition is assigned and not subscribed to, since a rebalance would lose replies. Reading
//! starts at the end that the broker reports, and the inbox is ready only when a ping that it wrote
//! has come back: an assigned client may not be positioned yet, and the first reply must not be
//! missed.

use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use tokio::sync::{mpsc, watch};

use crate::{
    AsyncPublisher, Connection, Failure, KafkaSettings, Outgoing, Record,
    background::{Background, Stop},
    partitions::{assign, reader},
    record::Copier,
};

/// Header of a ping: the instance that wrote it and a running number.
const PING: &str = "x-verdict-ping";
/// Time from a returned ping to the next one.
const PING_EVERY: Duration = Duration::from_secs(4);
/// A ping that takes longer is lost. So a broker that fails is noticed within 9 s.
const PING_LIFE: Duration = Duration::from_secs(5);
/// Longest wait for a reply between two checks whether to stop.
const POLL: Duration = Duration::from_millis(100);

/// Where an inbox reads.
#[derive(Debug, Clone)]
pub struct InboxOptions {
    /// Reply topic.
    pub topic: String,
    /// The partition that is this instance's own, or that it shares with others.
    pub partition: i32,
    /// A name that no other instance has. It separates own pings from those of others.
    pub instance: String,
    /// How many replies may wait for their reader.
    pub capacity: usize,
}

/// Whether replies arrive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InboxState {
    /// Not yet, or not now, and why.
    NotReady(String),
    /// A ping came back within the last seconds.
    Ready,
}

/// The replies of one partition. Dropping it waits for its thread to end, so drop it outside of
/// async code.
///
/// Fields are dropped in this order: the thread may be waiting for room in the channel.
#[derive(Debug)]
pub struct ReplyInbox {
    records: Option<mpsc::Receiver<Record>>,
    state: watch::Receiver<InboxState>,
    _thread: Background,
}

impl ReplyInbox {
    /// Starts reading, in a thread of its own. `publisher` writes the pings.
    ///
    /// # Errors
    /// [`Failure::Fatal`] when the settings are refused or no thread can be started.
    pub fn start(
        settings: &KafkaSettings,
        options: InboxOptions,
        publisher: AsyncPublisher,
    ) -> Result<Self, Failure> {
        let consumer = reader(
            settings,
            &format!("verdict-replies-{}", options.instance),
            &[("auto.offset.reset", "latest"), ("isolation.level", "read_uncommitted")],
            Connection::default(),
            "creating the reader of replies",
        )?;
        let (sender, records) = mpsc::channel(options.capacity.max(1));
        let (changed, state) =
            watch::channel(InboxState::NotReady("the inbox is starting".to_owned()));
        let thread = Background::start("reply-inbox", Duration::MAX, move |stop| {
            Reader { consumer, options, publisher, sender, changed, stop }.run();
        })?;
        Ok(Self { records: Some(records), state, _thread: thread })
    }

    /// The replies, in order. Can be taken once.
    pub fn take_records(&mut self) -> Option<mpsc::Receiver<Record>> {
        self.records.take()
    }

    /// The state, to be watched or awaited (`state().wait_for(|s| *s == InboxState::Ready)`).
    pub fn state(&self) -> watch::Receiver<InboxState> {
        self.state.clone()
    }
}

struct Reader {
    consumer: BaseConsumer<Connection>,
    options: InboxOptions,
    publisher: AsyncPublisher,
    sender: mpsc::Sender<Record>,
    changed: watch::Sender<InboxState>,
    stop: Stop,
}

impl Reader {
    fn run(self) {
        if !self.position() {
            return;
        }
        let mut pings = Pings::new(Instant::now());
        let mut copier = Copier::default();
        while !self.stop.is_set() {
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
                            // It may be here before its confirmation: whoever sees that the inbox
                            // is ready must find the publisher up.
                            self.publisher.connection().mark_up();
                            self.ready();
                        }
                    } else if self.sender.blocking_send(record).is_err() {
                        return;
                    }
                }
            }
        }
    }

    /// Assigns the partition at its present end; false when the inbox was stopped before that was
    /// known.
    fn position(&self) -> bool {
        let InboxOptions { topic, partition, .. } = &self.options;
        while !self.stop.is_set() {
            let found = self.consumer.fetch_watermarks(topic, *partition, Duration::from_secs(1));
            let positioned =
                found.and_then(|(_, end)| assign(&self.consumer, topic, [(*partition, end)]));
            let Err(reason) = positioned else {
                return true;
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

    fn ready(&self) {
        self.set(InboxState::Ready);
    }

    fn not_ready(&self, reason: &str) {
        self.set(InboxState::NotReady(reason.to_owned()));
    }

    fn set(&self, next: InboxState) {
        self.changed.send_if_modified(|state| std::mem::replace(state, next.clone()) != next);
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
        // A lost ping is followed by the next one at once.
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
