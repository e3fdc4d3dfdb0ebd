//! What a client knows about its connection, gathered from its callbacks: is a broker there, how far has reading come.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};

use rdkafka::{ClientContext, config::RDKafkaLogLevel, error::KafkaError, types::RDKafkaErrorCode};
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

/// A broker that owes an answer and has sent nothing for so long is silent: one that is frozen
/// keeps its connections. A broker answers a fetch within half a second, and a heartbeat or a write
/// at once.
const SILENT_AFTER: Duration = Duration::from_secs(5);
/// The last request must be this old: one that was sent a moment ago owes its answer to nobody yet.
const ASKED_BEFORE: Duration = Duration::from_secs(3);

const DOWN: u8 = 0;
const SILENT: u8 = 1;
const UP: u8 = 2;

/// The state of a client's connection. Clones share it; reading it never blocks on the network.
#[derive(Debug, Clone, Default)]
pub struct Connection(Arc<AtomicU8>);

impl Connection {
    /// Whether at least one broker is connected and answers. Follows the truth within about a
    /// second, and within eight where a broker is frozen.
    pub fn is_up(&self) -> bool {
        self.why_down().is_none()
    }

    /// Why it is not up, for a person.
    pub fn why_down(&self) -> Option<&'static str> {
        match self.0.load(Ordering::Relaxed) {
            UP => None,
            SILENT => Some("no broker has answered for more than 5 s"),
            _ => Some("no broker is connected"),
        }
    }

    pub(crate) fn mark_up(&self) {
        self.0.store(UP, Ordering::Relaxed);
    }

    fn mark_down(&self) {
        self.0.store(DOWN, Ordering::Relaxed);
    }

    /// Takes note of the client's statistics, and gives what they say of the partitions that it reads.
    pub(crate) fn observe(&self, statistics: &[u8]) -> Vec<Fetched> {
        let statistics: Statistics = match serde_json::from_slice(statistics) {
            Ok(statistics) => statistics,
            Err(error) => {
                tracing::debug!(target: "kafka", "statistics cannot be read: {error}");
                return Vec::new();
            }
        };
        let states = statistics.brokers.values().map(Broker::state);
        self.0.store(states.max().unwrap_or(DOWN), Ordering::Relaxed);
        statistics.topics.iter().flat_map(|(name, topic)| topic.fetched(name)).collect()
    }
}

/// The part of librdkafka's statistics that is used.
#[derive(Deserialize)]
struct Statistics {
    #[serde(default)]
    brokers: HashMap<String, Broker>,
    #[serde(default)]
    topics: HashMap<String, Topic>,
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
        // Partition -1 is librdkafka's own; others are listed as soon as they are known, read or not. Offsets are negative
        // until they are known.
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

    /// librdkafka notes the end of a partition when a fetch that begins there finds nothing: then it has stepped over the
    /// markers and aborted records before it. `fetchq_cnt` is the length of the one queue that all partitions share.
    fn is_drained(&self) -> bool {
        self.eof_offset == self.end() && self.fetchq_cnt == 0
    }
}

