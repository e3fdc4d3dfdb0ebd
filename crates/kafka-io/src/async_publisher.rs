//! Writes one record and awaits its confirmation: for async code.

use std::{fmt, time::Duration};

use rdkafka::{
    error::KafkaError,
    message::Message,
    producer::{DeliveryResult, ProducerContext, ThreadedProducer},
    types::RDKafkaErrorCode as Code,
};
use tokio::sync::oneshot;

use crate::{
    Connection, Failure, KafkaSettings, Outgoing,
    connection::{Client, Handler},
};

/// Why a record is not known to be stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// It is not stored: it was never sent, or the broker refused it.
    #[error("the record was not stored: {reason}")]
    NeverQueued {
        /// What the client says.
        reason: String,
    },
    /// It may be stored or not: no confirmation came in time.
    #[error("the record may be stored or not: {reason}")]
    Unknown {
        /// What the client says.
        reason: String,
    },
}

type Receipt = Result<(i32, i64), PublishError>;

/// Writes records from async code. Clones share one client.
///
/// Dropping the last clone waits up to half a second for the client to end; drop it outside of
/// async code.
#[derive(Clone)]
pub struct AsyncPublisher {
    producer: ThreadedProducer<Client<Receipts>>,
    connection: Connection,
}

impl AsyncPublisher {
    /// A publisher that tries to deliver each record for `delivery_timeout`. Connects in the
    /// background.
    ///
    /// # Errors
    /// [`Failure::Fatal`] when the settings are refused.
    pub fn new(settings: &KafkaSettings, delivery_timeout: Duration) -> Result<Self, Failure> {
        let connection = Connection::default();
        let timeout = delivery_timeout.as_millis().to_string();
        let mut config = settings.writing();
        config
            .set("linger.ms", "0")
            // Beyond this the frontend sheds load: nobody would wait for what is queued.
            .set("queue.buffering.max.messages", "2000")
            .set("queue.buffering.max.kbytes", "8192")
            .set("message.timeout.ms", &timeout)
            // An answer that takes longer than the record may live is of no use.
            .set("socket.timeout.ms", delivery_timeout.as_millis().clamp(10, 10_000).to_string());
        let producer = settings
            .finish(config)
            .create_with_context(Client { connection: connection.clone(), handler: Receipts })
            .map_err(|error| Failure::of("creating a publisher", &error))?;
        Ok(Self { producer, connection })
    }

    /// Writes a record and awaits the confirmation of all replicas. Gives its partition and offset.
    ///
    /// # Errors
    /// [`PublishError::NeverQueued`] when the local queue is full or the record is refused,
    /// [`PublishError::Unknown`] when it was sent but not confirmed within the delivery timeout.
    pub async fn publish(&self, outgoing: Outgoing) -> Result<(i32, i64), PublishError> {
        let (sender, receipt) = oneshot::channel();
        self.queue(&outgoing, Some(sender))?;
        receipt.await.unwrap_or_else(|_| {
            Err(PublishError::Unknown { reason: "the client was ended".to_owned() })
        })
    }

    /// Queues a record whose confirmation nobody awaits.
    ///
    /// # Errors
    /// [`PublishError::NeverQueued`] when the local queue is full or the record is refused at once.
    pub fn post(&self, outgoing: &Outgoing) -> Result<(), PublishError> {
        self.queue(outgoing, None)
    }

    /// The state of this client's connection.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    fn queue(
        &self,
        outgoing: &Outgoing,
        sender: Option<oneshot::Sender<Receipt>>,
    ) -> Result<(), PublishError> {
        self.producer
            .send(outgoing.native(Box::new(sender)))
            .map_err(|(error, _)| PublishError::NeverQueued { reason: error.to_string() })
    }
}

impl fmt::Debug for AsyncPublisher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncPublisher")
            .field("connection", &self.connection)
            .finish_non_exhaustive()
    }
}

/// Hands each receipt to whoever awaits it.
struct Receipts;

impl Handler for Receipts {}

impl ProducerContext for Client<Receipts> {
    type DeliveryOpaque = Box<Option<oneshot::Sender<Receipt>>>;

    fn delivery(&self, result: &DeliveryResult<'_>, sender: Self::DeliveryOpaque) {
        let receipt = match result {
            Ok(message) => {
                // A confirmation proves that a broker is there, earlier than the next statistics
                // do.
                self.connection.mark_up();
                Ok((message.partition(), message.offset()))
            }
            Err((error, _)) => Err(outcome(error)),
        };
        if let Some(sender) = *sender
            && sender.send(receipt).is_err()
        {
            tracing::debug!(target: "kafka", "a confirmation came after its requester had gone");
        }
    }
}

/// Whether a record that was not confirmed may be stored all the same. Only a refusal by the
/// broker, or a partition that is known not to exist, proves that it is not.
fn outcome(error: &KafkaError) -> PublishError {
    let reason = error.to_string();
    match error.rdkafka_error_code() {
        Some(
            Code::MessageSizeTooLarge
            | Code::InvalidMessage
            | Code::InvalidRecord
            | Code::PolicyViolation
            | Code::TopicAuthorizationFailed
            | Code::ClusterAuthorizationFailed
            | Code::UnknownTopic
            | Code::UnknownPartition
            | Code::UnknownTopicOrPartition
            | Code::InvalidTopic
            | Code::PurgeQueue,
        ) => PublishError::NeverQueued { reason },
        _ => PublishError::Unknown { reason },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_refusal_proves_that_a_record_is_not_stored() {
        for (code, is_proof) in [
            (Code::MessageSizeTooLarge, true),
            (Code::UnknownTopicOrPartition, true),
            (Code::MessageTimedOut, false),
            (Code::BrokerTransportFailure, false),
            (Code::PurgeInflight, false),
        ] {
            let outcome = outcome(&KafkaError::MessageProduction(code));
            assert_eq!(matches!(outcome, PublishError::NeverQueued { .. }), is_proof, "{code:?}");
        }
    }
}
