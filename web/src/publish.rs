//! The road to Kafka and back, behind one small trait, so that all of HTTP can be tested without a broker.

use std::future::Future;

use verdict_messages::Headers;
use verdict_telemetry::labels::SendError;

/// The topic that a record goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Log {
    /// Reviews.
    Reviews,
    /// What people say about reviews.
    Labels,
}

/// A record on its way to its topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// Where it goes.
    pub log: Log,
    /// The record's key: the review id.
    pub key: String,
    /// The record's value: the review, or the label, as JSON.
    pub value: Vec<u8>,
    /// CloudEvents attributes and media type; of a review also the reply address and the deadline.
    pub headers: Headers,
}

/// A record did not reach the log, as far as can be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// It never left this process: it is certainly not stored.
    #[error("the record was not sent")]
    NeverQueued,
    /// It was sent and not confirmed: it may be stored.
    #[error("the record was sent but not confirmed")]
    Unknown,
}

impl From<PublishError> for SendError {
    fn from(error: PublishError) -> Self {
        match error {
            PublishError::NeverQueued => Self::NeverQueued,
            PublishError::Unknown => Self::Unknown,
        }
    }
}

/// Publishes reviews and labels; clones share the way. Replies come the other way, over a channel of
/// [`Incoming`](crate::pending::Incoming) records.
pub trait Exchange: Clone + Send + Sync + 'static {
    /// Ends when all replicas have the record, or when it is known to have failed.
    ///
    /// # Errors
    /// [`PublishError`], which says whether the record may be stored.
    fn publish(
        &self,
        submission: Submission,
    ) -> impl Future<Output = Result<(), PublishError>> + Send;
}
