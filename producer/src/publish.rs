//! Reads a data set and writes it to Kafka.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use verdict_datasets::{OpenOptions, ReadError, Review, Source};
use verdict_kafka_io::{Failure, KafkaSettings, Outgoing, Publisher, PublisherRole, topics};
use verdict_messages::Rejection;
use verdict_service::Shutdown;

use crate::encode::{EncodeError, Encoder};
use crate::pace::Pace;
use crate::report::Progress;
use crate::summary::{Ended, Summary};

/// How often progress is shown, and a missing topic is looked for.
const TICK: Duration = Duration::from_millis(100);
/// How long a topic may stay missing.
const MISSING: Duration = Duration::from_secs(5);

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

/// Why nothing, or not everything, was published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// Kafka is away, or refuses.
    #[error("{}", .0.details())]
    Kafka(Failure),
    /// Kafka went away, or refuses records.
    #[error("{confirmed} of {sent} records for {topic} were confirmed: {}", .failure.details())]
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
    #[error(transparent)]
    Source(#[from] ReadError),
    /// The JSON writer failed.
    #[error(transparent)]
    Json(#[from] Rejection),
}

// Not by #[from], which would make the failure its own cause, and print it twice.
impl From<Failure> for PublishError {
    fn from(failure: Failure) -> Self {
        Self::Kafka(failure)
    }
}

/// Publishes, and returns when everything is confirmed. Blocks the thread.
///
/// `now` gives milliseconds since 1970. A review that cannot be read is shown, counted and passed
/// over; so is the end of a source that breaks off.
///
/// # Errors
/// The source cannot be opened; no broker answers within the timeout, a topic is missing, or
/// records stay unconfirmed for longer than the client tries: then some may be stored and some not.
pub fn publish(
    kafka: &KafkaSettings,
    settings: &PublishSettings,
    now: impl Fn() -> i64,
    shutdown: &Shutdown,
    progress: &mut Progress,
) -> Result<Summary, PublishError> {
    // Standard input comes last: opening it waits for a first line, and nobody should type one for
    // a Kafka that is away.
    let typed = settings.path.as_os_str() == "-";
    let file = (!typed).then(|| Source::open(&settings.path, &settings.open)).transpose()?;
    let outbox = Outbox::open(kafka, settings, shutdown)?;
    progress.connected();
    let source = match file {
        Some(source) => source,
        None => Source::open(&settings.path, &settings.open)?,
    };
    let mut run = Run { outbox, settings, started: Instant::now(), unreadable: 0, progress };
    let ended = run.send_all(source, now, shutdown)?;
    run.outbox.wait_delivered()?;
    let summary = run.summary(ended);
    run.progress.finish(&summary);
    Ok(summary)
}

struct Run<'a> {
    outbox: Outbox,
    settings: &'a PublishSettings,
    started: Instant,
    unreadable: u64,
    progress: &'a mut Progress,
}

impl Run<'_> {
    fn send_all(
        &mut self,
        mut source: Source,
        now: impl Fn() -> i64,
        shutdown: &Shutdown,
    ) -> Result<Ended, PublishError> {
        let mut pace = self.settings.rate.map(|rate| Pace::new(rate, self.started));
        let limit = self.settings.limit.unwrap_or(u64::MAX);
        let mut shown = self.started;
        while self.outbox.reviews.sent() < limit {
            let Some(row) = source.next() else {
                return Ok(self.end(&source, Ended::Complete));
            };
            match row {
                Ok(review) => {
                    let wait =
                        pace.as_mut().map_or(Duration::ZERO, |pace| pace.wait(Instant::now()));
                    if shutdown.wait(wait) {
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
            if shown.elapsed() >= TICK {
                shown = Instant::now();
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
        self.progress.unreadable(error);
    }

    fn end(&mut self, source: &Source, ended: Ended) -> Ended {
        let summary = self.summary(ended);
        self.progress.advanced(source.progress(), &summary);
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
        shutdown: &Shutdown,
    ) -> Result<Self, PublishError> {
        let Encoder { reviews, labels, .. } = &settings.encoder;
        let started = Instant::now();
        loop {
            let present = topics::present(kafka, settings.timeout)?;
            let is_missing =
                |topic: &&Arc<str>| !present.iter().any(|(name, _)| **name == ***topic);
            let wanted = [Some(reviews), labels.as_ref()];
            let Some(missing) = wanted.into_iter().flatten().find(is_missing) else {
                break;
            };
            // A broker learns of new topics one after the other: it may not know yet of one that
            // was created a moment ago, least of all behind a topic of many partitions.
            if started.elapsed() >= settings.timeout.min(MISSING) || shutdown.wait(TICK) {
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

/// A publisher for one topic.
pub(crate) struct Lane {
    topic: Arc<str>,
    publisher: Publisher,
}

impl Lane {
    pub(crate) fn open(kafka: &KafkaSettings, topic: &Arc<str>) -> Result<Self, Failure> {
        Ok(Self {
            topic: Arc::clone(topic),
            publisher: Publisher::new(kafka, PublisherRole::Bulk)?,
        })
    }

    pub(crate) fn send(&self, outgoing: &Outgoing) -> Result<(), PublishError> {
        self.publisher.send(outgoing).map_err(|failure| self.undelivered(failure))
    }

    fn sent(&self) -> u64 {
        self.publisher.counts().sent
    }

    pub(crate) fn confirmed(&self) -> u64 {
        self.publisher.counts().confirmed
    }

    pub(crate) fn wait_delivered(&self) -> Result<(), PublishError> {
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
