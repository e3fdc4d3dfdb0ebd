//! The client's callbacks. They only note what happened: no broker call, no decision.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use rdkafka::{
    TopicPartitionList,
    consumer::{BaseConsumer, ConsumerContext, Rebalance},
};

use super::event::Event;
use crate::{
    connection::{Client, Handler},
    statistics::Fetched,
};

/// What the callbacks saw, in order, to be handled after the poll it happened in.
#[derive(Debug, Default)]
pub(super) struct Events {
    are_there: AtomicBool,
    list: Mutex<Vec<Event>>,
}

impl Events {
    pub(super) fn are_there(&self) -> bool {
        self.are_there.load(Ordering::Acquire)
    }

    fn push(&self, event: Event) {
        self.list.lock().unwrap_or_else(PoisonError::into_inner).push(event);
        self.are_there.store(true, Ordering::Release);
    }

    pub(super) fn take(&self) -> Vec<Event> {
        self.are_there.store(false, Ordering::Release);
        std::mem::take(&mut *self.list.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

pub(super) type Member = Client<Arc<Events>>;

impl Handler for Arc<Events> {
    fn fetched(&self, fetched: Vec<Fetched>) {
        self.push(Event::Fetched(fetched));
    }
}

impl ConsumerContext for Member {
    fn pre_rebalance(&self, _: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        match rebalance {
            Rebalance::Assign(list) => self.handler.push(Event::Assigned(partitions(list))),
            Rebalance::Revoke(list) => self.handler.push(Event::Revoked(partitions(list))),
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
