//! A small model, records, and consumers: in this process and as processes of their own.

pub(crate) mod bad_models;
pub(crate) mod pointers;
pub(crate) mod process;

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    sync::Arc,
    thread,
};

use arc_swap::ArcSwap;
use clap::Parser as _;
use verdict_consumer::{
    cli::Cli,
    observe::Observer,
    run::run,
    score::{Explain, ScoreSettings},
    settings::Settings,
    summary::Summary,
};
use verdict_kafka_io::{Failure, KafkaSettings, Outgoing, Record};
use verdict_messages::{Headers, Review, dead_letter, topic};
use verdict_monitor::{
    audit::{Report, audit},
    topics::TopicArgs,
};
use verdict_sentiment::{
    Calibration, Model, ModelParts, Vectorizer, VectorizerOptions, Vocabulary,
};
use verdict_service::{Pages, Shutdown};
use verdict_telemetry::{CpuPrice, Service, Telemetry};
use verdict_testkit::{PATIENCE, eventually, kafka, repository};

/// The bytes of a model that knows "great" and "awful".
pub(crate) fn artifact() -> Vec<u8> {
    artifact_of("test", 0.125)
}

/// The same under another name, with another intercept, which makes other bytes of it.
pub(crate) fn artifact_of(name: &str, intercept: f64) -> Vec<u8> {
    let vocabulary = Vocabulary::new(["awful", "film", "great"]).unwrap();
    let parts = ModelParts {
        name: name.into(),
        vectorizer: Vectorizer::new(vocabulary, VectorizerOptions::default(), 10, vec![3, 9, 4])
            .unwrap(),
        weights: vec![-2.5, 0.1, 2.25],
        intercept,
        calibration: Calibration::IDENTITY,
        about: serde_json::json!({}),
    };
    Model::encode(parts, &["a great film"]).unwrap()
}

pub(crate) fn model() -> Model {
    Model::from_bytes(&artifact()).unwrap()
}

pub(crate) fn default_model() -> Model {
    let path: PathBuf = repository().join("models/default/model.verdict");
    Model::from_bytes(&std::fs::read(path).unwrap()).unwrap()
}

/// Settings as the flags give them.
pub(crate) fn settings(flags: &[&str]) -> Settings {
    Cli::parse_from(["consumer"].iter().chain(flags)).run.check().unwrap()
}

pub(crate) fn score_settings(explain: Explain) -> ScoreSettings {
    ScoreSettings { explain, max_review_bytes: 1000, ..settings(&[]).scoring }
}

pub(crate) fn telemetry() -> Telemetry {
    Telemetry::start(Service::Consumer, CpuPrice::default()).unwrap()
}

pub(crate) fn record(offset: i64, value: impl Into<Vec<u8>>, pairs: &[(&str, &[u8])]) -> Record {
    let mut headers = Headers::new();
    pairs.iter().for_each(|(name, value)| headers.push((*name).to_owned(), value.to_vec()));
    Record {
        topic: "reviews".into(),
        partition: 3,
        offset,
        key: Some(b"k".to_vec()),
        value: Some(value.into()),
        headers,
        timestamp_ms: Some(1_700_000_000_000),
    }
}

/// The `n`th review, named so, for Kafka.
pub(crate) fn review(n: usize) -> Outgoing {
    let id = format!("r{n}");
    let review =
        Review { id: Some(id.as_str().into()), ..Review::from_text("A great film.") }.encode();
    Outgoing::to(topic::REVIEWS).key(id.as_str()).value(review.unwrap())
}

/// The value of a series, by the begin of its line.
pub(crate) fn metric(telemetry: &Telemetry, begin: &str) -> Option<f64> {
    let text = telemetry.metrics().exposition().unwrap();
    let line = text.lines().find(|line| line.starts_with(begin))?;
    line.rsplit(' ').next()?.parse().ok()
}

/// An observer without a shadow model.
pub(crate) fn observer(settings: &Settings, telemetry: &Telemetry) -> Observer {
    Observer::new(&settings.observe, None, telemetry, &Pages::default())
}

/// Runs a consumer while `work` is done, then asks it to stop and returns what it did.
pub(crate) fn beside_consumer(
    settings: &Settings,
    models: &Arc<ArcSwap<Model>>,
    observer: Observer,
    telemetry: &Telemetry,
    work: impl FnOnce(),
) -> Result<Summary, Failure> {
    let shutdown = Shutdown::default();
    thread::scope(|scope| {
        let running = scope.spawn(|| run(settings, models, observer, telemetry, &shutdown));
        // A panic in the work must end the consumer too, or the scope would wait for it for ever.
        let done = catch_unwind(AssertUnwindSafe(work));
        shutdown.request();
        let result = running.join().unwrap();
        done.unwrap();
        result
    })
}

/// What an audit of all reviews finds.
pub(crate) fn audited(kafka: &KafkaSettings) -> Report {
    let (topics, stop) = (TopicArgs::default(), Shutdown::default());
    audit(kafka, &topics, None, PATIENCE, 5, &stop).unwrap().unwrap()
}

/// All records of these topics, once they are enough.
pub(crate) fn read_until(
    settings: &KafkaSettings,
    topics: &[&str],
    is_enough: impl Fn(&[Record]) -> bool,
) -> Vec<Record> {
    eventually("there are enough records", || {
        let records = topics.iter().flat_map(|topic| kafka::read(settings, topic));
        Some(records.collect()).filter(|records: &Vec<_>| is_enough(records))
    })
}

/// How many outcomes each review has, by its position.
pub(crate) fn sources(records: &[Record]) -> BTreeMap<String, usize> {
    let mut sources = BTreeMap::new();
    for record in records {
        // The id of a verdict's event is its review's position; a dead letter has headers for it.
        let source = match dead_letter::source(&record.headers) {
            Ok(position) => position.to_string(),
            Err(_) => record.headers.text("ce_id").unwrap().to_owned(),
        };
        *sources.entry(source).or_default() += 1;
    }
    sources
}
