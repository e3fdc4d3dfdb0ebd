//! Small models, each with bytes of its own.

use std::path::Path;
use verdict_registry::{MlflowRegistry, NewVersion, TrackingSettings};
use verdict_sentiment::{
    Calibration, Model, ModelParts, Vectorizer, VectorizerOptions, Vocabulary,
};
use verdict_testkit::{Fate, Proxy, http_answer};

/// A model of two terms that differs by its intercept.
pub(crate) fn artifact(number: u32) -> Vec<u8> {
    let vocabulary = Vocabulary::new(["bad", "good"]).unwrap();
    let parts = ModelParts {
        name: "tiny".to_owned(),
        vectorizer: Vectorizer::new(vocabulary, VectorizerOptions::default(), 4, vec![2, 2])
            .unwrap(),
        weights: vec![-1.0, 1.0],
        intercept: f64::from(number) / 1024.0,
        calibration: Calibration::IDENTITY,
        about: serde_json::json!({}),
    };
    Model::encode(parts, &["a good film", "a bad film"]).unwrap()
}

pub(crate) fn new<'a>(name: &'a str, artifact: &'a [u8]) -> NewVersion<'a> {
    NewVersion::new(name, artifact, "2026-01-02T03:04:05.678Z".parse().unwrap())
}

/// What is in a directory, by name.
pub(crate) fn names(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// This answer of HTTP.
pub(crate) fn answer(status: u16, body: &str) -> Fate {
    Fate::Answer(http_answer(status, "", body.as_bytes()))
}

pub(crate) fn settings_of(proxy: &Proxy) -> TrackingSettings {
    TrackingSettings::new(&proxy.url()).unwrap()
}

/// A registry as a new process has it.
pub(crate) fn registry_at(proxy: &Proxy) -> MlflowRegistry {
    MlflowRegistry::new(&settings_of(proxy)).unwrap()
}
