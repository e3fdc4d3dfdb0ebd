//! librdkafka's own in-memory broker, for machines that can have no Kafka: forms are answered on
//! it, and nothing is kept.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

use anyhow::Context as _;
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::mocking::MockCluster;
use verdict_messages::topic::{MODELS, REPLIES, REVIEWS, catalogue};
use verdict_telemetry::output;

/// Partitions of the reviews and what follows them.
const PARTITIONS: i32 = 4;
const LOOK_EVERY: Duration = Duration::from_secs(5);
const WITHIN: Duration = Duration::from_secs(1);

/// The broker. It ends when this is dropped, and so does what it holds.
#[derive(Debug)]
pub(crate) struct InMemory {
    bootstrap: String,
    reason: String,
    _stop: Sender<()>,
}

impl InMemory {
    /// Starts one with Verdict's topics; `reason` is why there is no Kafka.
    pub(crate) fn start(reason: &str) -> anyhow::Result<Self> {
        let (address, started) = mpsc::channel();
        let (stop, stopped) = mpsc::channel();
        // The cluster's handle stays in the thread that made it.
        std::thread::spawn(move || {
            if let Err(error) = serve(&address, &stopped) {
                // Whoever started it waits for the address only.
                address.send(Err(error)).unwrap_or(());
            }
        });
        let started = started.recv().unwrap_or(Err(KafkaError::Canceled));
        Ok(Self {
            bootstrap: started.context("the in-memory broker")?,
            reason: reason.to_owned(),
            _stop: stop,
        })
    }

    pub(crate) fn bootstrap(&self) -> String {
        self.bootstrap.clone()
    }

    /// What the banner says of it.
    pub(crate) fn notice(&self) -> String {
        format!(
            "  THIS IS NOT KAFKA ({}).
  It is an in-memory broker that shows the form and its answer: it keeps nothing after the end, about 5 MB a partition
  until then, and knows no transactions. There is no trainer and no monitor. For the real thing install python3 with
  venv, or Java 17 and Maven, and start again; or use `docker compose up`.
",
            self.reason
        )
    }
}

/// Sends the address, and from then on reports how many of the oldest reviews are gone, whenever
/// there are more of them.
fn serve(
    address: &Sender<Result<String, KafkaError>>,
    stopped: &Receiver<()>,
) -> Result<(), KafkaError> {
    let cluster = MockCluster::new(1)?;
    for plan in catalogue() {
        let partitions = if [REPLIES, MODELS].contains(&plan.name) { 1 } else { PARTITIONS };
        cluster.create_topic(plan.name, partitions, 1)?;
    }
    let observer: BaseConsumer =
        ClientConfig::new().set("bootstrap.servers", cluster.bootstrap_servers()).create()?;
    address.send(Ok(cluster.bootstrap_servers())).unwrap_or(());
    let mut most = 0;
    while stopped.recv_timeout(LOOK_EVERY) == Err(RecvTimeoutError::Timeout) {
        let first = |partition| observer.fetch_watermarks(REVIEWS, partition, WITHIN);
        let firsts = (0..PARTITIONS).map_while(|partition| first(partition).ok());
        let dropped: i64 = firsts.map(|(first, _)| first).sum();
        if dropped > most {
            most = dropped;
            output::note(format_args!(
                "demo: {dropped} of the oldest reviews were dropped: the in-memory broker keeps about 5 MB a partition"
            ));
        }
    }
    Ok(())
}
