//! The real exchange: reviews and labels go out through a publisher, replies come in from one partition.

use std::{fmt, sync::Arc};

use bytes::Bytes;
use tokio::sync::{mpsc, watch};
use verdict_kafka_io::{
    AsyncPublisher, Failure, InboxOptions, InboxState, Outgoing, PublishError as KafkaPublishError,
    ReplyInbox,
};
use verdict_telemetry::health::Check;

use crate::{
    pending::Incoming,
    publish::{Exchange, Log, PublishError, Submission},
    settings::Settings,
};

/// Reviews and labels to Kafka.
#[derive(Clone)]
pub struct KafkaExchange {
    publisher: AsyncPublisher,
    topics: Topics,
}

#[derive(Debug, Clone)]
struct Topics {
    reviews: Arc<str>,
    labels: Arc<str>,
}

impl Topics {
    fn of(&self, log: Log) -> Arc<str> {
        Arc::clone(match log {
            Log::Reviews => &self.reviews,
            Log::Labels => &self.labels,
        })
    }
}

impl fmt::Debug for KafkaExchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KafkaExchange").field("topics", &self.topics).finish_non_exhaustive()
    }
}

impl Exchange for KafkaExchange {
    async fn publish(&self, submission: Submission) -> Result<(), PublishError> {
        // Without a broker the client would keep the record for its whole timeout and then not know what became of it.
        // Refusing at once is quicker, and certain.
        if !self.publisher.connection().is_up() {
            return Err(PublishError::NeverQueued);
        }
        let topic = self.topics.of(submission.log);
        let outgoing = Outgoing::to(Arc::clone(&topic))
            .key(submission.key)
            .value(submission.value)
            .headers(submission.headers);
        match self.publisher.publish(outgoing).await {
            Ok(_position) => Ok(()),
            Err(error) => {
                tracing::warn!(%error, %topic, "a record was not confirmed");
                Err(match error {
                    KafkaPublishError::NeverQueued { .. } => PublishError::NeverQueued,
                    KafkaPublishError::Unknown { .. } => PublishError::Unknown,
                })
            }
        }
    }
}

/// The Kafka side of the frontend. Dropping it waits for its threads, so that must happen outside of async code.
#[derive(Debug)]
pub struct Kafka {
    publisher: AsyncPublisher,
    inbox: ReplyInbox,
    topics: Topics,
}

// A burst of replies waits here while the desk catches up; beyond it they wait in Kafka.
const INBOX_CAPACITY: usize = 1024;

impl Kafka {
    /// Starts both clients; they connect in the background, so this works while Kafka is away.
    ///
    /// `instance` is a name that no other instance has.
    ///
    /// # Errors
    /// [`Failure`] when the settings are refused.
    pub fn start(settings: &Settings, instance: &str) -> Result<Self, Failure> {
        let publisher = AsyncPublisher::new(&settings.kafka, settings.publish_timeout)?;
        let options = InboxOptions {
            topic: settings.reply_to.topic.clone(),
            partition: settings.reply_to.partition,
            instance: instance.to_owned(),
            capacity: INBOX_CAPACITY,
        };
        let inbox = ReplyInbox::start(&settings.kafka, options, publisher.clone())?;
        Ok(Self {
            publisher,
            inbox,
            topics: Topics {
                reviews: Arc::from(settings.reviews_topic.as_str()),
                labels: Arc::from(settings.labels_topic.as_str()),
            },
        })
    }

    /// The way out.
    #[must_use]
    pub fn exchange(&self) -> KafkaExchange {
        KafkaExchange { publisher: self.publisher.clone(), topics: self.topics.clone() }
    }

    /// The way in: passes replies on to `sender` until the inbox or the receiver ends.
    ///
    /// Can be called once; a second call returns at once.
    pub fn replies(
        &mut self,
        sender: mpsc::Sender<Incoming>,
    ) -> impl Future<Output = ()> + Send + use<> {
        let records = self.inbox.take_records();
        async move {
            let Some(mut records) = records else { return };
            while let Some(record) = records.recv().await {
                let incoming = Incoming {
                    key: record.key.map(Bytes::from),
                    value: record.value.map(Bytes::from),
                    headers: record.headers,
                };
                if sender.send(incoming).await.is_err() {
                    return;
                }
            }
        }
    }

    /// Keeps `check` at what the inbox says, until the inbox ends.
    pub fn readiness(&self, check: Check) -> impl Future<Output = ()> + Send + use<> {
        let state = self.inbox.state();
        async move { follow(state, &check).await }
    }
}

async fn follow(mut state: watch::Receiver<InboxState>, check: &Check) {
    let mut was_ready = None;
    loop {
        let now = state.borrow_and_update().clone();
        let ready = now == InboxState::Ready;
        match &now {
            InboxState::Ready => check.pass(),
            InboxState::NotReady(reason) => check.fail(reason.clone()),
        }
        match (&now, was_ready) {
            (InboxState::Ready, Some(false)) => tracing::info!("ready: replies arrive"),
            (InboxState::NotReady(reason), Some(true)) => {
                tracing::warn!(%reason, "not ready: replies do not arrive");
            }
            // At the start nothing has gone wrong yet, and while nothing changes there is nothing new to say.
            _ => {}
        }
        was_ready = Some(ready);
        if state.changed().await.is_err() {
            check.fail("the reader of replies has ended");
            return;
        }
    }
}
