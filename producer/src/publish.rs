//! Reads a data set and writes it to Kafka.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;
use verdict_datasets::{OpenOptions, Progress, ReadError, Review, Source};
use verdict_kafka_io::{Failure, KafkaSettings, Outgoing, Publisher, PublisherRole, topics};
use verdict_messages::Rejection;

use crate::encode::{EncodeError, Encoder};
use crate::pace::Pace;
use crate::stop::Stop;

/// How often the one who watches is told, and a missing topic is looked for.
const TICK: Duration = Duration::from_millis(100);
/// How long a topic may stay missing.
const NEWS: Duration = Duration::from_secs(5);

/// What to publish.
#[derive(Debug, Clone)]
pub struct PublishSettings {
    /// A file, a folder, or `-` for standard input.
    pub path: PathBuf,
    /// How to read it.
    pub open: OpenOptions,
    /// Where the records go, and under which ids.
    pub encoder: Encoder,
    /// At most so many reviews.
    pub limit: Option<u64>,
    /// At most so many reviews a second.
    pub rate: Option<f64>,
    /// How long Kafka may take to answer at the start.
    pub timeout: Duration,
}

/// Told what happens while it happens; every method may be left out.
pub trait Observer {
    /// A broker answered, and the topics are there.
    fn connected(&mut self) {}
    /// A review cannot be read or sent; it was counted.
    fn unreadable(&mut self, _error: &ReadError) {}
    /// So far; told a few times a second, and at the end.
    fn advanced(&mut self, _progress: Progress, _summary: &Summary) {}
}

/// Watches nothing.
#[derive(Debug, Clone, Copy)]
pub struct Quiet;

impl Observer for Quiet {}

/// How publishing ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// Everything was read.
    Complete,
    /// The limit was reached.
    Limit,
    /// Asked to stop.
    Stopped,
    /// The source broke off.
    SourceBroken,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// Reviews confirmed by all replicas.
    pub published: u64,
    /// Labels confirmed by all replicas.
    pub labels: u64,
    /// Reviews, or parts of the source, that could not be read or sent.
    pub unreadable: u64,
    /// From the first review read to the last confirmation, seconds.
    pub seconds: f64,
    /// Confirmed reviews a second.
    pub reviews_per_second: f64,
    /// How it ended.
    pub ended: Ended,
}

/// Why nothing, or not everything, was published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// Kafka is away, or refuses.
    #[error("{}", .0.trouble())]
    Kafka(#[from] Failure),
    /// Kafka went away, or refuses records.
    #[error("{confirmed} of {sent} records for {topic} were confirmed: {}", .failure.trouble())]
    Undelivered {
        /// The topic.
        topic: Arc<str>,
        /// Records confirmed by all replicas.
        confirmed: u64,
        /// Records sent.
        sent: u64,
        /// What the client says.
        failure: Failure,
    },
    /// A topic is missing.
    #[error("topic {topic} does not exist on {bootstrap}: `producer topics ensure` creates it")]
    NoTopic {
        /// The topic.
        topic: String,
        /// The brokers asked.
        bootstrap: String,
    },
    /// The source cannot be opened.
    #[error("{0}")]
    Source(#[from] ReadError),
    /// The JSON writer failed.
    #[error("{0}")]
    Json(#[from] Rejection),
}

/// Publishes, and returns when everything is confirmed. Blocks the thread.
///
/// `now` gives milliseconds since 1970. A review that cannot be read is told to `observer`, counted, and passed over; so
/// is the end of a source that breaks off.
///
/// # Errors
/// The source cannot be opened; no broker answers within the timeout, a topic is missing, or records stay unconfirmed
/// for longer than the client tries: then some may be stored and some not.
pub fn publish(
    kafka: &KafkaSettings,
    settings: &PublishSettings,
    now: impl Fn() -> i64,
    stop: &Stop,
    observer: &mut dyn Observer,
) -> Result<Summary, PublishError> {
    // Standard input comes last: opening it waits for a first line, and nobody should type one for a Kafka that is away.
    let typed = settings.path.as_os_str() == "-";
    let file = (!typed).then(|| Source::open(&settings.path, &settings.open)).transpose()?;
    let outbox = Outbox::open(kafka, settings, stop)?;
    observer.connected();
    let source = match file {
        Some(source) => source,
        None => Source::open(&settings.path, &settings.open)?,
    };
    let mut run = Run { outbox, settings, started: Instant::now(), unreadable: 0, observer };
    let ended = run.send_all(source, now, stop)?;
    run.outbox.wait_delivered()?;
    Ok(run.summary(ended))
}

struct Run<'a> {
    outbox: Outbox,
    settings: &'a PublishSettings,
    started: Instant,
    unreadable: u64,
    observer: &'a mut dyn Observer,
}

impl Run<'_> {
    fn send_all(
        &mut self,
        mut source: Source,
        now: impl Fn() -> i64,
        stop: &Stop,
    ) -> Result<Ended, PublishError> {
        let mut pace = self.settings.rate.map(|rate| Pace::new(rate, self.started));
        let limit = self.settings.limit.unwrap_or(u64::MAX);
        let mut told = self.started;
        while self.outbox.reviews.sent() < limit {
            let Some(row) = source.next() else {
                return Ok(self.end(&source, Ended::Complete));
            };
            match row {
                Ok(review) => {
                    let wait =
                        pace.as_mut().map_or(Duration::ZERO, |pace| pace.wait(Instant::now()));
                    if stop.wait(wait) {
                        return Ok(self.end(&source, Ended::Stopped));
                    }
                    self.send(&review, now())?;
                }
                Err(error) => {
                    self.pass_over(&error);
                    if error.is_fatal() {
                        return Ok(self.end(&source, Ended::SourceBroken));
                    }
                }
            }
            if told.elapsed() >= TICK {
                told = Instant::now();
                self.end(&source, Ended::Complete);
            }
        }
        Ok(self.end(&source, Ended::Limit))
    }

    fn send(&mut self, review: &Review, unix_ms: i64) -> Result<(), PublishError> {
        match self.settings.encoder.encode(review, unix_ms) {
            Ok(records) => {
                self.outbox.reviews.send(&records.review)?;
                if let (Some(label), Some(labels)) = (&records.label, &self.outbox.labels) {
                    labels.send(label)?;
                }
                Ok(())
            }
            Err(EncodeError::Unfit(error)) => {
                self.pass_over(&error);
                Ok(())
            }
            Err(EncodeError::Json(error)) => Err(error.into()),
        }
    }

    fn pass_over(&mut self, error: &ReadError) {
        self.unreadable += 1;
        self.observer.unreadable(error);
    }

    fn end(&mut self, source: &Source, ended: Ended) -> Ended {
        let summary = self.summary(ended);
        self.observer.advanced(source.progress(), &summary);
        ended
    }

    fn summary(&self, ended: Ended) -> Summary {
        let seconds = self.started.elapsed().as_secs_f64();
        let published = self.outbox.reviews.confirmed();
        let labels = self.outbox.labels.as_ref().map_or(0, Lane::confirmed);
        let per_second = if seconds > 0.0 { published as f64 / seconds } else { 0.0 };
        Summary {
            published,
            labels,
            unreadable: self.unreadable,
            seconds,
            reviews_per_second: per_second,
            ended,
        }
    }
}

