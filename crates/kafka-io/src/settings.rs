//! How to reach Kafka, and the client settings of each role with their reasons.

use std::fmt;

use rdkafka::{ClientConfig, error::KafkaError};

/// The flags of every program that talks to Kafka.
#[derive(Debug, Clone, clap::Args)]
pub struct KafkaArgs {
    /// Kafka brokers to start from, as HOST:PORT, separated by commas
    #[arg(
        long,
        env = "VERDICT_BOOTSTRAP_SERVERS",
        default_value = "127.0.0.1:9092",
        value_name = "HOST:PORT"
    )]
    pub bootstrap_servers: String,

    /// Any property of librdkafka, for instance `--kafka security.protocol=sasl_ssl`; may be given
    /// more than once
    #[arg(long = "kafka", value_name = "KEY=VALUE")]
    pub properties: Vec<String>,
}

impl KafkaArgs {
    /// Checks the flags, and lists all problems together.
    ///
    /// # Errors
    /// Each property that is no `KEY=VALUE`, that librdkafka does not know or refuses, or that
    /// Verdict sets itself.
    pub fn check(&self) -> Result<KafkaSettings, BadSetting> {
        let mut settings = KafkaSettings::new(&self.bootstrap_servers);
        let mut problems = Vec::new();
        if self.bootstrap_servers.trim().is_empty() {
            problems.push(
                "--bootstrap-servers must name at least one HOST:PORT, got nothing".to_owned(),
            );
        }
        for typed in &self.properties {
            match property(typed) {
                Ok(property) => settings.properties.push(property),
                Err(problem) => problems.push(problem),
            }
        }
        if problems.is_empty() { Ok(settings) } else { Err(BadSetting(problems)) }
    }
}

/// Settings that cannot be used; all problems together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("; "))]
pub struct BadSetting(pub Vec<String>);

/// Properties that Verdict sets itself, because a promise depends on each.
const RESERVED: [&str; 8] = [
    "bootstrap.servers",
    "enable.auto.commit",
    "enable.auto.offset.store",
    "enable.idempotence",
    "enable.partition.eof",
    "group.id",
    "partitioner",
    "transactional.id",
];

fn property(typed: &str) -> Result<(String, String), String> {
    let Some((key, value)) = typed.split_once('=') else {
        return Err(format!("--kafka must be KEY=VALUE, got {typed:?}"));
    };
    let (key, value) = (key.trim(), value.trim());
    if RESERVED.contains(&key) {
        return Err(format!("--kafka {key} cannot be set: Verdict's promises depend on it"));
    }
    let tried = ClientConfig::new().set(key, value).create_native_config();
    match tried {
        Ok(_) => Ok((key.to_owned(), value.to_owned())),
        // The reason quotes the value, which may be a password.
        Err(KafkaError::ClientConfig(_, reason, ..)) if !is_secret(key) => {
            Err(format!("--kafka {key} is refused by librdkafka: {reason}"))
        }
        Err(_) => Err(format!("--kafka {key} is refused by librdkafka")),
    }
}

fn is_secret(key: &str) -> bool {
    ["password", "secret", "pem", "jaas", "oauthbearer.config"]
        .iter()
        .any(|word| key.contains(word))
}

/// Checked settings, from which every client is made.
#[derive(Clone)]
pub struct KafkaSettings {
    bootstrap: String,
    client_id: String,
    properties: Vec<(String, String)>,
}

impl KafkaSettings {
    /// Settings for the brokers at `bootstrap` (`HOST:PORT`, separated by commas), with defaults
    /// for the rest.
    pub fn new(bootstrap: impl Into<String>) -> Self {
        Self {
            bootstrap: bootstrap.into(),
            client_id: "verdict".to_owned(),
            properties: Vec::new(),
        }
    }

    /// The same settings with the name under which brokers log this client.
    #[must_use]
    pub fn client_id(mut self, client_id: impl Into<String>) -> Self {
        self.client_id = client_id.into();
        self
    }

