//! The broker's configuration.

use std::collections::BTreeMap;
use std::path::Path;

/// `server.properties` of a single node that is broker and controller at once.
///
/// The settings beside the addresses make tests quick: no pause before a first rebalance, few
/// partitions for the internal topics, transactions that time out seen within a second, no topic
/// that nobody created, segments small enough that a broker that was killed reads its log again in
/// a moment, and a short session, since it waits for the end of the one that it had.
pub(crate) fn render(
    data: &Path,
    port: u16,
    controller: u16,
    secured: Option<u16>,
    extra: &[(String, String)],
) -> String {
    let ours = [
        ("process.roles", "broker,controller".to_owned()),
        ("node.id", "1".to_owned()),
        ("controller.quorum.voters", format!("1@127.0.0.1:{controller}")),
        ("listeners", format!("PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}")),
        ("advertised.listeners", format!("PLAINTEXT://127.0.0.1:{port}")),
        ("controller.listener.names", "CONTROLLER".to_owned()),
        ("listener.security.protocol.map", "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT".to_owned()),
        ("inter.broker.listener.name", "PLAINTEXT".to_owned()),
        ("log.dirs", data.display().to_string()),
        ("log.segment.bytes", (64 << 20).to_string()),
        ("auto.create.topics.enable", "false".to_owned()),
        ("offsets.topic.num.partitions", "5".to_owned()),
        ("offsets.topic.replication.factor", "1".to_owned()),
        ("transaction.state.log.num.partitions", "5".to_owned()),
        ("transaction.state.log.replication.factor", "1".to_owned()),
        ("transaction.state.log.min.isr", "1".to_owned()),
        ("share.coordinator.state.topic.num.partitions", "5".to_owned()),
        ("share.coordinator.state.topic.replication.factor", "1".to_owned()),
        ("share.coordinator.state.topic.min.isr", "1".to_owned()),
        ("transaction.abort.timed.out.transaction.cleanup.interval.ms", "1000".to_owned()),
        ("group.initial.rebalance.delay.ms", "0".to_owned()),
        ("broker.session.timeout.ms", "3000".to_owned()),
        ("broker.heartbeat.interval.ms", "500".to_owned()),
    ];
    let mut all: BTreeMap<&str, &str> =
        ours.iter().map(|(key, value)| (*key, value.as_str())).collect();
    let with_users = secured.map(|secured| with_users(port, controller, secured));
    let with_users = with_users.iter().flatten();
    all.extend(with_users.map(|(key, value)| (*key, value.as_str())));
    all.extend(extra.iter().map(|(key, value)| (key.as_str(), value.as_str())));
    all.iter()
        .map(|(key, value)| format!("{}={}\n", escape(key, true), escape(value, false)))
        .collect()
}

/// What asks users for passwords on a listener of its own, and lets them do what ACLs allow.
fn with_users(port: u16, controller: u16, secured: u16) -> [(&'static str, String); 7] {
    let clients = format!("PLAINTEXT://127.0.0.1:{port},SASL_PLAINTEXT://127.0.0.1:{secured}");
    [
        ("listeners", format!("{clients},CONTROLLER://127.0.0.1:{controller}")),
        ("advertised.listeners", clients),
        (
            "listener.security.protocol.map",
            "PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT".to_owned(),
        ),
        ("sasl.enabled.mechanisms", "SCRAM-SHA-512".to_owned()),
        (
            "listener.name.sasl_plaintext.scram-sha-512.sasl.jaas.config",
            "org.apache.kafka.common.security.scram.ScramLoginModule required;".to_owned(),
        ),
        (
            "authorizer.class.name",
            "org.apache.kafka.metadata.authorizer.StandardAuthorizer".to_owned(),
        ),
        // Who comes without a password, brokers and controllers among them.
        ("super.users", "User:ANONYMOUS".to_owned()),
    ]
}

/// As java.util.Properties reads it back.
fn escape(text: &str, key: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            ' ' if key || at == 0 => out.push_str("\\ "),
            ':' | '=' | '#' | '!' if key => out.extend(['\\', c]),
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_wins_over_what_is_ours() {
        let extra = [("log.segment.bytes".to_owned(), "1048576".to_owned())];
        let text = render(Path::new("/data/logs"), 9092, 9093, None, &extra);
        let line =
            |start: &str| text.lines().filter(|line| line.starts_with(start)).collect::<Vec<_>>();
        assert_eq!(line("log.segment.bytes"), ["log.segment.bytes=1048576"]);
        assert_eq!(
            line("listeners"),
            ["listeners=PLAINTEXT://127.0.0.1:9092,CONTROLLER://127.0.0.1:9093"]
        );
        assert_eq!(line("log.dirs"), ["log.dirs=/data/logs"]);
    }

    #[test]
    fn a_value_cannot_become_another_line() {
        assert_eq!(escape("a b\nc=\\d", false), "a b\\nc=\\\\d");
        assert_eq!(escape("a b=c", true), "a\\ b\\=c");
    }
}
