//! What happens, told once: each event is one function that logs and counts together. No text of a review is logged.

use std::time::{Duration, Instant};

use verdict_kafka_io::{Failure, Record, Source};
use verdict_messages::{ErrorKind, Sentiment, time};
use verdict_sentiment::Model;
use verdict_telemetry::{
    Metrics, ModelInfo,
    labels::{
        DeadLetter, Destination, Ending as EndingLabel, Prediction, ReplySent, SendError, Stage,
    },
};

use crate::{
    deliver::RepliesSent,
    score::{Ending, Outcome, Reply},
    settings::Settings,
    summary::Summary,
};

/// How often something that goes on happening is logged.
const AGAIN: Duration = Duration::from_secs(10);

/// Counters are told after so many records at the latest. Each takes a look-up of its labels, which small batches would pay for every
/// few records.
const TELL_AFTER: u64 = 1_000;

/// What was counted and not told yet.
#[derive(Debug, Default)]
struct Counted {
    read: u64,
    positive: u64,
    negative: u64,
    // In the order of `ErrorKind::ALL`.
    dead_letters: [u64; ErrorKind::ALL.len()],
    expired: u64,
}

impl Counted {
    fn add(&mut self, ending: &Ending) {
        self.read += 1;
        match ending.outcome {
            Outcome::Verdict(Sentiment::Positive) => self.positive += 1,
            Outcome::Verdict(Sentiment::Negative) => self.negative += 1,
            Outcome::DeadLetter(kind) => {
                let kinds = ErrorKind::ALL.iter().zip(&mut self.dead_letters);
                kinds.filter(|(known, _)| **known == kind).for_each(|(_, n)| *n += 1);
            }
        }
        self.expired += u64::from(ending.reply == Reply::Expired);
    }

    fn rejected(&self) -> u64 {
        self.dead_letters.iter().sum()
    }
}

/// Where the consumer tells what happens.
#[derive(Debug)]
pub struct Events {
    metrics: Metrics,
    reviews: Destination,
    verdicts: Destination,
    dead_letters: Destination,
    trouble: Rarely,
    rejected: Rarely,
    counted: Counted,
}

impl Events {
    /// Events of a consumer with these settings.
    #[must_use]
    pub fn new(metrics: Metrics, settings: &Settings) -> Self {
        let reviews = settings.source.topics.first().map_or("", String::as_str);
        Self {
            metrics,
            reviews: Destination::topic(reviews),
            verdicts: Destination::topic(&settings.verdicts_topic),
            dead_letters: Destination::topic(&settings.dead_letters_topic),
            trouble: Rarely::default(),
            rejected: Rarely::default(),
            counted: Counted::default(),
        }
    }

    /// The loop begins.
    pub fn started(&self, settings: &Settings, model: &Model, promise: &str) {
        // Both series are there before anything has happened.
        self.metrics.set_breaker_open(false);
        self.metrics.record_breaker_trips(0);
        tracing::info!(
            brokers = settings.kafka.bootstrap(),
            group = settings.source.group,
            reviews = settings.source.topics.join(","),
            verdicts = settings.verdicts_topic,
            dead_letters = settings.dead_letters_topic,
            threads = settings.threads.get(),
            terms = model.n_terms(),
            "consumer started; every review has its outcome {promise}"
        );
    }

    /// Another model scores from now on.
    pub fn model_taken(&self, model: &Model) {
        let identity = model.identity();
        self.metrics.set_model(ModelInfo {
            name: identity.name.clone(),
            version: identity.version.clone(),
            sha256: identity.sha256.clone(),
        });
        tracing::info!(
            name = identity.name,
            version = identity.version,
            sha256 = identity.sha256,
            "model taken"
        );
    }

    /// The group has given or taken partitions.
    pub fn rebalanced(&self, assigned: usize, revoked: usize, held: usize) {
        tracing::info!(assigned, revoked, held, "partitions changed");
    }

    /// A batch was read at `now_unix_ms` (milliseconds since 1970). Its oldest record tells how long reviews wait; a timestamp
    /// that can be no true one tells nothing.
    pub fn batch_read(&self, records: &[Record], now_unix_ms: i64) {
        let stamps = records.iter().filter_map(|record| record.timestamp_ms);
        let waited = stamps.filter_map(|stamp| time::since(stamp, now_unix_ms)).max();
        if let Some(waited) = waited {
            self.metrics.record_stage(Stage::Queue, waited);
        }
    }

    /// Every record of a batch has its ending.
    pub fn batch_scored(&self, took: Duration) {
        self.metrics.record_stage(Stage::Score, took);
    }

    /// A batch's outputs were sent, and are confirmed, and its positions are committed.
    pub fn batch_delivered(&self, took: Duration) {
        self.metrics.record_stage(Stage::Deliver, took);
    }

