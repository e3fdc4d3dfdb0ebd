//! What happens, told once: each event is one function that logs and counts together. No text of a review is logged.

use std::time::{Duration, Instant};

use verdict_kafka_io::{Failure, Record, Source};
use verdict_messages::{ErrorKind, Sentiment};
use verdict_sentiment::Model;
use verdict_telemetry::{
    Metrics, ModelInfo,
    labels::{
        DeadLetter, Destination, Ending as EndingLabel, Prediction, ReplySent, SendError, Stage,
    },
};

use crate::{
    deliver::RepliesSent,
    run::Summary,
    score::{Ending, Outcome, Reply},
    settings::Settings,
};

/// How often something that goes on happening is logged.
const AGAIN: Duration = Duration::from_secs(10);

/// Where the consumer tells what happens.
#[derive(Debug)]
pub struct Events {
    metrics: Metrics,
    reviews: Destination,
    verdicts: Destination,
    dead_letters: Destination,
    trouble: Rarely,
    rejected: Rarely,
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

    /// A batch was read at `now_unix_ms` (milliseconds since 1970). Its oldest record tells how long reviews wait.
    pub fn batch_read(&self, records: &[Record], now_unix_ms: i64) {
        let oldest = records
            .iter()
            .filter_map(|record| record.timestamp_ms)
            .min();
        // A writer's clock may be ahead of this one; then nothing is known to have waited.
        if let Some(waited) = oldest.and_then(|oldest| now_unix_ms.checked_sub(oldest)) {
            let waited = Duration::from_millis(u64::try_from(waited).unwrap_or_default());
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
        let read = count(endings.iter());
        self.metrics.record_consumed(&self.reviews, read);
        self.metrics.record_batch(&self.reviews, read, took);
        let with = |outcome| count(endings.iter().filter(|ending| ending.outcome == outcome));
        for (sentiment, class) in [
            (Sentiment::Positive, Prediction::Positive),
            (Sentiment::Negative, Prediction::Negative),
        ] {
            let n = with(Outcome::Verdict(sentiment));
            if n > 0 {
                self.metrics.record_predictions(class, n);
            }
        }
        let verdicts = count(
            endings
                .iter()
                .filter(|ending| matches!(ending.outcome, Outcome::Verdict(_))),
        );
        if verdicts > 0 {
            self.metrics.record_ended(EndingLabel::Verdict, verdicts);
            self.metrics.record_sent(&self.verdicts, verdicts);
        }
        for kind in ErrorKind::ALL {
            let n = with(Outcome::DeadLetter(kind));
            if n > 0 {
                self.metrics
                    .record_ended(EndingLabel::DeadLetter(label(kind)), n);
                self.metrics.record_sent(&self.dead_letters, n);
            }
        }
        for ending in endings {
            self.metrics.record_scored(ending.took);
        }
        let expired = count(
            endings
                .iter()
                .filter(|ending| ending.reply == Reply::Expired),
        );
        if expired > 0 {
            self.metrics.record_replies(ReplySent::Expired, expired);
        }
        if let Some(rejected) = self.rejected.say(read - verdicts) {
            tracing::warn!(
                rejected,
                "records became dead letters; their headers say why"
            );
        }
        self.trouble.is_over();
        tracing::debug!(read, verdicts, ms = took.as_millis(), "batch committed");
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
        tracing::info!(
            in_a_row,
            "there are verdicts again: reading goes on as before"
        );
    }

    /// A batch does not stand and is read again.
    pub fn batch_failed(&mut self, failure: &Failure, records: usize) {
        self.metrics
            .record_not_sent(&self.verdicts, SendError::Unknown, records as u64);
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
        for (outcome, n) in [
            (ReplySent::Sent, replies.sent),
            (ReplySent::Failed, replies.failed),
        ] {
            if n > 0 {
                self.metrics.record_replies(outcome, n);
            }
        }
    }

    /// How far behind the group is, for each partition held.
    pub fn lag(&self, source: &Source) {
        let lags = source.connection().lags().into_iter();
        self.metrics
            .set_lag(lags.map(|lag| ((lag.topic, lag.partition), lag.records)));
    }

    /// The loop has ended.
    pub fn stopped(&self, summary: &Summary) {
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

fn count<'e>(endings: impl Iterator<Item = &'e Ending>) -> u64 {
    endings.count() as u64
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
