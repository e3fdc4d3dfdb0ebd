//! Publishing a model to a real Apache Kafka.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]
#![allow(
    dead_code,
    unreachable_pub,
    reason = "shares `common` with the other tests"
)]

mod common;

use common::process::{Place, assert_says, hex_sha256, names};
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
        let known = ["publish", "--model", "model", "--to", "registry", "--json"];
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
    assert_eq!(first["version"], "1");
    assert_eq!(first["sha256"], sha256);
    assert_eq!(first["position"], "models-0-0");
    let kept = first["uri"].as_str().unwrap();
    assert!(kept.starts_with('/') && kept.contains(&format!("/sentiment/{sha256}/")));
    assert_eq!(fs::read(kept).unwrap(), bytes);

    let pointer = announce::last(&kafka, topic::MODELS, "sentiment")
        .unwrap()
        .unwrap();
    assert_eq!((pointer.version.as_str(), &*pointer.uri), ("1", kept));
    assert_eq!(
        (pointer.sha256.as_str(), pointer.bytes),
        (&*sha256, bytes.len() as u64)
    );
    let inspected = place.json(&["inspect", "model", "--json"]);
    let about = &inspected["about"];
    assert_eq!(
        pointer.trained_from,
        TrainedFrom::Data {
            sha256: about["data"]["sha256"].as_str().unwrap().to_owned()
        }
    );
    let accuracy = about["metrics"]["out_of_fold"]["accuracy"].as_f64();
    assert_eq!(pointer.metrics.get("accuracy").copied(), accuracy);
    assert!(accuracy.is_some());
    assert_eq!(
        announce::last(&kafka, topic::MODELS, "other").unwrap(),
        None
    );

    let second = json(&publish(&[]));
    assert_eq!(
        (&second["version"], &second["replaces"]),
        (&"2".into(), &"1".into())
    );
    assert_eq!(json(&publish(&["--version", "9"]))["version"], "9");
    let output = run(&publish(&["--version", "9"]));
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert_says(&said, &["--version must be at least 10", "got 9"]);
    assert_eq!(json(&publish(&[]))["version"], "10");
    assert_eq!(
        names(&place.path("registry/sentiment")).len(),
        1,
        "the same bytes are kept once"
    );
}

#[test]
fn nothing_but_a_model_is_published() {
    let place = Place::new();
    place.write("broken.verdict", b"VERDICT\x1a and no more");
    // Port 1 of this machine is nobody's; it is not even asked.
    let said = place.refused(
        &[
            "publish",
            "--model",
            "broken.verdict",
            "--bootstrap-servers",
            "127.0.0.1:1",
        ],
        b"",
    );
    assert_says(&said, &["broken.verdict", "format version"]);
    let said = place.refused(&["publish", "--model", "missing"], b"");
    assert_says(&said, &["missing"]);
}
