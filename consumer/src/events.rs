//! What happens: each event is one function that logs and counts together. No text of a review is
//! logged.

use std::time::{Duration, Instant};

use verdict_kafka_io::{Failure, Record, Source};
use verdict_messages::{ErrorKind, time};
use verdict_sentiment::Model;
use verdict_telemetry::{
    Metrics,
    labels::{
        DeadLetter, Destination, Ending as EndingLabel, Prediction, ReplySent, SendError, Stage,
    },
};

use crate::{
    models,
    score::Ending,
    settings::Settings,
    summary::{Endings, Summary},
};

/// How often something that goes on happening is logged.
const AGAIN: Duration = Duration::from_secs(10);

/// Counters are recorded after so many records at the latest. Each takes a look-up of its labels,
/// which small batches would pay for every few records.
const RECORD_AFTER: u64 = 1_000;

/// Logs and counts what happens in the loop, and sums it up.
#[derive(Debug)]
pub struct Events {
    metrics: Metrics,
    reviews: Destination,
    verdicts: Destination,
    dead_letters: Destination,
    trouble: Rarely,
    rejected: Rarely,
    // What was counted and not recorded yet.
    counted: Endings,
    summary: Summary,
}

impl Events {
    /// Events of a consumer with these settings.
    #[must_use]
    pub fn new(metrics: Metrics, settings: &Settings) -> Self {
        let reviews = settings.source.topics.first().map_or("", String::as_str);
        Self {
            metrics,
            reviews: Destination::topic(reviews),
            verdicts: Destination::topic(&settings.scoring.verdicts_topic),
            dead_letters: Destination::topic(&settings.scoring.dead_letters_topic),
            trouble: Rarely::default(),
            rejected: Rarely::default(),
            counted: Endings::default(),
            summary: Summary::default(),
        }
    }

    /// The loop begins.
    pub fn started(&self, settings: &Settings, model: &Model, promise: &str) {
        // These series are there before anything has happened.
        self.metrics.set_breaker_open(false);
        self.metrics.record_breaker_trips(0);
        self.metrics.record_unsure(0);
        tracing::info!(
            brokers = settings.kafka.bootstrap(),
            group = settings.source.group,
            reviews = settings.source.topics.join(","),
            verdicts = &*settings.scoring.verdicts_topic,
            dead_letters = &*settings.scoring.dead_letters_topic,
            threads = settings.threads.get(),
            terms = model.n_terms(),
            "consumer started; every review has its outcome {promise}"
        );
    }

