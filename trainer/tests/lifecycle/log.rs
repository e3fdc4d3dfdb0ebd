//! A review log in a real Kafka, and the trainer beside it.

use crate::common::process::Place;
use crate::common::{Made, reviews, write_csv};
use serde_json::Value;
use std::ops::ControlFlow;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use verdict_kafka::Shared;
use verdict_kafka_io::topics::{self, TopicSpec};
use verdict_kafka_io::{KafkaSettings, Outgoing, Publisher, PublisherRole, snapshot};
use verdict_messages::{Label, ModelPointer, Review, Sentiment};
use verdict_registry::{DirectoryRegistry, NewVersion, Registry, Version};
use verdict_trainer::announce;

pub const PATIENCE: Duration = Duration::from_secs(60);
pub const NAME: &str = "sentiment";

/// A small vocabulary, a gate for a hundred reviews, and room for `more` lines.
pub fn params(more: &str) -> String {
    format!(
        "data_ingestion: {{split: hash}}\n\
         feature_engineering: {{max_features: 300}}\n\
         promotion:\n  min_reviews: 20\n  max_regression: 0.02\n  \
         floors: {{accuracy: 0.7, precision: 0.7, recall: 0.7, f1: 0.7, auc: 0.7, log_loss: 0.7, ece: 0.5}}\n{more}\n"
    )
}

/// Topics of its own, and a folder with params.yaml, reviews.csv and the registry `registry`.
pub struct Log {
    pub kafka: KafkaSettings,
    pub place: Place,
    prefix: &'static str,
}

/// What a run gave.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Ran {
    /// The JSON on its only line of standard output, after it has exited with `code`.
    #[track_caller]
    pub fn json(&self, code: i32) -> Value {
        assert_eq!(self.code, Some(code), "{self:?}");
        crate::common::process::one_object(&self.out)
    }

    /// What it said on standard error, after it has exited with `code` and printed nothing.
    #[track_caller]
    pub fn refused(&self, code: i32) -> &str {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert_eq!(self.out, "");
        assert!(!self.err.contains("panicked"), "{self:?}");
        &self.err
    }
}

/// The broker of all tests, or `None`, said in one line, where none can be had. In CI there must be one.
fn broker() -> Option<&'static Shared> {
    static BROKER: OnceLock<Option<Shared>> = OnceLock::new();
    let broker = BROKER.get_or_init(|| match Shared::start() {
        Ok(kafka) => Some(kafka),
        Err(error) if std::env::var_os("CI").is_none() => {
            eprintln!("left out, no Kafka: {error}");
            None
        }
        Err(error) => panic!("CI needs Kafka: {error}"),
    });
    broker.as_ref()
}

impl Log {
    /// Topics of three partitions that are called after `prefix`; without records.
    pub fn empty(prefix: &'static str) -> Option<Self> {
        Self::with_partitions(prefix, 3)
    }

    pub fn with_partitions(prefix: &'static str, partitions: i32) -> Option<Self> {
        let kafka = KafkaSettings::new(broker()?.bootstrap());
        let log = Self { kafka, place: Place::new(), prefix };
        log.place.write("params.yaml", params(""));
        let spec = |of, partitions| TopicSpec {
            name: log.topic(of),
            partitions,
            replication: 1,
            config: Vec::new(),
        };
        let specs = [spec("reviews", partitions), spec("labels", partitions), spec("models", 1)];
        topics::ensure(&log.kafka, &specs, PATIENCE).unwrap();
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
        let publisher = Publisher::new(&self.kafka, PublisherRole::Pipeline).unwrap();
        for record in records {
            publisher.send(&record).unwrap();
        }
        publisher.wait_delivered(PATIENCE).unwrap();
    }

    /// Reviews, and then their labels.
    pub fn write_labelled(&self, reviews: &[Made]) {
        self.write(reviews.iter().map(|review| self.review(review)));
        self.write(reviews.iter().map(|review| self.label(&review.id, review.positive)));
    }