    /// The brokers to start from.
    pub fn bootstrap(&self) -> &str {
        &self.bootstrap
    }

    /// What all clients share.
    pub(crate) fn client(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", &self.bootstrap)
            .set("client.id", &self.client_id)
            // A missing topic is an error; it must not be created with one partition.
            .set("allow.auto.create.topics", "false")
            .set("socket.keepalive.enable", "true")
            .set("socket.timeout.ms", "10000")
            .set("reconnect.backoff.ms", "50")
            .set("reconnect.backoff.max.ms", "2000")
            // Topics that are created after the client started are seen this soon (default 5
            // minutes).
            .set("topic.metadata.refresh.interval.ms", "10000")
            // The source of lag and of "is a broker there".
            .set("statistics.interval.ms", "1000");
        config
    }

    /// What all clients that read share: no commit by themselves, only committed records, bounded
    /// memory.
    pub(crate) fn reading(&self) -> ClientConfig {
        let mut config = self.client();
        config
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("isolation.level", "read_committed")
            .set("check.crcs", "true")
            // Memory is about queued.max plus one response: the defaults are 64 MiB, and a second
            // of standstill when the queue is full.
            .set("queued.max.messages.kbytes", "16384")
            .set("queued.min.messages", "5000")
            .set("fetch.queue.backoff.ms", "10")
            .set("fetch.message.max.bytes", "1048576")
            .set("fetch.max.bytes", "8388608")
            .set("receive.message.max.bytes", "16777216")
            // After an error on a partition, ask again soon: the default is half a second.
            .set("fetch.error.backoff.ms", "100");
        config
    }

    /// What all clients that write share: acknowledged by all replicas, no duplicates by retries,
    /// Java's partitions.
    pub(crate) fn writing(&self) -> ClientConfig {
        let mut config = self.client();
        config
            .set("enable.idempotence", "true")
            .set("acks", "all")
            .set("max.in.flight.requests.per.connection", "5")
            .set("partitioner", "murmur2_random")
            .set("compression.type", "lz4")
            .set("retry.backoff.ms", "50");
        config
    }

    /// Adds the properties of the command line, which override everything set so far.
    pub(crate) fn finish(&self, mut config: ClientConfig) -> ClientConfig {
        for (key, value) in &self.properties {
            config.set(key, value);
        }
        config
    }
}

impl fmt::Debug for KafkaSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.properties.iter().map(|(key, value)| {
            if is_secret(key) { (key.as_str(), "…") } else { (key.as_str(), value.as_str()) }
        });
        f.debug_struct("KafkaSettings")
            .field("bootstrap", &self.bootstrap)
            .field("client_id", &self.client_id)
            .field("properties", &shown.collect::<Vec<_>>())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(properties: &[&str]) -> KafkaArgs {
        KafkaArgs {
            bootstrap_servers: "127.0.0.1:9092".into(),
            properties: properties.iter().map(|p| (*p).to_owned()).collect(),
        }
    }

    #[test]
    fn any_property_of_librdkafka_can_be_set() {
        let settings = args(&["fetch.wait.max.ms=5", "sasl.password = a=b "]).check().unwrap();
        let config = settings.finish(settings.reading());
        assert_eq!(config.get("fetch.wait.max.ms"), Some("5"));
        assert_eq!(config.get("sasl.password"), Some("a=b"));
        assert_eq!(config.get("enable.auto.commit"), Some("false"));
    }

    #[test]
    fn all_bad_properties_are_reported_together() {
        let typed = ["nonsense", "no.such.property=1", "linger.ms=soon", "enable.auto.commit=true"];
        let BadSetting(problems) = args(&typed).check().unwrap_err();
        assert_eq!(problems.len(), typed.len(), "{problems:?}");
    }

    #[test]
    fn no_secret_is_shown() {
        let settings = args(&["sasl.password=hunter2", "client.rack=a"]).check().unwrap();
        let shown = format!("{settings:?}");
        assert!(!shown.contains("hunter2") && shown.contains("client.rack"), "{shown}");
    }
}
