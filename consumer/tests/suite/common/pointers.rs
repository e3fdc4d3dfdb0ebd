//! Models on disk, pointers to them, and what became of those.

use std::{collections::BTreeMap, path::Path};

use verdict_kafka_io::{KafkaSettings, Outgoing, Publisher, PublisherRole};
use verdict_messages::{ModelPointer, TrainedFrom, topic};
use verdict_sentiment::sha256_hex;
use verdict_telemetry::Telemetry;
use verdict_testkit::PATIENCE;

/// The name that the consumers of the tests follow.
pub(crate) const NAME: &str = "sentiment";

/// A pointer with the true size and checksum of `bytes`, which are at `uri` or not.
pub(crate) fn pointer_to(uri: &Path, bytes: &[u8], version: &str) -> ModelPointer {
    ModelPointer {
        name: NAME.into(),
        version: version.into(),
        uri: uri.to_str().unwrap().into(),
        sha256: sha256_hex(bytes),
        bytes: bytes.len() as u64,
        metrics: BTreeMap::from([("accuracy".into(), 0.9)]),
        trained_at: "2026-01-02T03:04:05.000Z".into(),
        trained_from: TrainedFrom::Data { sha256: "ab".into() },
        withdraws: None,
    }
}

/// Saves a model under a directory of its version and gives the pointer to it.
pub(crate) fn saved(directory: &Path, bytes: &[u8], version: &str) -> ModelPointer {
    let path = verdict_registry::save(directory.join(version), bytes).unwrap();
    pointer_to(&path, bytes, version)
}

/// Writes pointers. One client for all of them: making and ending one takes half a second.
pub(crate) struct Announcer(Publisher);

impl Announcer {
    pub(crate) fn new(kafka: &KafkaSettings) -> Self {
        Self(Publisher::new(kafka, PublisherRole::Pipeline).unwrap())
    }

    pub(crate) fn announce(&self, pointer: &ModelPointer) {
        self.value(Some(&pointer.encode().unwrap()));
    }

    /// Writes the value, whatever it is, as the last pointer.
    pub(crate) fn value(&self, value: Option<&[u8]>) {
        let record = Outgoing::to(topic::MODELS).key(NAME);
        let record = Outgoing { value: value.map(<[u8]>::to_vec), ..record };
        self.0.send(&record).unwrap();
        self.0.wait_delivered(PATIENCE).unwrap();
    }
}

/// How many pointers had each outcome; those that none had are left out.
pub(crate) fn outcomes(telemetry: &Telemetry) -> BTreeMap<String, u64> {
    let exposition = telemetry.metrics().exposition().unwrap();
    let lines = exposition
        .lines()
        .filter_map(|line| line.strip_prefix("verdict_model_swaps_total{outcome=\""));
    lines
        .map(|line| {
            let (outcome, n) = line.split_once("\"} ").unwrap();
            (outcome.to_owned(), n.parse().unwrap())
        })
        .filter(|(_, n)| *n > 0)
        .collect()
}
