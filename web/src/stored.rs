//! What became of a review, as the topics have it: the same on every instance, and after a restart.
//! There is no index. A review and what became of it are in the partition of its key, and the time
//! at which it was sent says from where on to look.

use std::{
    sync::mpsc::{Receiver, sync_channel},
    time::{Duration, Instant},
};

use hashlink::LruCache;
use tokio::sync::oneshot;
use verdict_kafka_io::{
    Failure, KafkaSettings, Lookup, Record,
    lookup::{Search, Start},
};

/// How far the clocks of web and consumers may be apart.
const CLOCKS_MS: i64 = 5_000;
/// How far back is looked for a review whose time is not known: offsets of its partition.
const UNTIMED: i64 = 20_000;
/// How long one question may take; the next one about the same review goes on from there.
const SEARCH: Duration = Duration::from_secs(2);
/// Questions that may wait; more are turned away.
const WAITING: usize = 64;
/// Reviews for which is known how far was read.
const UNFINISHED: usize = 4_096;
/// How long the client is kept when nobody asks any more.
const LINGER: Duration = Duration::from_secs(30);

/// A review that somebody asks for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Sought {
    /// Its id.
    pub id: String,
    /// When it was sent, or a little earlier, in milliseconds since 1970.
    pub since_unix_ms: Option<i64>,
}

/// What became of a review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It has a verdict: this record.
    Verdict(Record),
    /// It could not be scored: its dead letter.
    DeadLetter(Record),
    /// It is stored and not scored yet.
    Pending,
    /// More has to be read than one question may take.
    Searching,
    /// The topics do not have it.
    Unknown,
    /// The topic of verdicts has nothing of its time any more.
    Gone,
}

/// Finds out what became of a review. An error is Kafka's; no answer at all means that too many ask.
pub type FindStored = Box<dyn Fn(Sought) -> oneshot::Receiver<Result<Fate, String>> + Send + Sync>;

/// Where reviews and what becomes of them are stored.
#[derive(Debug, Clone)]
pub(crate) struct Topics {
    pub(crate) reviews: String,
    pub(crate) verdicts: String,
    pub(crate) dead_letters: String,
}

type Question = (Sought, oneshot::Sender<Result<Fate, String>>);

/// Answers from these topics, one question after the other, on a thread of its own.
pub(crate) fn open(kafka: KafkaSettings, topics: Topics) -> FindStored {
    let (sender, questions) = sync_channel::<Question>(WAITING);
    let run = move || answer(&kafka, &topics, &questions);
    if let Err(error) = std::thread::Builder::new().name("verdict-lookup".to_owned()).spawn(run) {
        tracing::warn!(%error, "verdicts cannot be looked up");
    }
    Box::new(move |sought| {
        let (answer, answered) = oneshot::channel();
        // A question that finds no room is dropped, which its asker sees.
        drop(sender.try_send((sought, answer)));
        answered
    })
}

fn answer(kafka: &KafkaSettings, topics: &Topics, questions: &Receiver<Question>) {
    let mut read = LruCache::new(UNFINISHED);
    while let Ok(first) = questions.recv() {
        let lookup = Lookup::new(kafka);
        let mut next = Some(first);
        while let Some((sought, answer)) = next {
            if !answer.is_closed() {
                let found = match &lookup {
                    Ok(lookup) => Searcher { lookup, topics, read: &mut read }.find(sought),
                    Err(failure) => Err(failure.clone()),
                };
                let found = found.map_err(|failure| {
                    tracing::warn!(%failure, "a verdict could not be looked up");
                    failure.to_string()
                });
                // Who asked may have gone.
                drop(answer.send(found));
            }
            next = questions.recv_timeout(LINGER).ok();
        }
    }
}

struct Searcher<'a> {
    lookup: &'a Lookup,
    topics: &'a Topics,
    // The next offsets of verdicts and dead letters, for reviews that were asked for before.
    read: &'a mut LruCache<Sought, (i64, i64)>,
}

impl Searcher<'_> {
    fn find(&mut self, sought: Sought) -> Result<Fate, Failure> {
        let deadline = Instant::now() + SEARCH;
        let Topics { reviews, verdicts, dead_letters } = self.topics;
        let key = sought.id.as_bytes();
        let partition = self.lookup.partition_of(reviews, key)?;
        let since = sought.since_unix_ms;
        let start = since
            .map_or(Start::Last(UNTIMED), |since| Start::UnixMs(since.saturating_sub(CLOCKS_MS)));
        let search =
            |topic: &str, start| self.lookup.find((topic, partition), key, start, deadline);
        let (in_verdicts, in_letters) = match self.read.remove(&sought) {
            Some((verdicts, letters)) => (Start::Offset(verdicts), Start::Offset(letters)),
            None => (start, start),
        };
        let scored = search(verdicts, in_verdicts)?;
        if let Some(record) = scored.found {
            return Ok(Fate::Verdict(record));
        }
        let failed = search(dead_letters, in_letters)?;
        if let Some(record) = failed.found {
            return Ok(Fate::DeadLetter(record));
        }
        let is_complete = scored.is_complete && failed.is_complete;
        self.read.insert(sought.clone(), (scored.next, failed.next));
        if !is_complete {
            return Ok(Fate::Searching);
        }
        if let Some(since) = since
            && self.lookup.is_deleted(verdicts, partition, since.saturating_add(CLOCKS_MS))?
        {
            return Ok(Fate::Gone);
        }
        Ok(match search(reviews, start)? {
            Search { found: Some(_), .. } => Fate::Pending,
            Search { is_complete: false, .. } => Fate::Searching,
            _ => Fate::Unknown,
        })
    }
}
