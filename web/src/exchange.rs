//! The road to Kafka and back, behind one small trait, so that all of HTTP can be tested without a broker.

use std::future::Future;

use verdict_messages::Headers;

/// A review on its way to the topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// The record's key: the review id.
    pub key: String,
    /// The record's value: the review as JSON.
    pub value: Vec<u8>,
    /// Reply address, deadline, CloudEvents attributes and media type.
    pub headers: Headers,
}

/// A review did not reach the log, as far as can be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// It never left this process: it is certainly not stored.
    #[error("the review was not sent")]
    NeverQueued,
    /// It was sent and not confirmed: it may be stored.
    #[error("the review was sent but not confirmed")]
    Unknown,
}

/// Publishes reviews. Replies come the other way, over a channel of [`Incoming`](crate::desk::Incoming) records.
pub trait Exchange: Send + Sync + 'static {
    /// Ends when all replicas have the review, or when it is known to have failed.
    ///
    /// # Errors
    /// [`PublishError`], which says whether the review may be stored.
    fn publish(
        &self,
        submission: Submission,
    ) -> impl Future<Output = Result<(), PublishError>> + Send;
}