    pub fn review(&self, made: &Made) -> Outgoing {
        let review =
            Review { id: Some(made.id.as_str().into()), ..Review::from_text(made.text.as_str()) };
        Outgoing::to(self.topic("reviews")).key(made.id.as_str()).value(review.encode().unwrap())
    }

    pub fn label(&self, id: &str, positive: bool) -> Outgoing {
        let label = Label {
            review_id: id.into(),
            label: if positive { Sentiment::Positive } else { Sentiment::Negative },
            source: "user".into(),
            labelled_at: "2026-01-02T03:04:05.000Z".into(),
        };
        Outgoing::to(self.topic("labels")).key(id).value(label.encode().unwrap())
    }

    /// The trainer in its folder, told of broker, topics and registry by the environment.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trainer"));
        command
            .current_dir(self.place.path(""))
            .args(args)
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

    pub fn run(&self, args: &[&str]) -> Ran {
        ran(&mut self.command(args))
    }

    /// The last pointer, after it has been seen that what it points to is whole.
    pub fn pointer(&self) -> Option<ModelPointer> {
        let last = announce::last(&self.kafka, &self.topic("models"), NAME).unwrap()?;
        let bytes = verdict_registry::read(&last.uri).unwrap();
        assert_eq!(bytes.len() as u64, last.bytes);
        assert_eq!(crate::common::process::hex_sha256(&bytes), last.sha256);
        Some(last)
    }

    /// The version that the last pointer names.
    pub fn serving(&self) -> Option<String> {
        self.pointer().map(|pointer| pointer.version)
    }

    /// Records of the topic of models so far.
    pub fn announced(&self) -> usize {
        let mut n = 0;
        snapshot::read(&self.kafka, &self.topic("models"), PATIENCE, |_, _| {
            n += 1;
            ControlFlow::Continue(())
        })
        .unwrap();
        n
    }

    pub fn registry(&self) -> DirectoryRegistry {
        DirectoryRegistry::new(self.place.path("registry"))
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
        write_csv(&self.place.path(data), reviews);
        self.place.write(file, params);
        let flags = ["train", "--data", data, "--params", file, "--out", "made"];
        let ran = self.run(&flags);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let bytes = std::fs::read(self.place.path("made/model.verdict")).unwrap();
        let at = "2026-01-01T00:00:00Z".parse().unwrap();
        let registry = self.registry();
        let version = registry.register(NewVersion::new(NAME, &bytes, at)).unwrap();
        registry.set_alias(NAME, "staging", version.version).unwrap();
        version.version
    }

    /// A file that holds JSON.
    pub fn read_json(&self, path: &str) -> Value {
        serde_json::from_slice(&std::fs::read(self.place.path(path)).unwrap()).unwrap()
    }
}

pub fn ran(command: &mut Command) -> Ran {
    let output = command.output().unwrap();
    Ran {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// The same reviews, so many of each hundred labelled wrongly.
pub fn flipped(reviews: &[Made], percent: usize) -> Vec<Made> {
    let wrong = |i: usize| (i * 37) % 100 < percent;
    let flip =
        |(i, made): (usize, &Made)| Made { positive: made.positive != wrong(i), ..made.clone() };
    reviews.iter().enumerate().map(flip).collect()
}

/// Waits until there is something.
#[track_caller]
pub fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(start.elapsed() < PATIENCE, "{what}: not after {PATIENCE:?}");
        std::thread::park_timeout(Duration::from_millis(50));
    }
}

/// The checks of a decision that did not pass.
pub fn failed(decision: &Value) -> Vec<&str> {
    let reasons = decision["reasons"].as_array().unwrap().iter();
    let failed = reasons.filter(|reason| reason["passed"] == false);
    failed.map(|reason| reason["check"].as_str().unwrap()).collect()
}
