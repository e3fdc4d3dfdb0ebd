//! What a client knows about its connection, gathered from its callbacks. Every client has one; a
//! client that does more with its callbacks is a [`Client`] with a handler of its own.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering},
};

use rdkafka::{
    ClientContext, config::RDKafkaLogLevel, consumer::ConsumerContext, error::KafkaError,
    types::RDKafkaErrorCode,
};

use crate::statistics::{DOWN, Fetched, SILENT, Statistics, UP};

/// The state of a client's connection. Clones share it; reading it never blocks on the network.
#[derive(Debug, Clone, Default)]
pub struct Connection(Arc<State>);

#[derive(Debug, Default)]
struct State {
    broker: AtomicU8,
    breaks: AtomicU64,
    // A broker answered since the last statistics.
    has_answered: AtomicBool,
}

impl Connection {
    /// Whether at least one broker is connected and answers. At most about two seconds old, and eight
    /// where a broker is frozen.
    pub fn is_up(&self) -> bool {
        self.why_down().is_none()
    }

    /// Why it is not up, for a person.
    pub fn why_down(&self) -> Option<&'static str> {
        match self.0.broker.load(Ordering::Relaxed) {
            UP => None,
            SILENT => Some("no broker has answered for more than 5 s"),
            _ => Some("no broker is connected"),
        }
    }

    /// How often a connection broke or a request had no answer in time. librdkafka repeats such a
    /// request by itself.
    pub(crate) fn breaks(&self) -> u64 {
        self.0.breaks.load(Ordering::Acquire)
    }

    pub(crate) fn mark_up(&self) {
        self.0.has_answered.store(true, Ordering::Relaxed);
        self.0.broker.store(UP, Ordering::Relaxed);
    }

    fn mark_down(&self) {
        self.0.broker.store(DOWN, Ordering::Relaxed);
    }

    /// Updates the state from the client's statistics, and returns how far each partition is read.
    pub(crate) fn observe(&self, statistics: &[u8]) -> Vec<Fetched> {
        match serde_json::from_slice::<Statistics>(statistics) {
            Ok(statistics) => {
                let state = statistics.broker_state();
                // They may be older than the answer that they come after: the next ones are not.
                let has_answered = self.0.has_answered.swap(false, Ordering::Relaxed);
                if state != DOWN || !has_answered {
                    self.0.broker.store(state, Ordering::Relaxed);
                }
                statistics.fetched()
            }
            Err(error) => {
                tracing::debug!(target: "kafka", "statistics cannot be read: {error}");
                Vec::new()
            }
        }
    }
}

impl ClientContext for Connection {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        // A broker that cannot be connected to has no request of ours.
        if facility == "REQTMOUT" || (facility == "FAIL" && message.contains("in state UP")) {
            self.0.breaks.fetch_add(1, Ordering::Release);
        }
        match level {
            // Properties of readers are passed to writers too, and librdkafka warns that it ignores
            // them.
            _ if facility == "CONFWARN" => tracing::debug!(target: "kafka", facility, "{message}"),
            // librdkafka logs an unreachable broker several times a second; the programs log it
            // once.
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

impl ConsumerContext for Connection {}

/// The callbacks of a client. They update its connection, and its handler gets the rest.
pub(crate) struct Client<H> {
    pub(crate) connection: Connection,
    pub(crate) handler: H,
}

/// What a client does with its callbacks besides updating its connection.
pub(crate) trait Handler: Send + Sync {
    fn fetched(&self, _: Vec<Fetched>) {}
}

impl<H: Handler> ClientContext for Client<H> {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.connection.log(level, facility, message);
    }

    fn stats_raw(&self, statistics: &[u8]) {
        self.handler.fetched(self.connection.observe(statistics));
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.connection.error(error, reason);
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
    fn statistics_from_before_an_answer_do_not_deny_it() {
        let connection = Connection::default();
        let down = br#"{"brokers":{"a:1/1":{"state":"CONNECT","waitresp_cnt":0,"txidle":-1,"rxidle":-1}}}"#;
        connection.mark_up();
        for is_up in [true, false] {
            connection.stats_raw(down);
            assert_eq!(connection.is_up(), is_up);
        }
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
