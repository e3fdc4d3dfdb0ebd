//! The real publisher, and readiness from the state of the reply partition.

use tokio::sync::watch;
use verdict_kafka_io::{AsyncPublisher, InboxState, Outgoing, PublishError};
use verdict_telemetry::health::Check;

use crate::publish::Publisher;

impl Publisher for AsyncPublisher {
    async fn publish(&self, record: Outgoing) -> Result<(), PublishError> {
        // Without a broker the client would keep the record for its whole timeout, and then not
        // know whether it is stored. Refusing at once is quicker, and certain.
        if !self.connection().is_up() {
            return Err(PublishError::NeverQueued { reason: "no broker is connected".to_owned() });
        }
        let topic = record.topic.clone();
        match Self::publish(self, record).await {
            Ok(_position) => Ok(()),
            Err(error) => {
                tracing::warn!(%error, %topic, "a record was not confirmed");
                Err(error)
            }
        }
    }
}

/// Keeps `check` at what the inbox reports, until the inbox ends.
pub(crate) async fn follow(mut state: watch::Receiver<InboxState>, check: Check) {
    let mut was_ready = None;
    loop {
        let now = state.borrow_and_update().clone();
        // At the start nothing has gone wrong yet, and an unchanged state is not logged again.
        match &now {
            InboxState::Ready => {
                check.pass();
                if was_ready == Some(false) {
                    tracing::info!("ready: replies arrive");
                }
            }
            InboxState::NotReady(reason) => {
                check.fail(reason.clone());
                if was_ready == Some(true) {
                    tracing::warn!(%reason, "not ready: replies do not arrive");
                }
            }
        }
        was_ready = Some(now == InboxState::Ready);
        if state.changed().await.is_err() {
            check.fail("the reader of replies has ended");
            return;
        }
    }
}
