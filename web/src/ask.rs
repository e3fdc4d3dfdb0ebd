//! One question, one answer: publish a review and wait for its verdict, within a deadline.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::time::{Instant, sleep_until};
use verdict_messages::{
    Headers, Problem, Review,
    cloudevents::{Event, EventType},
    reply::{Dialect, ReplyAddress},
    time::rfc3339,
};
use verdict_telemetry::{
    Metrics, Span, Telemetry, TraceContext, Tracer,
    labels::{Destination, Refused, SendError, Stage},
    trace::Message,
};

use crate::{
    pending::{CorrelationId, Desk, NoPlace, Place, Repeatable, Reply, ReviewId, Waiter},
    publish::{Exchange, Log, PublishError, Submission},
    traces,
};

/// What the outside world gives: the clock and chance. Arguments, so that tests can choose them.
#[derive(Clone)]
pub struct Sources {
    /// Milliseconds since 1970.
    pub now_unix_ms: Arc<dyn Fn() -> i64 + Send + Sync>,
    /// 128 random bits, from a source that nobody can predict.
    pub random: Arc<dyn Fn() -> u128 + Send + Sync>,
}

impl std::fmt::Debug for Sources {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sources").finish_non_exhaustive()
    }
}

/// Where replies to this instance go, and how long it is interested in them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplyTo {
    /// The reply topic.
    pub topic: String,
    /// This instance's partition of it.
    pub partition: i32,
    /// A reply that comes later than this after the question is of no use: the deadline header says so.
    pub interest: Duration,
}

/// One question.
#[derive(Debug)]
pub struct Question<'a> {
    /// The review; its id, if it has one, is kept.
    pub review: Review<'a>,
    /// How long to wait for the verdict.
    pub wait: Duration,
    /// Whether "accepted" is a good answer when the wait ends without a verdict.
    pub async_is_fine: bool,
    /// The idempotency key and the hash of the body, when the client sent a key.
    pub repeatable: Option<Repeatable>,
    /// Headers to hand on when spans are not made here: the trace context that the client sent.
    pub trace: Headers,
}

/// How a question ended well.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// The verdict, as JSON.
    Verdict(ReviewId, Bytes),
    /// The review is stored; its verdict can be asked for.
    Accepted(ReviewId),
}

/// How a question ended badly.
#[derive(Debug, Clone, PartialEq)]
pub enum Trouble {
    /// So many requests wait already: the limit.
    Busy(usize),
    /// The idempotency key came before, with another body.
    KeyReused,
    /// Not published, or not as far as is known.
    NotPublished(ReviewId, PublishError),
    /// Published, but no verdict came within this time.
    TimedOut(ReviewId, Duration),
    /// The consumer could not score it.
    Rejected(ReviewId, Box<Problem>),
    /// A defect of ours.
    Internal(String),
}

/// Asks questions through an [`Exchange`].
#[derive(Debug)]
pub struct Asker<E> {
    exchange: E,
    desk: Desk,
    reply_to: ReplyTo,
    topic: Destination,
    metrics: Metrics,
    tracer: Tracer,
    sources: Sources,
}

// Bounds the wait for the broker's word when the client does not want to wait for the verdict.
const PUBLISH_WAIT: Duration = Duration::from_secs(5);

impl<E: Exchange> Asker<E> {
    /// `topic` is where `exchange` publishes, for the metrics.
    pub fn new(
        exchange: E,
        desk: Desk,
        reply_to: ReplyTo,
        topic: &str,
        telemetry: &Telemetry,
        sources: Sources,
    ) -> Self {
        Self {
            exchange,
            desk,
            reply_to,
            topic: Destination::topic(topic),
            metrics: telemetry.metrics().clone(),
            tracer: telemetry.tracer().clone(),
            sources,
        }
    }

    /// The desk where replies arrive.
    #[must_use]
    pub fn desk(&self) -> &Desk {
        &self.desk
    }

    /// Publishes the review and waits for its verdict, as part of the trace that is current here. Ends by the question's deadline, whatever Kafka does.
    ///
    /// # Errors
    /// [`Trouble`] says what happened and whether the review may be stored.
    pub async fn ask(&self, question: Question<'_>) -> Result<Answer, Trouble> {
        let started = Instant::now();
        let correlation = CorrelationId::from_bits((self.sources.random)());
        let review_id = match (&question.review.id, &question.repeatable) {
            (Some(id), _) => ReviewId::new(id),
            // A repeated request is the same review, even if this process no longer knows that it came before.
            (None, Some(asked)) => id_of_repeatable(asked),
            (None, None) => ReviewId::from_bits((self.sources.random)()),
        };
        let place = self.desk.open(correlation, &review_id, question.repeatable);
        let place = place.map_err(|no_place| match no_place {
            NoPlace::Full(limit) => {
                self.metrics.record_web_refused(Refused::PendingFull);
                Trouble::Busy(limit)
            }
            NoPlace::OtherBody => Trouble::KeyReused,
        })?;
        let (mut waiter, submission) = match place {
            Place::Answered(review_id, reply) => return answer(review_id, &reply),
            Place::Joined(waiter) => (waiter, None),
            Place::New(waiter) => {
                let mut submission = self.submission(&question.review, &waiter, question.trace)?;
                let span = self.send_span(&submission.key, correlation);
                traces::inject(&span, &mut submission.headers);
                (waiter, Some((submission, span)))
            }
        };
        let _pending = Pending::enter(&self.metrics);
        let deadline = started + question.wait;
        let mut confirmed = None;
        if let Some((submission, span)) = submission {
            let publish_deadline = if question.async_is_fine {
                deadline.max(started + PUBLISH_WAIT)
            } else {
                deadline
            };
            if let Some(reply) =
                self.publish(submission, span, &mut waiter, publish_deadline).await?
            {
                return answer(waiter.review_id().clone(), &reply);
            }
            confirmed = Some(Instant::now());
        }
        tokio::select! {
            biased;
            told = waiter.reply() => match told {
                Ok(reply) => {
                    if let Some(confirmed) = confirmed {
                        self.metrics.record_stage(Stage::Answer, confirmed.elapsed());
                    }
                    answer(waiter.review_id().clone(), &reply)
                }
                Err(error) => Err(Trouble::NotPublished(waiter.review_id().clone(), error)),
            },
            () = sleep_until(deadline) => {
                if question.async_is_fine {
                    let review_id = waiter.review_id().clone();
                    waiter.ask_later();
                    Ok(Answer::Accepted(review_id))
                } else {
                    Err(Trouble::TimedOut(waiter.review_id().clone(), question.wait))
                }
            }
        }
    }

