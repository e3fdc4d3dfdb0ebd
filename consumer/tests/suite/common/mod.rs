//! A small model and a scorer for the tests.
#![allow(dead_code, reason = "each test binary uses its part")]

pub(crate) mod bad_models;
pub(crate) mod kafka;
pub(crate) mod pointers;
pub(crate) mod process;

use verdict_consumer::settings::{
    RunArgs, Settings,
    scoring::{Explain, ScoreSettings},
};
use verdict_kafka_io::Record;
use verdict_messages::Headers;
use verdict_sentiment::{
    Calibration, Model, ModelParts, Vectorizer, VectorizerOptions, Vocabulary,
};

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

/// A JSON page of the operator server.
pub(crate) fn page(address: std::net::SocketAddr, path: &str) -> serde_json::Value {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
    serde_json::from_str(body).unwrap()
}

/// Settings as the flags give them.
pub(crate) fn settings(flags: &[&str]) -> Settings {
    RunArgs::read(["consumer"].iter().chain(flags)).unwrap().check().unwrap()
}

pub(crate) fn score_settings(explain: Explain) -> ScoreSettings {
    ScoreSettings { explain, max_review_bytes: 1000, ..settings(&[]).scoring }
}

pub(crate) fn record(offset: i64, value: impl Into<Vec<u8>>, headers: &[(&str, &[u8])]) -> Record {
    let headers: Vec<_> =
        headers.iter().map(|(name, value)| ((*name).to_owned(), Some(value.to_vec()))).collect();
    Record {
        topic: "reviews".into(),
        partition: 3,
        offset,
        key: Some(b"k".to_vec()),
        value: Some(value.into()),
        headers: Headers::from(headers),
        timestamp_ms: Some(1_700_000_000_000),
    }
}
