//! The client's callbacks. They only note what happened: no broker call, no decision.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use rdkafka::{
    ClientContext, TopicPartitionList,
    config::RDKafkaLogLevel,
    consumer::{BaseConsumer, ConsumerContext, Rebalance},
    error::KafkaError,
};

use super::assignment::Change;
use crate::Connection;

/// What the callbacks saw, in order, to be handled after the poll it happened in.
#[derive(Debug, Default)]
pub(super) struct Changes {
    are_there: AtomicBool,
    list: Mutex<Vec<Change>>,
}

impl Changes {
    pub(super) fn are_there(&self) -> bool {
        self.are_there.load(Ordering::Acquire)
    }

    fn push(&self, change: Change) {
        self.list.lock().unwrap_or_else(PoisonError::into_inner).push(change);
        self.are_there.store(true, Ordering::Release);
    }

    pub(super) fn take(&self) -> Vec<Change> {
        self.are_there.store(false, Ordering::Release);
        std::mem::take(&mut *self.list.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

pub(super) struct Member {
    pub(super) connection: Connection,
    pub(super) changes: Arc<Changes>,
}

impl ClientContext for Member {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.connection.log(level, facility, message);
    }

    fn stats_raw(&self, statistics: &[u8]) {
        let fetched = self.connection.observe(statistics);
        self.changes.push(Change::Fetched(fetched));
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.connection.error(error, reason);
    }
}

impl ConsumerContext for Member {
    fn pre_rebalance(&self, _: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        match rebalance {
            Rebalance::Assign(list) => self.changes.push(Change::Assigned(partitions(list))),
            Rebalance::Revoke(list) => self.changes.push(Change::Revoked(partitions(list))),
            Rebalance::Error(error) => tracing::warn!(target: "kafka", "rebalance failed: {error}"),
        }
    }
}

fn partitions(list: &TopicPartitionList) -> Vec<(Arc<str>, i32)> {
    list.elements()
        .iter()
        .map(|element| (Arc::from(element.topic()), element.partition()))
        .collect()
}