impl ClientContext for Connection {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        match level {
            // Properties of readers are given to writers too: librdkafka says each time that it ignores them.
            _ if facility == "CONFWARN" => tracing::debug!(target: "kafka", facility, "{message}"),
            // A broker that is away is said at length by librdkafka, several times a second; the events of the
            // programs say it once.
            _ if facility == "FAIL" || facility == "ERROR" => {
                tracing::debug!(target: "kafka", facility, "{message}")
            }
            RDKafkaLogLevel::Emerg
            | RDKafkaLogLevel::Alert
            | RDKafkaLogLevel::Critical
            | RDKafkaLogLevel::Error => {
                tracing::error!(target: "kafka", facility, "{message}");
            }
            RDKafkaLogLevel::Warning => tracing::warn!(target: "kafka", facility, "{message}"),
            RDKafkaLogLevel::Notice | RDKafkaLogLevel::Info => {
                tracing::info!(target: "kafka", facility, "{message}")
            }
            RDKafkaLogLevel::Debug => tracing::debug!(target: "kafka", facility, "{message}"),
        }
    }

    fn stats_raw(&self, statistics: &[u8]) {
        drop(self.observe(statistics));
    }

    fn error(&self, error: KafkaError, reason: &str) {
        if error.rdkafka_error_code() == Some(RDKafkaErrorCode::AllBrokersDown) {
            self.mark_down();
        }
        tracing::debug!(target: "kafka", "{error}: {reason}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statistics(broker: &str, partition: &str) -> String {
        format!(
            r#"{{"brokers":{{"a:1/1":{{"state":"{broker}","waitresp_cnt":0,"txidle":-1,"rxidle":-1}}}},"topics":{{"t":{{"partitions":{{"0":{partition},"-1":{partition}}}}}}}}}"#
        )
    }

    #[test]
    fn a_partition_is_drained_when_its_end_is_found_and_nothing_waits_in_the_queue() {
        let partition = |state: &str, ls: i64, eof: i64, queued: i64| {
            format!(
                r#"{{"fetch_state":"{state}","fetchq_cnt":{queued},"lo_offset":5,"ls_offset":{ls},"hi_offset":100,"eof_offset":{eof},"committed_offset":60}}"#
            )
        };
        let cases = [
            (partition("active", 90, 90, 0), Some((90, true))),
            (partition("active", 90, 90, 1), Some((90, false))),
            (partition("active", 90, 80, 0), Some((90, false))),
            (partition("active", 90, -1001, 0), Some((90, false))),
            (partition("active", -1001, 100, 0), Some((100, true))),
            (partition("none", 90, 90, 0), None),
        ];
        for (partition, expected) in cases {
            let fetched = Connection::default().observe(statistics("UP", &partition).as_bytes());
            let found: Vec<_> = fetched
                .iter()
                .map(|fetched| {
                    assert_eq!((fetched.begin, fetched.committed), (5, 60));
                    (fetched.end, fetched.is_drained)
                })
                .collect();
            assert_eq!(found, expected.into_iter().collect::<Vec<_>>(), "{partition}");
        }
        let unknown = r#"{"fetch_state":"active","fetchq_cnt":0,"lo_offset":-1001,"ls_offset":-1001,"hi_offset":-1001,"eof_offset":-1001,"committed_offset":-1001}"#;
        let fetched = Connection::default().observe(statistics("UP", unknown).as_bytes());
        assert_eq!(fetched, [], "an end that is not known is not reached");
    }

    #[test]
    fn a_connection_is_up_while_a_broker_is() {
        let connection = Connection::default();
        assert!(!connection.is_up());
        let partition = r#"{"fetch_state":"none","fetchq_cnt":0,"lo_offset":0,"ls_offset":0,"hi_offset":0,"eof_offset":0,"committed_offset":0}"#;
        connection.stats_raw(statistics("UP", partition).as_bytes());
        assert!(connection.is_up());
        connection.error(KafkaError::Global(RDKafkaErrorCode::AllBrokersDown), "all down");
        assert!(!connection.is_up());
        connection.stats_raw(b"not JSON");
        assert!(!connection.is_up());
    }

    #[test]
    fn a_broker_that_owes_an_answer_for_too_long_is_silent() {
        for (waiting, sent, received, why) in [
            (1, 4_000_000, 6_000_000, Some("answered")),
            // Nothing is owed; the answer came; it was asked just now.
            (0, 9_000_000, 9_000_000, None),
            (1, 4_000_000, 400_000, None),
            (1, 100, 60_000_000, None),
            (1, -1, -1, None),
        ] {
            let connection = Connection::default();
            let statistics = format!(
                r#"{{"brokers":{{"a:1/1":{{"state":"UP","waitresp_cnt":{waiting},"txidle":{sent},"rxidle":{received}}},
                    "b:2/2":{{"state":"INIT","waitresp_cnt":0,"txidle":-1,"rxidle":-1}}}}}}"#
            );
            connection.stats_raw(statistics.as_bytes());
            let said = connection.why_down();
            assert_eq!(said.is_some(), why.is_some(), "{statistics}");
            assert!(said.unwrap_or("answered").contains(why.unwrap_or("")), "{said:?}");
        }
    }
}
