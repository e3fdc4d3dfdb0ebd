//! The verdicts as they come, for those who watch. Nothing is read while nobody does.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use tokio::{
    sync::{broadcast, mpsc},
    time::Instant,
};
use verdict_kafka_io::{Failure, Followed, Follower, KafkaSettings, Record};
use verdict_messages::{Sentiment, Verdict};

/// Verdicts that the feed begins with, of each partition.
const TAIL: i64 = 20;
/// Verdicts kept for those who come, or come back.
const RECENT: usize = 1_024;
/// Verdicts that may wait for one watcher; one that falls further behind is cut off.
const WAITING: usize = 1_024;
/// Those who may watch at once.
const WATCHERS: usize = 128;
/// How long the topic is still read when nobody watches any more.
const LINGER: Duration = Duration::from_secs(30);
/// How soon the thread sees that nobody reads any more.
const POLL: Duration = Duration::from_millis(200);

/// One verdict.
#[derive(Debug)]
pub(crate) struct Event {
    /// Its place in the topic of verdicts: `partition-offset`.
    pub(crate) id: String,
    pub(crate) label: Sentiment,
    pub(crate) probability: f64,
    pub(crate) model_version: String,
    /// The verdict.
    pub(crate) json: Bytes,
}

/// Opens the topic of verdicts: its last records, then new ones.
pub type OpenVerdicts = Box<dyn Fn() -> mpsc::Receiver<Record> + Send + Sync>;

/// Opens the topic `topic` with a follower on a thread of its own, which ends with the receiver.
pub(crate) fn open(kafka: KafkaSettings, topic: String) -> OpenVerdicts {
    Box::new(move || {
        let (sender, records) = mpsc::channel(64);
        let follower = Follower::tail(&kafka, &topic, TAIL);
        let read = move || {
            let follower = follower?;
            while !sender.is_closed() {
                if let Some(Followed::Record(record)) = follower.next(POLL)?
                    && sender.blocking_send(record).is_err()
                {
                    break;
                }
            }
            Ok::<_, Failure>(())
        };
        let reading =
            std::thread::Builder::new().name("verdict-feed".to_owned()).spawn(move || {
                if let Err(failure) = read() {
                    tracing::warn!(%failure, "verdicts cannot be followed");
                }
            });
        if let Err(error) = reading {
            tracing::warn!(%error, "verdicts cannot be followed");
        }
        records
    })
}

/// The feed. Clones share it.
#[derive(Clone)]
pub(crate) struct Feed(Arc<Shared>);

struct Shared {
    open: OpenVerdicts,
    state: Mutex<State>,
    is_closed: AtomicBool,
}

struct State {
    recent: VecDeque<Arc<Event>>,
    events: broadcast::Sender<Arc<Event>>,
    is_reading: bool,
}

impl State {
    /// What was read is not what a next reader begins with.
    fn stopped(&mut self) {
        self.is_reading = false;
        self.recent.clear();
    }
}

impl std::fmt::Debug for Feed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Feed").finish_non_exhaustive()
    }
}

/// What a new watcher has.
#[derive(Debug)]
pub(crate) struct Watch {
    /// Verdicts that came before, the oldest first.
    pub(crate) before: Vec<Arc<Event>>,
    /// Whether those begin right after the one that the watcher saw last.
    pub(crate) is_complete: bool,
    /// Verdicts that come from now on.
    pub(crate) events: broadcast::Receiver<Arc<Event>>,
}

impl Feed {
    pub(crate) fn new(open: OpenVerdicts) -> Self {
        let state = State {
            recent: VecDeque::new(),
            events: broadcast::Sender::new(WAITING),
            is_reading: false,
        };
        Self(Arc::new(Shared { open, state: Mutex::new(state), is_closed: AtomicBool::new(false) }))
    }

    /// Watches from behind the verdict with the id `last` on, or with the last `recent` ones.
    /// `None` when as many watch as may.
    pub(crate) fn watch(&self, last: Option<&str>, recent: usize) -> Option<Watch> {
        let mut state = self.lock();
        if state.events.receiver_count() >= WATCHERS || self.0.is_closed.load(Ordering::Relaxed) {
            return None;
        }
        let events = state.events.subscribe();
        let seen = last.map(|id| state.recent.iter().position(|event| event.id == id));
        let (skip, is_complete) = match seen {
            Some(Some(at)) => (at + 1, true),
            Some(None) => (0, false),
            None => (state.recent.len().saturating_sub(recent), true),
        };
        let before = state.recent.iter().skip(skip).cloned().collect();
        if !state.is_reading {
            state.is_reading = true;
            tokio::spawn(self.clone().read());
        }
        Some(Watch { before, is_complete, events })
    }

    /// Ends every watch, and lets none begin.
    pub(crate) fn close(&self) {
        self.0.is_closed.store(true, Ordering::Relaxed);
        self.lock().events = broadcast::Sender::new(WAITING);
    }

    /// Reads while somebody watches.
    async fn read(self) {
        let mut records = (self.0.open)();
        let mut watched = Instant::now();
        loop {
            match tokio::time::timeout(LINGER, records.recv()).await {
                Ok(Some(record)) => self.push(&record),
                Ok(None) => break,
                Err(_elapsed) => {}
            }
            let mut state = self.lock();
            if state.events.receiver_count() > 0 {
                watched = Instant::now();
            } else if watched.elapsed() >= LINGER || self.0.is_closed.load(Ordering::Relaxed) {
                state.stopped();
                return;
            }
        }
        let mut state = self.lock();
        state.stopped();
        // Whoever watches comes back, and the topic is opened again.
        state.events = broadcast::Sender::new(WAITING);
    }

    fn push(&self, record: &Record) {
        let Some(event) = event(record) else { return };
        let (event, mut state) = (Arc::new(event), self.lock());
        if state.recent.len() == RECENT {
            state.recent.pop_front();
        }
        state.recent.push_back(Arc::clone(&event));
        // Nobody may be watching any more.
        drop(state.events.send(event));
    }

    // Nothing panics while it holds the lock.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The verdict that a record holds, without what its explanation would tell about the text.
fn event(record: &Record) -> Option<Event> {
    let verdict = Verdict::decode(record.value.as_deref()?).ok()?;
    let verdict = Verdict { explanation: None, intercept: None, rest: None, ..verdict };
    Some(Event {
        id: format!("{}-{}", record.partition, record.offset),
        label: verdict.label,
        probability: verdict.probability,
        model_version: verdict.model.version.clone().into_owned(),
        json: verdict.encode().ok()?.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_topic_that_cannot_be_read_ends_the_watch_and_is_opened_for_the_next() {
        let opened = Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let counted = Arc::clone(&opened);
        let feed = Feed::new(Box::new(move || {
            counted.fetch_add(1, Ordering::Relaxed);
            mpsc::channel(1).1
        }));
        for times in 1..=2 {
            let mut watch = feed.watch(None, 0).expect("room");
            let ended = watch.events.recv().await;
            assert_eq!(ended.err(), Some(broadcast::error::RecvError::Closed));
            assert_eq!(opened.load(Ordering::Relaxed), times);
        }
    }
}
