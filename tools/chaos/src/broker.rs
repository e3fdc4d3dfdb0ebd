//! Brokers on loopback: one with a listener for the proxy, or three that hold replicas.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use verdict_kafka::{Kafka, Options};
use verdict_kafka_io::{KafkaSettings, topics};
use verdict_messages::topic;
use verdict_testkit::{PATIENCE, free_address};

use crate::proxy::Proxy;

/// Brokers, and the proxy before one of them.
pub struct Cluster {
    /// The brokers.
    pub nodes: Vec<Kafka>,
    /// Where the proxy listens, and the proxy.
    pub proxied: Option<(SocketAddr, Proxy)>,
}

/// The settings of clients that share nothing with the product's. A broker may not know yet what
/// another has created, and librdkafka's default is to ask again after five minutes.
pub fn client(bootstrap: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", bootstrap);
    config.set("topic.metadata.refresh.interval.ms", "1000");
    config
}

/// Small segments, so that positions of the past are compacted away. Kafka 4.3.1 was seen to load
/// half a million of them again and again after it was killed: each load takes 10 s, and whoever
/// asks meanwhile makes it begin anew ("out of sync with the underlying log").
fn small_segments() -> [(String, String); 3] {
    [
        property("offsets.topic.segment.bytes", 1 << 20),
        property("log.cleaner.backoff.ms", 1_000),
        property("log.cleaner.min.cleanable.ratio", 0.1),
    ]
}

fn property(key: &str, value: impl ToString) -> (String, String) {
    (key.to_owned(), value.to_string())
}

/// The folder of a broker, empty: what a run leaves there tells what went wrong in it.
fn data(folder: &Path, name: &str) -> PathBuf {
    let data = folder.join(name);
    match std::fs::remove_dir_all(&data) {
        Err(error) if error.kind() != ErrorKind::NotFound => panic!("{}: {error}", data.display()),
        _ => data,
    }
}

impl Cluster {
    /// One broker, and a proxy before a second listener of it; its data stays in `folder`.
    pub fn one(partitions: i32, folder: &Path) -> Self {
        let [client, behind, proxied, controller] = std::array::from_fn(|_| free_address());
        let mut properties = vec![
            property(
                "listeners",
                format!("PLAINTEXT://{client},PROXIED://{behind},CONTROLLER://{controller}"),
            ),
            property("advertised.listeners", format!("PLAINTEXT://{client},PROXIED://{proxied}")),
            property(
                "listener.security.protocol.map",
                "PLAINTEXT:PLAINTEXT,PROXIED:PLAINTEXT,CONTROLLER:PLAINTEXT",
            ),
            property("controller.quorum.voters", format!("1@{controller}")),
        ];
        properties.extend(small_segments());
        let options = Options {
            data: Some(data(folder, "one")),
            port: Some(client.port()),
            properties,
            ..Options::default()
        };
        let proxy = Proxy::start(proxied, behind).unwrap();
        let nodes = vec![Kafka::start(options).unwrap()];
        Self { nodes, proxied: Some((proxied, proxy)) }.with_topics(partitions, 1)
    }

    /// Three brokers that are controllers too; every topic has three replicas, of which two must be
    /// in sync.
    pub fn three(partitions: i32, folder: &Path) -> Self {
        let controllers: [SocketAddr; 3] = std::array::from_fn(|_| free_address());
        let voters: Vec<String> =
            controllers.iter().zip(1..).map(|(address, id)| format!("{id}@{address}")).collect();
        let start = |id: usize| {
            let client = free_address();
            let mut properties = vec![
                property("node.id", id + 1),
                property(
                    "listeners",
                    format!("PLAINTEXT://{client},CONTROLLER://{}", controllers[id]),
                ),
                property("advertised.listeners", format!("PLAINTEXT://{client}")),
                property("controller.quorum.voters", voters.join(",")),
                property("offsets.topic.replication.factor", 3),
                property("transaction.state.log.replication.factor", 3),
                property("transaction.state.log.min.isr", 2),
                property("min.insync.replicas", 2),
                property("unclean.leader.election.enable", false),
            ];
            properties.extend(small_segments());
            Options {
                data: Some(data(folder, &format!("three-{id}"))),
                port: Some(client.port()),
                properties,
                ..Options::default()
            }
        };
        // None is ready before two are there.
        let starting: Vec<_> = (0..3)
            .map(start)
            .map(|options| thread::spawn(move || Kafka::start(options).unwrap()))
            .collect();
        let nodes = starting.into_iter().map(|node| node.join().unwrap()).collect();
        Self { nodes, proxied: None }.with_topics(partitions, 3)
    }

    fn with_topics(self, partitions: i32, replication: i32) -> Self {
        let specs = topic::catalogue().map(|plan| topics::TopicSpec {
            partitions,
            ..topics::TopicSpec::planned(&plan, replication)
        });
        let settings = KafkaSettings::new(self.bootstrap());
        verdict_testkit::eventually_ok("the topics", || {
            topics::ensure(&settings, &specs, PATIENCE).map(drop)
        });
        self
    }

    /// The brokers to start from.
    pub fn bootstrap(&self) -> String {
        self.nodes.iter().map(Kafka::bootstrap).collect::<Vec<_>>().join(",")
    }

    /// Kills a broker as a power cut would, and starts it again at once or after a while.
    pub fn kill_and_restart(&mut self, node: usize, after: Duration) {
        self.nodes[node].kill9().unwrap();
        // The time that it is away is the fault, not a wait for something.
        thread::park_timeout(after);
        self.nodes[node].restart().unwrap();
    }

    /// Waits until every partition has all of its replicas in sync.
    pub fn await_replicas(&self) {
        let client: BaseConsumer = client(&self.bootstrap()).create().unwrap();
        verdict_testkit::eventually("all replicas in sync", || {
            let metadata = client.fetch_metadata(None, Duration::from_secs(5)).ok()?;
            let partitions = metadata.topics().iter().flat_map(|topic| topic.partitions());
            let mut in_sync = partitions.map(|one| one.isr().len() == one.replicas().len());
            // Of no partitions, all would be in sync.
            (in_sync.next()? && in_sync.all(|is_in_sync| is_in_sync)).then_some(())
        });
    }
}
