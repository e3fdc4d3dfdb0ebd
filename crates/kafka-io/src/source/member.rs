//! The client's callbacks. They note what happened, and give assigned partitions their first
//! positions.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use rdkafka::{
    Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer as _, ConsumerContext, Rebalance},
};

use super::{BROKER_WAIT, event::Event};
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
    fn pre_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        match rebalance {
            Rebalance::Assign(list) => {
                begin(consumer, list);
                self.handler.push(Event::Assigned(partitions(list)));
            }
            Rebalance::Revoke(list) => self.handler.push(Event::Revoked(partitions(list))),
            Rebalance::Error(error) => tracing::warn!(target: "kafka", "rebalance failed: {error}"),
        }
    }
}

/// Where the group has a position, reading goes on there; where it has none, it begins with the
/// oldest record. The client could do the second by itself (`auto.offset.reset`), but does it too
/// where a position is no longer in the log, and then skips records in silence.
///
/// If the broker does not answer in time, the client asks for the positions again.
fn begin(consumer: &BaseConsumer<Member>, assigned: &TopicPartitionList) {
    let Ok(found) = consumer.committed_offsets(assigned.clone(), BROKER_WAIT) else { return };
    for mut partition in assigned.elements() {
        let known = found.find_partition(partition.topic(), partition.partition());
        let Some(known) = known.filter(|known| known.error().is_ok()) else { continue };
        let offset = match known.offset() {
            Offset::Offset(next) => Offset::Offset(next),
            _ => Offset::Beginning,
        };
        if let Err(error) = partition.set_offset(offset) {
            tracing::debug!(target: "kafka", "the first position of a partition: {error}");
        }
    }
}

fn partitions(list: &TopicPartitionList) -> Vec<(Arc<str>, i32)> {
    list.elements()
        .iter()
        .map(|element| (Arc::from(element.topic()), element.partition()))
        .collect()
}
