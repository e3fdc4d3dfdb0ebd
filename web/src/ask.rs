//! Request and reply: publishes a review and awaits its verdict, within a deadline.

use std::time::Duration;

use bytes::Bytes;
use sha2::{Digest, Sha256};
use tokio::time::{Instant, timeout_at};
use verdict_kafka_io::{Outgoing, PublishError, Record};
use verdict_messages::{
    Headers, Problem, Review,
    cloudevents::EventType,
    headers,
    reply::{Dialect, ReplyAddress},
};
use verdict_telemetry::{
    Metrics, Span, TraceContext,
    labels::{Destination, Refused, ReplyReceived, Stage},
    trace::Message,
};

use crate::{
    ids::{CorrelationId, ReviewId},
    pending::{Idempotency, Name, OpenError, Opened, PendingReplies, Reply, Waiter},
    publish::{Draft, Outbox, Publisher, unconfirmed},
};

/// Where replies to this instance go, and how long they are of use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplyTo {
    /// The reply topic.
    pub topic: String,
    /// This instance's partition of it.
    pub partition: i32,
    /// Time after which a reply is of no use; it becomes the deadline header.
    pub interest: Duration,
}

/// One review whose verdict is wanted.
#[derive(Debug)]
pub(crate) struct Question<'a> {
    /// The review; its id, if it has one, is kept.
    pub(crate) review: Review<'a>,
    /// How long to wait for the verdict.
    pub(crate) wait: Duration,
    /// Whether [`Answer::Accepted`] is a good answer when the wait ends without a verdict.
    pub(crate) respond_async: bool,
    /// Whether it waits until there is room, instead of being turned away: one of many that one
    /// client sends, who sends no more meanwhile.
    pub(crate) waits_for_room: bool,
    /// Set when the client sent an idempotency key.
    pub(crate) idempotency: Option<Idempotency>,
    /// The client's trace context, which is handed on when no spans are made here.
    pub(crate) trace: Headers,
}

/// How a question ended well.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Answer {
    /// The verdict, as JSON.
    Verdict(ReviewId, Bytes),
    /// The review is stored; its verdict can be fetched later.
    Accepted(ReviewId),
}

/// How a question ended badly.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum AskError {
    /// As many requests as this limit allows wait already.
    Busy(usize),
    /// The idempotency key came before, with another body.
    KeyReused,
    /// The id came before, with another text.
    IdTaken(ReviewId),
    /// Not published, or not confirmed.
    NotPublished(ReviewId, PublishError),
    /// Published, but no verdict came within this time.
    TimedOut(ReviewId, Duration),
    /// The consumer could not score it.
    Rejected(ReviewId, Box<Problem>),
    /// A defect of ours.
    Internal(String),
}

/// Publishes questions, and delivers replies to those who wait for them.
#[derive(Debug)]
pub(crate) struct Asker<P> {
    pub(crate) outbox: Outbox<P>,
    pub(crate) pending: PendingReplies,
    pub(crate) reply_to: ReplyTo,
}

// Bounds the wait for the confirmation when the client does not want to wait for the verdict.
const PUBLISH_WAIT: Duration = Duration::from_secs(5);

impl<P: Publisher> Asker<P> {
    /// Publishes the review and waits for its verdict, as part of the current trace. Ends by the
    /// question's deadline, whatever Kafka does.
    ///
    /// # Errors
    /// [`AskError`] says what happened, and whether the review may be stored.
    pub(crate) async fn ask(&self, question: Question<'_>) -> Result<Answer, AskError> {
        let metrics = self.outbox.telemetry.metrics();
        let correlation = CorrelationId::from_bits((self.outbox.sources.random)());
        let now_unix_ms = (self.outbox.sources.now_unix_ms)();
        let review_id = match (&question.review.id, &question.idempotency) {
            (Some(id), _) => ReviewId::new(id).sent_at(now_unix_ms),
            // A repeated request is the same review, even after a restart of this process.
            (None, Some(asked)) => id_of_repeated(asked).sent_at(now_unix_ms),
            (None, None) => ReviewId::new_at(now_unix_ms, (self.outbox.sources.random)()),
        };
        let name = question.review.id.is_some().then(|| {
            let text = Sha256::digest(question.review.text.as_bytes());
            self.pending.name(&review_id, text.into())
        });
        if name == Some(Name::Taken) {
            return Err(AskError::IdTaken(review_id));
        }
        // An id is its text's only once the review may be stored.
        let forget_name = || {
            if name == Some(Name::New) {
                self.pending.forget_name(&review_id);
            }
        };
        let opened = loop {
            if question.waits_for_room && self.pending.is_half_full() {
                self.pending.freed().await;
                continue;
            }
            match self.pending.open(correlation, &review_id, question.idempotency.clone()) {
                Err(OpenError::Full(_)) if question.waits_for_room => self.pending.freed().await,
                opened => break opened,
            }
        };
        let started = Instant::now();
        let (mut waiter, record) = match opened {
            Ok(Opened::New(waiter)) => {
                let trace = question.trace;
                let record = self.record(&question.review, &waiter, trace, now_unix_ms)?;
                (waiter, Some(record))
            }
            Ok(Opened::Joined(waiter)) => (waiter, None),
            Ok(Opened::Answered(review_id, reply)) => return answer(review_id, &reply),
            Err(OpenError::KeyReused) => {
                forget_name();
                return Err(AskError::KeyReused);
            }
            Err(OpenError::Full(limit)) => {
                forget_name();
                metrics.record_web_refused(Refused::PendingFull);
                return Err(AskError::Busy(limit));
            }
        };
        let _counted = Counted::new(metrics);
        let answered_id = waiter.review_id.clone();
        let deadline = started + question.wait;
        let mut confirmed = None;
        if let Some(record) = record {
            let publish_deadline = if question.respond_async {
                deadline.max(started + PUBLISH_WAIT)
            } else {
                deadline
            };
            let publishing = Instant::now();
            // A reply that overtakes the confirmation proves that the review is stored.
            let reply = timeout_at(publish_deadline, waiter.reply());
            let reply = async { reply.await.unwrap_or_else(|_elapsed| Err(unconfirmed())) };
            match self.outbox.publish(record, Some(correlation), reply).await {
                Ok(None) => metrics.record_stage(Stage::Publish, publishing.elapsed()),
                Ok(Some(reply)) => return answer(answered_id, &reply),
                Err(error) => {
                    self.pending.fail(correlation, error.clone());
                    if matches!(error, PublishError::NeverQueued { .. }) {
                        forget_name();
                    }
                    return Err(AskError::NotPublished(answered_id, error));
                }
            }
            confirmed = Some(Instant::now());
        }
        match timeout_at(deadline, waiter.reply()).await {
            Ok(Ok(reply)) => {
                if let Some(confirmed) = confirmed {
                    metrics.record_stage(Stage::Answer, confirmed.elapsed());
                }
                answer(answered_id, &reply)
            }
            Ok(Err(error)) => Err(AskError::NotPublished(answered_id, error)),
            Err(_elapsed) if question.respond_async => {
                waiter.fetch_later();
                Ok(Answer::Accepted(answered_id))
            }
            Err(_elapsed) => Err(AskError::TimedOut(answered_id, question.wait)),
        }
    }