    /// `None`: the review is stored. `Some`: its reply overtook the confirmation.
    async fn publish(
        &self,
        submission: Submission,
        span: Span,
        waiter: &mut Waiter,
        deadline: Instant,
    ) -> Result<Option<Arc<Reply>>, Trouble> {
        let (correlation, review_id) = (waiter.correlation(), waiter.review_id().clone());
        let started = Instant::now();
        let published = tokio::select! {
            biased;
            published = self.exchange.publish(submission) => published,
            told = waiter.reply() => match told {
                Ok(reply) => {
                    self.metrics.record_sent(&self.topic, 1);
                    return Ok(Some(reply));
                }
                Err(error) => Err(error),
            },
            () = sleep_until(deadline) => Err(PublishError::Unknown),
        };
        match published {
            Ok(()) => {
                self.metrics.record_sent(&self.topic, 1);
                self.metrics.record_stage(Stage::Publish, started.elapsed());
                Ok(None)
            }
            Err(error) => {
                span.fail(SendError::from(error).as_str());
                self.metrics.record_not_sent(&self.topic, SendError::from(error), 1);
                self.desk.fail(correlation, error);
                Err(Trouble::NotPublished(review_id, error))
            }
        }
    }

    fn send_span(&self, key: &str, correlation: CorrelationId) -> Span {
        if !self.tracer.is_on() {
            return Span::none();
        }
        let message = Message {
            key: Some(key),
            conversation: Some(&correlation.to_hex()),
            ..Message::of(&self.topic)
        };
        self.tracer.send(message, TraceContext::current().as_ref())
    }

    fn submission(
        &self,
        review: &Review<'_>,
        waiter: &Waiter,
        trace: Headers,
    ) -> Result<Submission, Trouble> {
        let now = (self.sources.now_unix_ms)();
        let id = waiter.review_id().as_str();
        let named = Review { id: Some(id.into()), ..review.clone() };
        let value = named.encode().map_err(|rejection| Trouble::Internal(rejection.detail))?;
        let mut headers = Event {
            id: id.to_owned(),
            source: "/verdict/web".into(),
            event_type: EventType::ReviewSubmitted,
            time: rfc3339(now).into(),
            content_type: Review::MEDIA_TYPE,
        }
        .headers();
        let interest = i64::try_from(self.reply_to.interest.as_millis()).unwrap_or(i64::MAX);
        let address = ReplyAddress {
            dialect: Dialect::Spring,
            topic: self.reply_to.topic.clone(),
            partition: Some(self.reply_to.partition),
            correlation_id: waiter.correlation().as_bytes().to_vec(),
            deadline_unix_ms: Some(now.saturating_add(interest)),
        };
        headers.extend(address.request_headers());
        headers.extend(trace);
        Ok(Submission { log: Log::Reviews, key: id.to_owned(), value, headers })
    }
}

fn answer(review_id: ReviewId, reply: &Reply) -> Result<Answer, Trouble> {
    match reply {
        Reply::Verdict(json) => Ok(Answer::Verdict(review_id, json.clone())),
        Reply::Problem(problem) => Err(Trouble::Rejected(review_id, Box::new(problem.clone()))),
    }
}

/// The same key and body are the same review on every instance and after a restart, so readers can drop the copy.
fn id_of_repeatable(asked: &Repeatable) -> ReviewId {
    use sha2::{Digest, Sha256};
    let hash = Sha256::new()
        .chain_update(b"verdict idempotency key\0")
        .chain_update(asked.body)
        .chain_update(asked.key.as_bytes())
        .finalize();
    let bits = hash.iter().take(16).fold(0_u128, |bits, byte| bits << 8 | u128::from(*byte));
    ReviewId::from_bits(bits)
}

struct Pending<'a>(&'a Metrics);

impl<'a> Pending<'a> {
    fn enter(metrics: &'a Metrics) -> Self {
        metrics.add_web_pending(1);
        Self(metrics)
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        self.0.add_web_pending(-1);
    }
}