    /// Another model scores from now on; taking it up has kept the loop for `took`.
    pub fn model_taken(&mut self, model: &Model, took: Duration) {
        self.summary.models += 1;
        self.summary.longest_swap = self.summary.longest_swap.max(took);
        let identity = model.identity();
        let target_error = model.decision_rule().map(|rule| rule.target_error);
        self.metrics.set_model(models::info(identity), target_error);
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

    /// A batch was read at `now_unix_ms` (milliseconds since 1970). Its oldest record says how long
    /// reviews wait; a timestamp that cannot be true says nothing.
    pub fn batch_read(&self, records: &[Record], now_unix_ms: i64) {
        let stamps = records.iter().filter_map(|record| record.timestamp_ms);
        let waited = stamps.filter_map(|stamp| time::since(stamp, now_unix_ms)).max();
        if let Some(waited) = waited {
            self.metrics.record_stage(Stage::Queue, waited);
        }
    }

    /// A batch has passed a stage.
    pub fn stage(&self, stage: Stage, took: Duration) {
        self.metrics.record_stage(stage, took);
    }

    /// A batch stands: its outputs are confirmed and its positions committed. `took` since its last
    /// poll.
    pub fn batch_committed(&mut self, endings: &[Ending], took: Duration) {
        self.summary.batches += 1;
        let mut batch = Endings::default();
        for ending in endings {
            batch.add(ending);
            self.counted.add(ending);
            self.summary.endings.add(ending);
            self.metrics.record_scored(ending.took);
        }
        self.metrics.record_batch(&self.reviews, batch.read, took);
        if self.counted.read >= RECORD_AFTER {
            self.flush();
        }
        if let Some(rejected) = self.rejected.due(batch.dead_letters()) {
            tracing::warn!(rejected, "records became dead letters; their headers say why");
        }
        self.trouble.is_over();
        let (read, verdicts) = (batch.read, batch.verdicts());
        tracing::debug!(read, verdicts, ms = took.as_millis(), "batch committed");
    }

    /// Records what was counted since the last time: call it once a second.
    pub fn flush(&mut self) {
        let counted = std::mem::take(&mut self.counted);
        let metrics = &self.metrics;
        let record = |n: u64, record: &dyn Fn(u64)| {
            if n > 0 {
                record(n);
            }
        };
        record(counted.read, &|n| metrics.record_consumed(&self.reviews, n));
        record(counted.positive, &|n| metrics.record_predictions(Prediction::Positive, n));
        record(counted.negative, &|n| metrics.record_predictions(Prediction::Negative, n));
        record(counted.unsure, &|n| metrics.record_unsure(n));
        record(counted.verdicts(), &|n| {
            metrics.record_ended(EndingLabel::Verdict, n);
            metrics.record_sent(&self.verdicts, n);
        });
        for (kind, n) in ErrorKind::ALL.into_iter().zip(counted.dead_letters_by_kind) {
            record(n, &|n| {
                metrics.record_ended(EndingLabel::DeadLetter(label(kind)), n);
                metrics.record_sent(&self.dead_letters, n);
            });
        }
        record(counted.expired, &|n| metrics.record_replies(ReplySent::Expired, n));
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
        self.summary.failed_batches += 1;
        self.metrics.record_not_sent(&self.verdicts, SendError::Unknown, records as u64);
        tracing::warn!(
            records,
            cause = failure.details().cause.as_str(),
            "batch failed: {failure}"
        );
    }

    /// Kafka is away, or something like it. Logged once in a while as long as it lasts.
    pub fn trouble(&mut self, failure: &Failure) {
        if let Some(times) = self.trouble.due(1) {
            tracing::warn!(times, cause = failure.details().cause.as_str(), "{failure}");
        }
    }

    /// A reply could not even be queued.
    pub fn reply_not_queued(&mut self, failure: &Failure) {
        self.metrics.record_replies(ReplySent::Failed, 1);
        self.trouble(failure);
    }

    /// What became of replies.
    pub fn replies(&self, replies: [(ReplySent, u64); 2]) {
        for (outcome, n) in replies {
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

    /// The loop has ended, and did this.
    #[must_use]
    pub fn stopped(mut self) -> Summary {
        self.flush();
        let Summary { endings, batches, failed_batches, models, longest_swap } = self.summary;
        tracing::info!(
            read = endings.read,
            verdicts = endings.verdicts(),
            dead_letters = endings.dead_letters(),
            batches,
            failed_batches,
            models,
            longest_swap_us = longest_swap.as_micros(),
            "consumer stopped"
        );
        self.summary
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

/// Logs the first of many at once, and then every now and then how many there were.
#[derive(Debug, Default)]
struct Rarely {
    logged: Option<Instant>,
    waiting: u64,
}

impl Rarely {
    /// `n` more happened; gives the number to log now, if it is time to.
    fn due(&mut self, n: u64) -> Option<u64> {
        self.waiting += n;
        if self.waiting == 0 || self.logged.is_some_and(|logged| logged.elapsed() < AGAIN) {
            return None;
        }
        self.logged = Some(Instant::now());
        Some(std::mem::take(&mut self.waiting))
    }

    /// The next one is the first again.
    fn is_over(&mut self) {
        *self = Self::default();
    }
}
