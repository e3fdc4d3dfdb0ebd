//! What a person says about a verdict: a label on its topic, from which the next model learns.

use std::time::Duration;

use tokio::time::timeout;
use verdict_messages::{
    Headers, Label, Sentiment,
    cloudevents::{Event, EventType},
    time::rfc3339,
};
use verdict_telemetry::{
    Metrics, TraceContext, Tracer,
    labels::{Destination, SendError},
    trace::Message,
};

use crate::{
    ask::Sources,
    pending::ReviewId,
    publish::{Exchange, Log, PublishError, Submission},
    traces,
};

/// A label that somebody gives.
#[derive(Debug)]
pub(crate) struct Said<'a> {
    pub(crate) review_id: ReviewId,
    pub(crate) label: Sentiment,
    /// Who says so: `user`, or another name.
    pub(crate) source: &'a str,
    /// Headers to hand on: the trace context.
    pub(crate) trace: Headers,
}

/// How a label was not taken.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Untold {
    /// Not published, or not as far as is known.
    NotPublished(ReviewId, PublishError),
    /// A defect of ours.
    Internal(String),
}

/// Publishes labels through an [`Exchange`].
#[derive(Debug)]
pub(crate) struct Feedback<E> {
    pub(crate) exchange: E,
    /// Where `exchange` publishes labels, for the metrics.
    pub(crate) topic: Destination,
    pub(crate) metrics: Metrics,
    pub(crate) tracer: Tracer,
    pub(crate) sources: Sources,
}

// As long as a review that nobody waits for: the publisher itself gives up before, unless its settings say otherwise.
const PUBLISH_WAIT: Duration = Duration::from_secs(5);

impl<E: Exchange> Feedback<E> {
    /// Publishes the label. Ends well once all replicas have it, and by [`PUBLISH_WAIT`] in any case.
    ///
    /// # Errors
    /// [`Untold`] says whether the label may be stored. To say it again does no harm: the last label of a review counts.
    pub(crate) async fn label(&self, said: Said<'_>) -> Result<(), Untold> {
        let review_id = said.review_id.clone();
        let mut submission =
            self.submission(said).map_err(|rejection| Untold::Internal(rejection.detail))?;
        let message = Message { key: Some(review_id.as_str()), ..Message::of(&self.topic) };
        let span = self.tracer.send(message, TraceContext::current().as_ref());
        traces::inject(&span, &mut submission.headers);
        let published = timeout(PUBLISH_WAIT, self.exchange.publish(submission)).await;
        match published.unwrap_or(Err(PublishError::Unknown)) {
            Ok(()) => {
                self.metrics.record_sent(&self.topic, 1);
                Ok(())
            }
            Err(error) => {
                span.fail(SendError::from(error).as_str());
                self.metrics.record_not_sent(&self.topic, SendError::from(error), 1);
                Err(Untold::NotPublished(review_id, error))
            }
        }
    }

    fn submission(&self, said: Said<'_>) -> Result<Submission, verdict_messages::Rejection> {
        let id = said.review_id.as_str();
        let now = rfc3339((self.sources.now_unix_ms)());
        let label = Label {
            review_id: id.into(),
            label: said.label,
            source: said.source.into(),
            labelled_at: now.as_str().into(),
        };
        let value = label.encode()?;
        // Not the review's id: a reader that drops events it has seen would drop a change of mind.
        let event = ReviewId::from_bits((self.sources.random)());
        let mut headers = Event {
            id: event.as_str().to_owned(),
            source: "/verdict/web".into(),
            event_type: EventType::ReviewLabelled,
            time: now.into(),
            content_type: "application/json",
        }
        .headers();
        headers.extend(said.trace);
        Ok(Submission { log: Log::Labels, key: id.to_owned(), value, headers })
    }
}