    /// A batch stands: its outputs are confirmed and its positions committed. `took` since its last poll.
    pub fn batch_committed(&mut self, endings: &[Ending], took: Duration) {
        let before = (self.counted.read, self.counted.rejected());
        for ending in endings {
            self.counted.add(ending);
            self.metrics.record_scored(ending.took);
        }
        let read = self.counted.read - before.0;
        let rejected = self.counted.rejected() - before.1;
        self.metrics.record_batch(&self.reviews, read, took);
        if self.counted.read >= TELL_AFTER {
            self.tell();
        }
        if let Some(rejected) = self.rejected.say(rejected) {
            tracing::warn!(rejected, "records became dead letters; their headers say why");
        }
        self.trouble.is_over();
        tracing::debug!(read, verdicts = read - rejected, ms = took.as_millis(), "batch committed");
    }

    /// Counts what was gathered since the last time: call it once a second.
    pub fn tell(&mut self) {
        let counted = std::mem::take(&mut self.counted);
        let tell = |n: u64, count: &dyn Fn(u64)| {
            if n > 0 {
                count(n);
            }
        };
        let metrics = &self.metrics;
        tell(counted.read, &|n| metrics.record_consumed(&self.reviews, n));
        tell(counted.positive, &|n| {
            metrics.record_predictions(Prediction::Positive, n);
        });
        tell(counted.negative, &|n| {
            metrics.record_predictions(Prediction::Negative, n);
        });
        tell(counted.positive + counted.negative, &|n| {
            metrics.record_ended(EndingLabel::Verdict, n);
            metrics.record_sent(&self.verdicts, n);
        });
        for (kind, n) in ErrorKind::ALL.into_iter().zip(counted.dead_letters) {
            tell(n, &|n| {
                metrics.record_ended(EndingLabel::DeadLetter(label(kind)), n);
                metrics.record_sent(&self.dead_letters, n);
            });
        }
        tell(counted.expired, &|n| {
            metrics.record_replies(ReplySent::Expired, n);
        });
    }

    /// Reading pauses.
    pub fn breaker_opened(&self, in_a_row: u64, pause: Duration) {
        self.metrics.set_breaker_open(true);
        self.metrics.record_breaker_trips(1);
        tracing::warn!(
            in_a_row,
            pause_s = pause.as_secs(),
            "too many dead letters in a row: reading is paused; what is not read stays in the log"
        );
    }

    /// Reading goes on.
    pub fn breaker_closed(&self, in_a_row: u64) {
        self.metrics.set_breaker_open(false);
        tracing::info!(in_a_row, "there are verdicts again: reading goes on as before");
    }

    /// A batch does not stand and is read again.
    pub fn batch_failed(&mut self, failure: &Failure, records: usize) {
        self.metrics.record_not_sent(&self.verdicts, SendError::Unknown, records as u64);
        tracing::warn!(
            records,
            cause = failure.trouble().cause.as_str(),
            "batch failed: {failure}"
        );
    }

    /// Kafka is away, or something like it. Said once in a while as long as it lasts.
    pub fn trouble(&mut self, failure: &Failure) {
        if let Some(times) = self.trouble.say(1) {
            tracing::warn!(times, cause = failure.trouble().cause.as_str(), "{failure}");
        }
    }

    /// A reply could not even be queued.
    pub fn reply_not_queued(&mut self, failure: &Failure) {
        self.metrics.record_replies(ReplySent::Failed, 1);
        self.trouble(failure);
    }

    /// What became of replies.
    pub fn replies(&self, replies: RepliesSent) {
        for (outcome, n) in [(ReplySent::Sent, replies.sent), (ReplySent::Failed, replies.failed)] {
            if n > 0 {
                self.metrics.record_replies(outcome, n);
            }
        }
    }

    /// How far behind the group is, for each partition held.
    pub fn lag(&self, source: &Source) {
        let lags = source.lags();
        self.metrics.set_lag(lags.map(|lag| ((lag.topic, lag.partition), lag.records)));
    }

    /// The loop has ended.
    pub fn stopped(&mut self, summary: &Summary) {
        self.tell();
        tracing::info!(
            read = summary.read,
            verdicts = summary.verdicts,
            dead_letters = summary.dead_letters(),
            batches = summary.batches,
            failed_batches = summary.failed_batches,
            models = summary.models,
            longest_swap_us = summary.longest_swap.as_micros(),
            "consumer stopped"
        );
    }
}

fn label(kind: ErrorKind) -> DeadLetter {
    match kind {
        ErrorKind::Decode => DeadLetter::Decode,
        ErrorKind::Schema => DeadLetter::Schema,
        ErrorKind::TooLarge => DeadLetter::TooLarge,
        ErrorKind::BadReplyTopic => DeadLetter::BadReplyTopic,
        ErrorKind::Internal => DeadLetter::Internal,
    }
}

/// Says the first of many at once, and then every now and then how many there were.
#[derive(Debug, Default)]
struct Rarely {
    said: Option<Instant>,
    unsaid: u64,
}

impl Rarely {
    /// `n` more happened; gives the number to say now, if it is time to.
    fn say(&mut self, n: u64) -> Option<u64> {
        self.unsaid += n;
        if self.unsaid == 0 || self.said.is_some_and(|said| said.elapsed() < AGAIN) {
            return None;
        }
        self.said = Some(Instant::now());
        Some(std::mem::take(&mut self.unsaid))
    }

    /// The next one is the first again.
    fn is_over(&mut self) {
        *self = Self::default();
    }
}
