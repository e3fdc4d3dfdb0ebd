//! The trainer as a process, in a directory of its own.

use super::{reviews, write_csv};
use assert_cmd::Command;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

pub fn trainer() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trainer"));
    command.env_remove("VERDICT_MODEL");
    command
}

/// A directory with params.yaml and reviews.csv, in which the trainer runs.
pub struct Place(TempDir);

impl Place {
    pub fn new() -> Self {
        let place = Self(TempDir::new().unwrap());
        place.write("params.yaml", "feature_engineering: {max_features: 300}\n");
        write_csv(&place.path("reviews.csv"), &reviews(400));
        place
    }

    pub fn trained() -> Self {
        let place = Self::new();
        place.ok(&["train", "--data", "reviews.csv", "--out", "model"]);
        place
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path(name), bytes).unwrap();
    }

    pub fn run(&self, args: &[&str], input: &[u8]) -> std::process::Output {
        let mut command = self.command(args);
        command.write_stdin(input).output().unwrap()
    }

    /// The trainer with these arguments, about to be run.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = trainer();
        command.current_dir(self.0.path()).args(args);
        command
    }

    /// Runs without input; standard output, after it has been seen that nothing else was said.
    pub fn ok(&self, args: &[&str]) -> String {
        self.ok_with(args, b"")
    }

    pub fn ok_with(&self, args: &[&str], input: &[u8]) -> String {
        let output = self.run(args, input);
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{args:?}: {errors}");
        assert_eq!(errors, "", "{args:?} draws nothing in a pipe");
        String::from_utf8(output.stdout).unwrap()
    }

    /// The JSON object on the only line of standard output.
    pub fn json(&self, args: &[&str]) -> Value {
        one_object(&self.ok(args))
    }

    /// Runs what must fail; the message, after it has been seen that nothing was printed or written.
    pub fn refused(&self, args: &[&str], input: &[u8]) -> String {
        let before = names(self.0.path());
        let output = self.run(args, input);
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}: {errors}");
        assert_eq!(String::from_utf8(output.stdout).unwrap(), "", "{args:?}");
        assert_eq!(names(self.0.path()), before, "{args:?} writes no file");
        assert!(errors.starts_with("trainer: "), "{args:?}: {errors}");
        assert!(!errors.contains("panicked"), "{args:?}: {errors}");
        errors
    }

    /// What training on `data` says.
    pub fn refused_data(&self, data: &str) -> String {
        self.refused(&["train", "--data", data, "--out", "new"], b"")
    }
}

pub fn one_object(text: &str) -> Value {
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(text.ends_with('\n'));
    serde_json::from_str(text).unwrap()
}

pub fn names(directory: &Path) -> BTreeSet<String> {
    fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

pub fn assert_keys(value: &Value, expected: &[&str]) {
    for key in expected {
        assert!(value.get(key).is_some_and(|x| !x.is_null()), "{key} in {value}");
    }
}

/// Each part stands in the message; the parts are values, bounds and places.
pub fn assert_says(message: &str, parts: &[&str]) {
    for part in parts {
        assert!(message.contains(part), "{part:?} in {message}");
    }
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub fn hex_sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