/// A publisher for each topic, so that what is confirmed is known for each.
struct Outbox {
    reviews: Lane,
    labels: Option<Lane>,
}

impl Outbox {
    /// Asks first whether Kafka and the topics are there: the client itself would try for minutes and say little.
    fn open(
        kafka: &KafkaSettings,
        settings: &PublishSettings,
        stop: &Stop,
    ) -> Result<Self, PublishError> {
        let Encoder { reviews, labels, .. } = &settings.encoder;
        let started = Instant::now();
        loop {
            let present = topics::wait_for_broker(kafka, settings.timeout)?.topics;
            let is_missing =
                |topic: &&Arc<str>| !present.iter().any(|(name, _)| **name == ***topic);
            let wanted = [Some(reviews), labels.as_ref()];
            let Some(missing) = wanted.into_iter().flatten().find(is_missing) else {
                break;
            };
            // A broker learns of new topics one after the other: what was created a moment ago may not be known to it
            // yet, least of all behind a topic of many partitions.
            if started.elapsed() >= settings.timeout.min(NEWS) || stop.wait(TICK) {
                let (topic, bootstrap) = (missing.to_string(), kafka.bootstrap().to_owned());
                return Err(PublishError::NoTopic { topic, bootstrap });
            }
        }
        let labels = labels.as_ref().map(|topic| Lane::open(kafka, topic)).transpose()?;
        Ok(Self { reviews: Lane::open(kafka, reviews)?, labels })
    }

    fn wait_delivered(&self) -> Result<(), PublishError> {
        [Some(&self.reviews), self.labels.as_ref()]
            .into_iter()
            .flatten()
            .try_for_each(Lane::wait_delivered)
    }
}

struct Lane {
    topic: Arc<str>,
    publisher: Publisher,
}

impl Lane {
    fn open(kafka: &KafkaSettings, topic: &Arc<str>) -> Result<Self, Failure> {
        Ok(Self {
            topic: Arc::clone(topic),
            publisher: Publisher::new(kafka, PublisherRole::Bulk)?,
        })
    }

    fn send(&self, outgoing: &Outgoing) -> Result<(), PublishError> {
        self.publisher.send(outgoing).map_err(|failure| self.undelivered(failure))
    }

    fn sent(&self) -> u64 {
        self.publisher.counts().sent
    }

    fn confirmed(&self) -> u64 {
        self.publisher.counts().confirmed
    }

    fn wait_delivered(&self) -> Result<(), PublishError> {
        // A little longer than the client tries, so that its own word on what failed is heard.
        const GRACE: Duration = Duration::from_secs(5);
        let patience = PublisherRole::Bulk.delivery_timeout() + GRACE;
        self.publisher.wait_delivered(patience).map_err(|failure| self.undelivered(failure))
    }

    fn undelivered(&self, failure: Failure) -> PublishError {
        let (topic, confirmed, sent) = (Arc::clone(&self.topic), self.confirmed(), self.sent());
        PublishError::Undelivered { topic, confirmed, sent, failure }
    }
}
