//! What a client knows about its connection, gathered from its callbacks: is a broker there, how far behind are we.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use rdkafka::{ClientContext, config::RDKafkaLogLevel, error::KafkaError, types::RDKafkaErrorCode};
use serde::Deserialize;

/// How many records of one partition wait to be processed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionLag {
    /// Topic name.
    pub topic: Arc<str>,
    /// Partition number.
    pub partition: i32,
    /// Records that can be read and are not committed yet.
    pub records: u64,
}

/// The state of a client's connection. Clones share it; reading it never blocks on the network.
#[derive(Debug, Clone, Default)]
pub struct Connection(Arc<State>);

#[derive(Debug, Default)]
struct State {
    is_up: AtomicBool,
    lags: Mutex<Vec<PartitionLag>>,
}

impl Connection {
    /// Whether at least one broker is connected. Follows the truth within about a second.
    pub fn is_up(&self) -> bool {
        self.0.is_up.load(Ordering::Relaxed)
    }

    /// The lag of each partition this client reads, at most about a second old.
    pub fn lags(&self) -> Vec<PartitionLag> {
        self.0
            .lags
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn mark_up(&self) {
        self.0.is_up.store(true, Ordering::Relaxed);
    }

    fn mark_down(&self) {
        self.0.is_up.store(false, Ordering::Relaxed);
    }

    fn observe(&self, statistics: &Statistics) {
        let is_up = statistics
            .brokers
            .values()
            .any(|broker| broker.state == "UP");
        self.0.is_up.store(is_up, Ordering::Relaxed);
        let mut lags: Vec<_> = statistics
            .topics
            .iter()
            .flat_map(|(name, topic)| topic.lags(name))
            .collect();
        lags.sort_by(|a, b| (&a.topic, a.partition).cmp(&(&b.topic, b.partition)));
        *self.0.lags.lock().unwrap_or_else(PoisonError::into_inner) = lags;
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
}

#[derive(Deserialize)]
struct Topic {
    partitions: HashMap<i32, Partition>,
}

#[derive(Deserialize)]
struct Partition {
    fetch_state: String,
    lo_offset: i64,
    ls_offset: i64,
    hi_offset: i64,
    committed_offset: i64,
}

impl Topic {
    fn lags(&self, name: &str) -> impl Iterator<Item = PartitionLag> {
        let topic: Arc<str> = Arc::from(name);
        // Partition -1 is librdkafka's own; others are listed as soon as they are known, read or not.
        let read = self
            .partitions
            .iter()
            .filter(|(id, partition)| **id >= 0 && partition.fetch_state == "active");
        read.map(move |(id, partition)| PartitionLag {
            topic: Arc::clone(&topic),
            partition: *id,
            records: partition.lag(),
        })
    }
}

impl Partition {
    /// Offsets are negative until they are known. Without a commit the whole log waits.
    fn lag(&self) -> u64 {
        let end = if self.ls_offset >= 0 {
            self.ls_offset
        } else {
            self.hi_offset
        };
        let done = if self.committed_offset >= 0 {
            self.committed_offset
        } else {
            self.lo_offset.max(0)
        };
        u64::try_from(end.saturating_sub(done)).unwrap_or(0)
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
        match serde_json::from_slice(statistics) {
            Ok(statistics) => self.observe(&statistics),
            Err(error) => tracing::debug!(target: "kafka", "statistics cannot be read: {error}"),
        }
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
            r#"{{"brokers":{{"a:1/1":{{"state":"{broker}"}}}},"topics":{{"t":{{"partitions":{{"0":{partition},"-1":{partition}}}}}}}}}"#
        )
    }

    #[test]
    fn lag_is_what_is_readable_and_not_committed() {
        let cases = [
            (
                r#"{"fetch_state":"active","lo_offset":0,"ls_offset":90,"hi_offset":100,"committed_offset":60}"#,
                Some(30),
            ),
            (
                r#"{"fetch_state":"active","lo_offset":5,"ls_offset":-1001,"hi_offset":100,"committed_offset":-1001}"#,
                Some(95),
            ),
            (
                r#"{"fetch_state":"active","lo_offset":-1001,"ls_offset":-1001,"hi_offset":-1001,"committed_offset":-1001}"#,
                Some(0),
            ),
            (
                r#"{"fetch_state":"none","lo_offset":0,"ls_offset":90,"hi_offset":100,"committed_offset":60}"#,
                None,
            ),
        ];
        for (partition, expected) in cases {
            let connection = Connection::default();
            connection.stats_raw(statistics("UP", partition).as_bytes());
            let lags: Vec<_> = connection
                .lags()
                .iter()
                .map(|lag| (lag.partition, lag.records))
                .collect();
            assert_eq!(
                lags,
                expected
                    .map(|records| (0, records))
                    .into_iter()
                    .collect::<Vec<_>>(),
                "{partition}"
            );
        }
    }

    #[test]
    fn a_connection_is_up_while_a_broker_is() {
        let connection = Connection::default();
        assert!(!connection.is_up());
        let partition = r#"{"fetch_state":"none","lo_offset":0,"ls_offset":0,"hi_offset":0,"committed_offset":0}"#;
        connection.stats_raw(statistics("UP", partition).as_bytes());
        assert!(connection.is_up());
        connection.error(
            KafkaError::Global(RDKafkaErrorCode::AllBrokersDown),
            "all down",
        );
        assert!(!connection.is_up());
        connection.stats_raw(b"not JSON");
        assert!(!connection.is_up());
    }
}
