//! Publishing reviews and labels: one trait, so that all of HTTP is tested without a broker, and
//! what every record has in common.

use std::{future::Future, sync::Arc};

use verdict_kafka_io::{Outgoing, PublishError};
use verdict_messages::{
    Headers,
    cloudevents::{Event, EventType},
    headers,
    time::rfc3339,
};
use verdict_telemetry::{
    Span, Telemetry, TraceContext,
    labels::{Destination, SendError},
    trace::Message,
};

use crate::ids::{CorrelationId, ReviewId};

/// Publishes records; clones share one connection. Replies come over a channel of
/// [`Record`](verdict_kafka_io::Record)s.
pub trait Publisher: Clone + Send + Sync + 'static {
    /// Ends when all replicas have the record, or when it is known to have failed.
    ///
    /// # Errors
    /// [`PublishError`], which says whether the record may be stored.
    fn publish(&self, record: Outgoing) -> impl Future<Output = Result<(), PublishError>> + Send;
}

/// The clock and the random numbers, as arguments, so that tests can choose them.
#[derive(Clone)]
pub struct Sources {
    /// Milliseconds since 1970.
    pub now_unix_ms: Arc<dyn Fn() -> i64 + Send + Sync>,
    /// 128 random bits that nobody can predict.
    pub random: Arc<dyn Fn() -> u128 + Send + Sync>,
}

impl std::fmt::Debug for Sources {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sources").finish_non_exhaustive()
    }
}

/// `ce_source` of everything that web writes.
pub(crate) const SOURCE: &str = "/verdict/web";

/// What makes one record different from another.
pub(crate) struct Draft<'a> {
    pub(crate) event_type: EventType,
    pub(crate) event_id: &'a str,
    pub(crate) now_unix_ms: i64,
    pub(crate) review_id: &'a ReviewId,
    pub(crate) value: Vec<u8>,
    /// Headers beside the CloudEvents attributes.
    pub(crate) headers: Headers,
}

/// Publishes to one topic, each record with CloudEvents attributes, a span and a count.
#[derive(Debug)]
pub(crate) struct Outbox<P> {
    publisher: P,
    pub(crate) topic: Arc<str>,
    destination: Destination,
    pub(crate) telemetry: Telemetry,
    pub(crate) sources: Sources,
}

impl<P: Publisher> Outbox<P> {
    pub(crate) fn new(publisher: P, topic: &str, telemetry: &Telemetry, sources: &Sources) -> Self {
        Self {
            publisher,
            topic: topic.into(),
            destination: Destination::topic(topic),
            telemetry: telemetry.clone(),
            sources: sources.clone(),
        }
    }

    /// The record, with the review's id as its key.
    pub(crate) fn record(&self, draft: Draft<'_>) -> Outgoing {
        let mut headers = Event {
            id: draft.event_id.to_owned(),
            source: SOURCE.into(),
            event_type: draft.event_type,
            time: rfc3339(draft.now_unix_ms).into(),
            content_type: "application/json",
        }
        .headers();
        headers.extend(draft.headers);
        Outgoing::to(Arc::clone(&self.topic))
            .key(draft.review_id.as_str())
            .value(draft.value)
            .headers(headers)
    }

    /// Publishes until `otherwise` ends: `None` when the record was confirmed, `Some` when
    /// `otherwise` shows by its result that the record is stored.
    ///
    /// # Errors
    /// [`PublishError`] of the publisher, or of `otherwise`.
    pub(crate) async fn publish<T>(
        &self,
        mut record: Outgoing,
        conversation: Option<CorrelationId>,
        otherwise: impl Future<Output = Result<T, PublishError>>,
    ) -> Result<Option<T>, PublishError> {
        let span = self.span(&record, conversation);
        if let Some(context) = span.context() {
            record.headers.replace(headers::TRACEPARENT, context.traceparent());
            match context.tracestate() {
                Some(state) => record.headers.replace(headers::TRACESTATE, state),
                None => record.headers.remove(headers::TRACESTATE),
            }
        }
        let published = tokio::select! {
            biased;
            published = self.publisher.publish(record) => published.map(|()| None),
            result = otherwise => result.map(Some),
        };
        let metrics = self.telemetry.metrics();
        match &published {
            Ok(_) => metrics.record_sent(&self.destination, 1),
            Err(error) => {
                let kind = match error {
                    PublishError::NeverQueued { .. } => SendError::NeverQueued,
                    PublishError::Unknown { .. } => SendError::Unknown,
                };
                span.fail(kind.as_str());
                metrics.record_not_sent(&self.destination, kind, 1);
            }
        }
        published
    }

    fn span(&self, record: &Outgoing, conversation: Option<CorrelationId>) -> Span {
        let tracer = self.telemetry.tracer();
        if !tracer.is_on() {
            return Span::none();
        }
        let conversation = conversation.map(|id| id.to_hex());
        let key = record.key.as_deref().and_then(|key| std::str::from_utf8(key).ok());
        let message = Message {
            key,
            conversation: conversation.as_deref(),
            ..Message::of(&self.destination)
        };
        tracer.send(message, TraceContext::current().as_ref())
    }
}

/// That no confirmation came in time.
pub(crate) fn unconfirmed() -> PublishError {
    PublishError::Unknown { reason: "it was not confirmed in time".to_owned() }
}
