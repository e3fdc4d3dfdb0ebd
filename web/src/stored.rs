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
    lookup::{Found, Search, Start},
};
use verdict_messages::{AllowedReplyTopics, Position, ReplyAddress, Verdict, dead_letter};

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
/// Labels of one review that are looked for.
const LABELS: usize = 100;
/// Announcements of models that are looked through.
const POINTERS: usize = 10_000;
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

/// All that the topics have of one review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Records {
    /// What became of it.
    pub fate: Fate,
    /// The review itself.
    pub review: Option<Record>,
    /// Its reply, where one was asked for.
    pub reply: Known<Option<Record>>,
    /// Its labels, and the records that took them back, in their order.
    pub labels: Known<Vec<Record>>,
    /// What was announced of models.
    pub pointers: Known<Vec<Record>>,
}

/// What is known, or why it is not.
pub type Known<T> = Result<T, &'static str>;

/// Finds all that the topics have of a review; errors as of [`FindStored`].
pub type FindRecords =
    Box<dyn Fn(Sought) -> oneshot::Receiver<Result<Records, String>> + Send + Sync>;

/// Where reviews and what becomes of them are stored.
#[derive(Debug, Clone)]
pub(crate) struct Topics {
    pub(crate) reviews: String,
    pub(crate) verdicts: String,
    pub(crate) dead_letters: String,
    pub(crate) replies: String,
    pub(crate) labels: String,
    pub(crate) models: String,
}

type Answer<T> = oneshot::Sender<Result<T, String>>;

enum Question {
    Fate(Sought, Answer<Fate>),
    Records(Sought, Answer<Records>),
}

/// Answers from these topics, one question after the other, on a thread of its own.
pub(crate) fn open(kafka: KafkaSettings, topics: Topics) -> (FindStored, FindRecords) {
    let (sender, questions) = sync_channel::<Question>(WAITING);
    let run = move || answer(&kafka, &topics, &questions);
    if let Err(error) = std::thread::Builder::new().name("verdict-lookup".to_owned()).spawn(run) {
        tracing::warn!(%error, "verdicts cannot be looked up");
    }
    // A question that finds no room is dropped, which its asker sees.
    let other_sender = sender.clone();
    let find_records = move |sought| {
        let (answer, answered) = oneshot::channel();
        drop(other_sender.try_send(Question::Records(sought, answer)));
        answered
    };
    let find = move |sought| {
        let (answer, answered) = oneshot::channel();
        drop(sender.try_send(Question::Fate(sought, answer)));
        answered
    };
    (Box::new(find), Box::new(find_records))
}

fn answer(kafka: &KafkaSettings, topics: &Topics, questions: &Receiver<Question>) {
    let mut unfinished =
        Unfinished { outcomes: LruCache::new(UNFINISHED), labels: LruCache::new(UNFINISHED) };
    while let Ok(first) = questions.recv() {
        let lookup = Lookup::new(kafka);
        let mut next = Some(first);
        while let Some(question) = next {
            let deadline = Instant::now() + SEARCH;
            let searcher = lookup.as_ref().map_err(Clone::clone).map(|lookup| Searcher {
                lookup,
                topics,
                unfinished: &mut unfinished,
                deadline,
            });
            match question {
                Question::Fate(sought, answer) => {
                    reply(answer, || searcher?.find(&sought).map(|(fate, _review)| fate));
                }
                Question::Records(sought, answer) => reply(answer, || searcher?.records(&sought)),
            }
            next = questions.recv_timeout(LINGER).ok();
        }
    }
}

/// Answers a question, unless whoever asked has gone.
fn reply<T>(answer: Answer<T>, find: impl FnOnce() -> Result<T, Failure>) {
    if answer.is_closed() {
        return;
    }
    let found = find().map_err(|failure| {
        tracing::warn!(%failure, "a verdict could not be looked up");
        failure.to_string()
    });
    drop(answer.send(found));
}

/// How far was read for reviews that were asked for before.
struct Unfinished {
    // The next offsets of verdicts and dead letters.
    outcomes: LruCache<Sought, (i64, i64)>,
    // The next offset of labels, and those that were found.
    labels: LruCache<Sought, (i64, Vec<Record>)>,
}

struct Searcher<'a> {
    lookup: &'a Lookup,
    topics: &'a Topics,
    unfinished: &'a mut Unfinished,
    deadline: Instant,
}

