//! A review log in a real Kafka, and the trainer beside it.

use crate::folder::{Folder, Ran, Typed, sha256_hex};
use crate::made::{Made, label, reviews, write_csv};
use serde_json::Value;
use std::process::{Command, Stdio};
use verdict_kafka_io::{KafkaSettings, Outgoing};
use verdict_messages::ModelPointer;
use verdict_registry::{DirectoryRegistry, NewVersion, Registry, Version};
use verdict_testkit::{eventually, kafka};
use verdict_trainer::announce::ModelsTopic;

pub const NAME: &str = "sentiment";

/// A small vocabulary, a gate for a hundred reviews and no other texts, and room for `more` lines.
pub fn params(more: &str) -> String {
    format!(
        "data_ingestion: {{split: hash}}\n\
         feature_engineering: {{max_features: 300}}\n\
         promotion:\n  min_reviews: 20\n  max_regression: 0.02\n  behaviour: {{suite: null}}\n  \
         floors: {{accuracy: 0.7, precision: 0.7, recall: 0.7, f1: 0.7, auc: 0.7, log_loss: 0.7, ece: 0.5}}\n{more}\n"
    )
}

/// Topics of its own, and a folder with params.yaml, reviews.csv and the registry `registry`.
pub struct Log {
    pub kafka: KafkaSettings,
    pub folder: Folder,
    prefix: &'static str,
}

impl Log {
    /// Topics of three partitions that are called after `prefix`; without records.
    pub fn empty(prefix: &'static str) -> Option<Self> {
        Self::with_partitions(prefix, 3)
    }

    pub fn with_partitions(prefix: &'static str, partitions: i32) -> Option<Self> {
        let log = Self { kafka: kafka::shared()?, folder: Folder::new(), prefix };
        log.folder.write("params.yaml", params(""));
        let topics = [("reviews", partitions), ("labels", partitions), ("models", 1)];
        let topics = topics.map(|(of, partitions)| (log.topic(of), partitions));
        kafka::create_topics(&log.kafka, topics.iter().map(|(name, n)| (name.as_str(), *n)));
        Some(log)
    }

    /// The same with the 400 reviews of reviews.csv, all of them labelled.
    pub fn labelled(prefix: &'static str) -> Option<Self> {
        let log = Self::empty(prefix)?;
        log.write_labelled(&reviews(400));
        Some(log)
    }

    pub fn topic(&self, of: &str) -> String {
        format!("{}.{of}", self.prefix)
    }

    pub fn write(&self, records: impl IntoIterator<Item = Outgoing>) {
        kafka::publish(&self.kafka, records);
    }

    /// Reviews, and then their labels.
    pub fn write_labelled(&self, reviews: &[Made]) {
        self.write(reviews.iter().map(|review| self.review(review)));
        self.write(reviews.iter().map(|review| self.label(&review.id, review.positive)));
    }

    pub fn review(&self, made: &Made) -> Outgoing {
        made.review(&self.topic("reviews"))
    }

    pub fn label(&self, id: &str, positive: bool) -> Outgoing {
        label(&self.topic("labels"), id, positive)
    }

    /// The trainer in its folder; broker, topics and registry are set by the environment.
    pub fn command(&self, typed: &(impl Typed + ?Sized)) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trainer"));
        command
            .current_dir(self.folder.path(""))
            .args(typed.args())
            .env_remove("VERDICT_MODEL")
            .env_remove("MLFLOW_TRACKING_URI")
            .env("VERDICT_BOOTSTRAP_SERVERS", self.kafka.bootstrap())
            .env("VERDICT_REVIEWS_TOPIC", self.topic("reviews"))
            .env("VERDICT_LABELS_TOPIC", self.topic("labels"))
            .env("VERDICT_MODELS_TOPIC", self.topic("models"))
            .env("VERDICT_REGISTRY", "registry")
            .stdin(Stdio::null());
        command
    }

    pub fn run(&self, typed: &(impl Typed + ?Sized)) -> Ran {
        ran(&mut self.command(typed))
    }

    /// The JSON that the trainer prints, after it has exited with 0.
    #[track_caller]
    pub fn json(&self, typed: &(impl Typed + ?Sized)) -> Value {
        self.run(typed).json(0)
    }

    /// The topic of models.
    pub fn models(&self) -> ModelsTopic {
        let now_unix_ms = || 0;
        ModelsTopic { kafka: self.kafka.clone(), topic: self.topic("models"), now_unix_ms }
    }

    /// The last pointer, after it has been seen that what it points to is whole.
    pub fn pointer(&self) -> Option<ModelPointer> {
        let last = self.models().last(NAME).unwrap()?;
        let bytes = verdict_registry::read(&last.uri).unwrap();
        assert_eq!(bytes.len() as u64, last.bytes);
        assert_eq!(sha256_hex(&bytes), last.sha256);
        Some(last)
    }

    /// The version that the last pointer names.
    pub fn serving(&self) -> Option<String> {
        self.pointer().map(|pointer| pointer.version)
    }

    /// Records of the topic of models so far.
    pub fn announced(&self) -> usize {
        kafka::read(&self.kafka, &self.topic("models")).len()
    }

    /// Waits until this version serves.
    #[track_caller]
    pub fn await_serving(&self, version: &str) {
        eventually(&format!("version {version} serves"), || {
            (self.serving().as_deref() == Some(version)).then_some(())
        });
    }

    pub fn registry(&self) -> DirectoryRegistry {
        DirectoryRegistry::new(self.folder.path("registry"))
    }

    /// The number of the version that an alias points to.
    pub fn alias(&self, alias: &str) -> Option<u64> {
        let version = self.registry().alias(NAME, alias).unwrap();
        version.map(|version| version.version)
    }

    /// All versions, after it has been seen that each is whole and that none is there twice.
    pub fn versions(&self) -> Vec<Version> {
        let registry = self.registry();
        let versions = registry.versions(NAME).unwrap();
        for version in &versions {
            let bytes = registry.fetch(NAME, version.version).unwrap();
            verdict_sentiment::Model::from_bytes(&bytes).unwrap();
        }
        let shas: std::collections::BTreeSet<_> = versions.iter().map(|v| &v.sha256).collect();
        assert_eq!(shas.len(), versions.len(), "{versions:?}");
        versions
    }

    /// Trains on `reviews` and registers the model, without letting it serve. Its version.
    pub fn register(&self, reviews: &[Made], params: &str) -> u64 {
        let (data, file) = ("to-register.csv", "to-register.yaml");
        write_csv(&self.folder.path(data), reviews);
        self.folder.write(file, params);
        self.folder.ok(&format!("train --data {data} --params {file} --out made"));
        let bytes = self.folder.read("made/model.verdict");
        let at = "2026-01-01T00:00:00Z".parse().unwrap();
        let registry = self.registry();
        let version = registry.register(NewVersion::new(NAME, &bytes, at)).unwrap();
        registry.set_alias(NAME, "staging", version.version).unwrap();
        version.version
    }
}

pub fn ran(command: &mut Command) -> Ran {
    Ran::of(command.output().unwrap())
}

/// The checks of a decision that did not pass.
pub fn failed(decision: &Value) -> Vec<&str> {
    let reasons = decision["reasons"].as_array().unwrap().iter();
    let failed = reasons.filter(|reason| reason["passed"] == false);
    failed.map(|reason| reason["check"].as_str().unwrap()).collect()
}
