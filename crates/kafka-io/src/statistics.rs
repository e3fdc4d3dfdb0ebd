//! What librdkafka's statistics report: whether a broker answers, and how far reading has come.

use std::{collections::HashMap, sync::Arc, time::Duration};

use serde::Deserialize;

/// How far a client has come in a partition that it reads, by its statistics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fetched {
    pub(crate) topic: Arc<str>,
    pub(crate) partition: i32,
    /// The first offset of the log.
    pub(crate) begin: i64,
    /// The end of what can be read.
    pub(crate) end: i64,
    /// The group's committed position; negative where there is none.
    pub(crate) committed: i64,
    /// Whether every record before `end` has been handed out by a poll.
    pub(crate) is_drained: bool,
}

/// A broker that has an answer outstanding and sent nothing for this long is silent; a frozen
/// broker keeps its connections. A healthy one answers a fetch within half a second, and a
/// heartbeat or a write at once.
const SILENT_AFTER: Duration = Duration::from_secs(5);
/// The last request must be this old: an answer to a newer one is not overdue.
const ASKED_BEFORE: Duration = Duration::from_secs(3);

pub(crate) const DOWN: u8 = 0;
pub(crate) const SILENT: u8 = 1;
pub(crate) const UP: u8 = 2;

/// The part of librdkafka's statistics that is used.
#[derive(Deserialize)]
pub(crate) struct Statistics {
    #[serde(default)]
    brokers: HashMap<String, Broker>,
    #[serde(default)]
    topics: HashMap<String, Topic>,
}

impl Statistics {
    /// The best state of any broker.
    pub(crate) fn broker_state(&self) -> u8 {
        self.brokers.values().map(Broker::state).max().unwrap_or(DOWN)
    }

    /// How far reading has come in each partition that is read.
    pub(crate) fn fetched(&self) -> Vec<Fetched> {
        self.topics.iter().flat_map(|(name, topic)| topic.fetched(name)).collect()
    }
}

#[derive(Deserialize)]
struct Broker {
    state: String,
    /// Requests that wait for their answers.
    waitresp_cnt: i64,
    /// Microseconds since the last request was sent, and since anything was received; negative
    /// where there was none.
    txidle: i64,
    rxidle: i64,
}

impl Broker {
    fn state(&self) -> u8 {
        let longer = |micros: i64, than: Duration| {
            u64::try_from(micros).is_ok_and(|micros| Duration::from_micros(micros) > than)
        };
        let is_silent = self.waitresp_cnt > 0
            && longer(self.rxidle, SILENT_AFTER)
            && longer(self.txidle, ASKED_BEFORE);
        match self.state.as_str() {
            "UP" if is_silent => SILENT,
            "UP" => UP,
            _ => DOWN,
        }
    }
}

#[derive(Deserialize)]
struct Topic {
    partitions: HashMap<i32, Partition>,
}

#[derive(Deserialize)]
struct Partition {
    fetch_state: String,
    fetchq_cnt: i64,
    lo_offset: i64,
    ls_offset: i64,
    hi_offset: i64,
    eof_offset: i64,
    committed_offset: i64,
}

impl Topic {
    fn fetched(&self, name: &str) -> impl Iterator<Item = Fetched> {
        let topic: Arc<str> = Arc::from(name);
        // Partition -1 is librdkafka's own; others are listed as soon as they are known, read or
        // not. Offsets are negative until they are known.
        let read = self.partitions.iter().filter(|(id, partition)| {
            **id >= 0 && partition.fetch_state == "active" && partition.end() >= 0
        });
        read.map(move |(id, partition)| Fetched {
            topic: Arc::clone(&topic),
            partition: *id,
            begin: partition.lo_offset.max(0),
            end: partition.end(),
            committed: partition.committed_offset,
            is_drained: partition.is_drained(),
        })
    }
}

impl Partition {
    fn end(&self) -> i64 {
        if self.ls_offset >= 0 { self.ls_offset } else { self.hi_offset }
    }

    /// librdkafka sets `eof_offset` when a fetch at the end of a partition returns nothing: then it
    /// has passed the markers and aborted records before that. `fetchq_cnt` is the length of the
    /// one queue that all partitions share.
    fn is_drained(&self) -> bool {
        self.eof_offset == self.end() && self.fetchq_cnt == 0
    }
}