impl Searcher<'_> {
    /// What became of a review, and the review where it had to be looked for.
    fn find(&mut self, sought: &Sought) -> Result<(Fate, Option<Record>), Failure> {
        let Topics { reviews, verdicts, dead_letters, .. } = self.topics;
        let key = sought.id.as_bytes();
        let partition = self.lookup.partition_of(reviews, key)?;
        let since = sought.since_unix_ms;
        let start = start_at(since);
        let search =
            |topic: &str, start| self.lookup.find((topic, partition), key, start, self.deadline);
        let (in_verdicts, in_letters) = match self.unfinished.outcomes.remove(sought) {
            Some((verdicts, letters)) => (Start::Offset(verdicts), Start::Offset(letters)),
            None => (start, start),
        };
        let scored = search(verdicts, in_verdicts)?;
        if let Some(record) = scored.found {
            return Ok((Fate::Verdict(record), None));
        }
        let failed = search(dead_letters, in_letters)?;
        if let Some(record) = failed.found {
            return Ok((Fate::DeadLetter(record), None));
        }
        let is_complete = scored.is_complete && failed.is_complete;
        self.unfinished.outcomes.insert(sought.clone(), (scored.next, failed.next));
        if !is_complete {
            return Ok((Fate::Searching, None));
        }
        if let Some(since) = since
            && self.lookup.is_deleted(verdicts, partition, since.saturating_add(CLOCKS_MS))?
        {
            return Ok((Fate::Gone, None));
        }
        Ok(match search(reviews, start)? {
            Search { found: Some(review), .. } => (Fate::Pending, Some(review)),
            Search { is_complete: false, .. } => (Fate::Searching, None),
            _ => (Fate::Unknown, None),
        })
    }

    /// All that there is of a review. Only what became of it has to be known; what else cannot be
    /// had is missing with its reason.
    fn records(&mut self, sought: &Sought) -> Result<Records, Failure> {
        let (fate, review) = self.find(sought)?;
        let (source, decided_unix_ms) = match &fate {
            Fate::Verdict(record) => {
                let verdict = record.value.as_deref().and_then(|json| Verdict::decode(json).ok());
                (verdict.map(|verdict| verdict.source), record.timestamp_ms)
            }
            Fate::DeadLetter(record) => {
                (dead_letter::source(&record.headers).ok(), dead_letter::unix_ms(&record.headers))
            }
            Fate::Pending => (None, None),
            Fate::Searching | Fate::Unknown | Fate::Gone => {
                let none = || Ok(Vec::new());
                return Ok(Records {
                    fate,
                    review,
                    reply: Ok(None),
                    labels: none(),
                    pointers: none(),
                });
            }
        };
        let review = match (review, source) {
            (None, Some(source)) => self.at(&source)?,
            (review, _) => review,
        };
        let reply = match (&review, decided_unix_ms) {
            (Some(review), Some(decided)) => self.reply(sought, review, decided),
            _ => Ok(None),
        };
        let sent = review.as_ref().and_then(|review| review.timestamp_ms);
        let labels = self.labels(sought, sent);
        // Models are trained from reviews that have a label.
        let pointers = match &labels {
            Ok(labels) if labels.is_empty() => Ok(Vec::new()),
            _ => self.pointers(),
        };
        Ok(Records { fate, review, reply, labels, pointers })
    }

    /// The review at this position, where it is still kept.
    fn at(&self, position: &Position) -> Result<Option<Record>, Failure> {
        let Position { topic, partition, offset } = position;
        if **topic != *self.topics.reviews {
            return Ok(None);
        }
        let start = Start::Offset(*offset);
        let found = self.lookup.find_all((topic, *partition), None, start, self.deadline, 1)?;
        Ok(found.records.into_iter().find(|record| record.offset == *offset))
    }

    fn reply(&self, sought: &Sought, review: &Record, decided: i64) -> Known<Option<Record>> {
        let all = AllowedReplyTopics::matching(".*").unwrap_or_default();
        let Ok(Some(address)) = ReplyAddress::from_headers(&review.headers, &all) else {
            return Ok(None);
        };
        let topic = &self.topics.replies;
        if address.topic != *topic {
            return Err("it goes to another topic than the replies to web");
        }
        let key = sought.id.as_bytes();
        let search = || {
            let partition =
                address.partition.map_or_else(|| self.lookup.partition_of(topic, key), Ok)?;
            let start = start_at(Some(decided));
            self.lookup.find((topic, partition), key, start, self.deadline)
        };
        match search() {
            Ok(Search { found: Some(reply), .. }) => Ok(Some(reply)),
            Ok(Search { is_complete: false, .. }) => Err(MORE),
            Ok(_) if address.is_late(decided) => Err("the requester had stopped waiting"),
            Ok(_) => Err("the topic has no reply: it is not sent, or no longer kept"),
            Err(failure) => Err(unread(&failure)),
        }
    }

    fn labels(&mut self, sought: &Sought, sent: Option<i64>) -> Known<Vec<Record>> {
        let (start, mut labels) = match self.unfinished.labels.remove(sought) {
            Some((next, labels)) => (Start::Offset(next), labels),
            None => (start_at(sent.or(sought.since_unix_ms)), Vec::new()),
        };
        let (topic, key) = (&self.topics.labels, sought.id.as_bytes());
        let search = || {
            let place = (&**topic, self.lookup.partition_of(topic, key)?);
            self.lookup.find_all(place, Some(key), start, self.deadline, LABELS)
        };
        let Found { records, next, is_complete } = search().map_err(|failure| unread(&failure))?;
        labels.extend(records);
        if is_complete {
            return Ok(labels);
        }
        self.unfinished.labels.insert(sought.clone(), (next, labels));
        Err(MORE)
    }

    fn pointers(&self) -> Known<Vec<Record>> {
        let topic = &self.topics.models;
        let partitions = self.lookup.partitions(topic).map_err(|failure| unread(&failure))?;
        let mut pointers = Vec::new();
        for partition in 0..partitions {
            let place = (&**topic, partition);
            let found =
                self.lookup.find_all(place, None, Start::Offset(0), self.deadline, POINTERS);
            let found = found.map_err(|failure| unread(&failure))?;
            if !found.is_complete {
                return Err(MORE);
            }
            pointers.extend(found.records);
        }
        Ok(pointers)
    }
}

const MORE: &str = "more has to be searched than one question may take: ask again";

fn unread(failure: &Failure) -> &'static str {
    tracing::debug!("{failure}");
    "its topic cannot be read"
}

fn start_at(unix_ms: Option<i64>) -> Start {
    unix_ms.map_or(Start::Last(UNTIMED), |time| Start::UnixMs(time.saturating_sub(CLOCKS_MS)))
}