    /// Delivers a record of the reply partition, counts it, and ends its trace.
    pub(crate) fn receive(&self, record: Record) {
        let metrics = self.outbox.telemetry.metrics();
        let topic = Destination::topic(&self.reply_to.topic);
        metrics.record_consumed(&topic, 1);
        let span = self.received_span(&record, &topic);
        let _current = span.enter();
        let received = self.pending.deliver(record);
        // A late reply is caused by the deadline: this hop has not failed.
        if matches!(received, ReplyReceived::Mismatched | ReplyReceived::Unreadable) {
            span.fail(received.as_str());
        }
        tracing::debug!(outcome = received.as_str(), "a reply arrived");
        metrics.record_web_reply(received);
    }

    fn received_span(&self, record: &Record, topic: &Destination) -> Span {
        let tracer = self.outbox.telemetry.tracer();
        let text = |name| record.headers.text(name);
        let parent = TraceContext::parse(text(headers::TRACEPARENT), text(headers::TRACESTATE));
        let Some(parent) = parent.filter(|parent| tracer.is_on() && parent.is_sampled()) else {
            return Span::none();
        };
        let conversation = ReplyAddress::correlation_id_of(&record.headers)
            .and_then(CorrelationId::from_bytes)
            .map(|id| id.to_hex());
        let message = Message {
            partition: Some(record.partition),
            key: record.key.as_deref().and_then(|key| std::str::from_utf8(key).ok()),
            conversation: conversation.as_deref(),
            ..Message::of(topic)
        };
        tracer.process(message, &parent)
    }

    fn record(
        &self,
        review: &Review<'_>,
        waiter: &Waiter,
        trace: Headers,
        now_unix_ms: i64,
    ) -> Result<Outgoing, AskError> {
        let review_id = &waiter.review_id;
        let named = Review { id: Some(review_id.as_str().into()), ..review.clone() };
        let value = named.encode().map_err(|rejection| AskError::Internal(rejection.detail))?;
        let interest = i64::try_from(self.reply_to.interest.as_millis()).unwrap_or(i64::MAX);
        let address = ReplyAddress {
            dialect: Dialect::Spring,
            topic: self.reply_to.topic.clone(),
            partition: Some(self.reply_to.partition),
            correlation_id: waiter.correlation.as_bytes().to_vec(),
            deadline_unix_ms: Some(now_unix_ms.saturating_add(interest)),
        };
        let mut headers = address.request_headers();
        headers.extend(trace);
        Ok(self.outbox.record(Draft {
            event_type: EventType::ReviewSubmitted,
            event_id: review_id.as_str(),
            now_unix_ms,
            review_id,
            value,
            headers,
        }))
    }
}

fn answer(review_id: ReviewId, reply: &Reply) -> Result<Answer, AskError> {
    match reply {
        Reply::Verdict(json) => Ok(Answer::Verdict(review_id, json.clone())),
        Reply::Problem(problem) => Err(AskError::Rejected(review_id, Box::new(problem.clone()))),
    }
}

/// The same key and body are the same review on every instance and after a restart, so readers can
/// drop the copy.
fn id_of_repeated(asked: &Idempotency) -> ReviewId {
    let hash = Sha256::new()
        .chain_update(b"verdict idempotency key\0")
        .chain_update(asked.body)
        .chain_update(asked.key.as_bytes())
        .finalize();
    ReviewId::of_hash(hash.iter().take(16).fold(0, |bits, byte| bits << 8 | u128::from(*byte)))
}

/// One request in the gauge of those that wait.
struct Counted<'a>(&'a Metrics);

impl<'a> Counted<'a> {
    fn new(metrics: &'a Metrics) -> Self {
        metrics.add_web_pending(1);
        Self(metrics)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.add_web_pending(-1);
    }
}
