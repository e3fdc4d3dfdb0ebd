//! Labels: what a person, or a program, says a review is. The next model learns from them.

use std::{convert::Infallible, time::Duration};

use tokio::time::sleep;
use verdict_kafka_io::PublishError;
use verdict_messages::{
    Headers, Label, Rejection, Sentiment, cloudevents::EventType, time::rfc3339,
};

use crate::{
    ids::ReviewId,
    publish::{Draft, Outbox, Publisher, unconfirmed},
};

/// A label that somebody gives.
#[derive(Debug)]
pub(crate) struct NewLabel {
    pub(crate) review_id: ReviewId,
    pub(crate) label: Sentiment,
    /// Who gives it: `user`, or the name of an operator.
    pub(crate) source: String,
}

/// Why a label is not known to be stored.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum LabelError {
    /// Not published, or not confirmed.
    NotPublished(ReviewId, PublishError),
    /// A defect of ours.
    Internal(String),
}

impl From<Rejection> for LabelError {
    fn from(rejection: Rejection) -> Self {
        Self::Internal(rejection.detail)
    }
}

// As long as for a review whose verdict nobody waits for.
const PUBLISH_WAIT: Duration = Duration::from_secs(5);

/// Publishes the label. Returns once all replicas have it, and within [`PUBLISH_WAIT`] in any case.
///
/// # Errors
/// [`LabelError`] says whether the label may be stored. Sending it again does no harm: the last
/// label of a review counts.
pub(crate) async fn publish<P: Publisher>(
    outbox: &Outbox<P>,
    new: &NewLabel,
    trace: Headers,
) -> Result<(), LabelError> {
    let now_unix_ms = (outbox.sources.now_unix_ms)();
    let label = Label {
        review_id: new.review_id.as_str().into(),
        label: new.label,
        source: new.source.as_str().into(),
        labelled_at: rfc3339(now_unix_ms).into(),
    };
    let draft = Draft {
        event_type: EventType::ReviewLabelled,
        // Not the review's id: a reader that drops events it has seen would drop a change of mind.
        event_id: &format!("{:032x}", (outbox.sources.random)()),
        now_unix_ms,
        review_id: &new.review_id,
        value: label.encode()?,
        headers: trace,
    };
    let timeout = async {
        sleep(PUBLISH_WAIT).await;
        Err::<Infallible, _>(unconfirmed())
    };
    match outbox.publish(outbox.record(draft), None, timeout).await {
        Ok(_) => Ok(()),
        Err(error) => Err(LabelError::NotPublished(new.review_id.clone(), error)),
    }
}
