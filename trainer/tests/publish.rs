//! Publishing a model to a real Apache Kafka.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "tests"
)]
#![allow(dead_code, unreachable_pub, reason = "shares `common` with the other tests")]

mod common;

use common::process::{Place, assert_says, hex_sha256};
use std::fs;
use std::time::Duration;
use verdict_kafka::{Kafka, Options};
use verdict_kafka_io::{KafkaSettings, topics};
use verdict_messages::{TrainedFrom, topic};
use verdict_trainer::announce;

const PATIENCE: Duration = Duration::from_secs(30);

/// A broker without topics, or `None`, said in one line, where none can be had. In CI there must be one.
fn kafka() -> Option<(Kafka, KafkaSettings)> {
    match Kafka::start(Options::default()) {
        Ok(kafka) => {
            let settings = KafkaSettings::new(kafka.bootstrap());
            Some((kafka, settings))
        }
        Err(error) if std::env::var_os("CI").is_none() => {
            eprintln!("left out, no Kafka: {error}");
            None
        }
        Err(error) => panic!("CI needs Kafka: {error}"),
    }
}

#[test]
fn a_published_model_is_kept_and_then_pointed_to() {
    let Some((broker, kafka)) = kafka() else {
        return;
    };
    let place = Place::trained();
    let bootstrap = broker.bootstrap();
    let publish = |more: &[&'static str]| {
        let known = ["publish", "--model", "model", "--registry", "registry", "--json"];
        let known = known.map(str::to_owned).into_iter();
        let more = more.iter().map(|flag| (*flag).to_owned());
        known
            .chain(["--bootstrap-servers".to_owned(), bootstrap.clone()])
            .chain(more)
            .collect::<Vec<String>>()
    };
    let run = |flags: &[String]| {
        let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
        place.run(&flags, b"")
    };
    let json = |flags: &[String]| {
        let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
        place.json(&flags)
    };

    // Without the topic nothing is kept either.
    let output = run(&publish(&[]));
    assert_eq!(output.status.code(), Some(70));
    let said = String::from_utf8(output.stderr).unwrap();
    assert_says(&said, &["sentiment", "topic models", "no such topic"]);
    assert!(!place.path("registry").exists());

    let plan = topic::catalogue();
    let models = plan.iter().find(|plan| plan.name == topic::MODELS).unwrap();
    topics::ensure(&kafka, &[topics::TopicSpec::planned(models, 1)], PATIENCE).unwrap();
    let bytes = fs::read(place.path("model/model.verdict")).unwrap();
    let sha256 = hex_sha256(&bytes);
    let first = json(&publish(&[]));
    assert_eq!((&first["version"], &first["announced"]), (&1.into(), &true.into()));
    assert_eq!(first["sha256"], sha256);
    let kept = first["uri"].as_str().unwrap();
    assert_eq!(verdict_registry::read(kept).unwrap(), bytes);

    let last = || announce::last(&kafka, topic::MODELS, "sentiment").unwrap().unwrap();
    let pointer = last();
    assert_eq!((pointer.version.as_str(), &*pointer.uri), ("1", kept));
    assert_eq!((pointer.sha256.as_str(), pointer.bytes), (&*sha256, bytes.len() as u64));
    let inspected = place.json(&["inspect", "model", "--json"]);
    let about = &inspected["about"];
    assert_eq!(
        pointer.trained_from,
        TrainedFrom::Data { sha256: about["data"]["sha256"].as_str().unwrap().to_owned() }
    );
    let accuracy = about["metrics"]["out_of_fold"]["accuracy"].as_f64();
    assert_eq!(pointer.metrics.get("accuracy").copied(), accuracy);
    assert!(accuracy.is_some());
    assert_eq!(announce::last(&kafka, topic::MODELS, "other").unwrap(), None);

    let again = json(&publish(&[]));
    assert_eq!((&again["version"], &again["announced"]), (&1.into(), &false.into()));

    // Another registry knows nothing of what serves: its first version must not withdraw it.
    place.write("params.yaml", b"model_building: {C: 3.0}");
    place.json(&[
        "train",
        "--data",
        "reviews.csv",
        "--params",
        "params.yaml",
        "--out",
        "other",
        "--json",
    ]);
    let other = |registry| {
        let mut flags = publish(&[]);
        flags[2] = "other".to_owned();
        flags[4] = registry;
        flags
    };
    assert_eq!(json(&other("registry".to_owned()))["version"], 2);
    assert_eq!(last().version, "2");
    let output = run(&other("elsewhere".to_owned()));
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert_says(&said, &["version 2 of sentiment serves", "does not have it"]);
    assert_eq!(last().version, "2");
}

#[test]
fn nothing_but_a_model_is_published() {
    let place = Place::new();
    place.write("broken.verdict", b"VERDICT\x1a and no more");
    // Port 1 of this machine is nobody's; it is not even asked.
    let said = place.refused(
        &["publish", "--model", "broken.verdict", "--bootstrap-servers", "127.0.0.1:1"],
        b"",
    );
    assert_says(&said, &["broken.verdict", "format version"]);
    let said = place.refused(&["publish", "--model", "missing"], b"");
    assert_says(&said, &["missing"]);
}
