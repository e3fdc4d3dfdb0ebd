//! The trainer as a process, in a folder of its own.

use crate::made::{reviews, write_csv};
use assert_cmd::Command;
use serde_json::Value;
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

/// What is typed after the program's name: one text, split at blanks, or a list of arguments.
pub trait Typed {
    fn args(&self) -> Vec<&str>;
}

impl Typed for str {
    fn args(&self) -> Vec<&str> {
        self.split_whitespace().collect()
    }
}

impl Typed for String {
    fn args(&self) -> Vec<&str> {
        self.as_str().args()
    }
}

impl<T: Typed + ?Sized> Typed for &T {
    fn args(&self) -> Vec<&str> {
        (**self).args()
    }
}

impl<const N: usize> Typed for [&str; N] {
    fn args(&self) -> Vec<&str> {
        self.to_vec()
    }
}

/// A folder with params.yaml and reviews.csv, in which the trainer runs.
pub struct Folder(TempDir);

impl Folder {
    pub fn new() -> Self {
        let folder = Self(TempDir::new().unwrap());
        folder.write("params.yaml", "feature_engineering: {max_features: 300}\n");
        write_csv(&folder.path("reviews.csv"), &reviews(400));
        folder
    }

    /// The same with the model `model`.
    pub fn trained() -> Self {
        let folder = Self::new();
        folder.ok("train --data reviews.csv --out model");
        folder
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path(name), bytes).unwrap();
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub fn text(&self, name: &str) -> String {
        String::from_utf8(self.read(name)).unwrap()
    }

    pub fn read_json(&self, name: &str) -> Value {
        serde_json::from_slice(&self.read(name)).unwrap()
    }

    /// The trainer with these arguments, about to be run.
    pub fn command(&self, typed: &(impl Typed + ?Sized)) -> Command {
        let mut command = trainer();
        command.current_dir(self.0.path()).args(typed.args());
        command
    }

    pub fn run(&self, typed: &(impl Typed + ?Sized), input: &[u8]) -> Ran {
        Ran::of(self.command(typed).write_stdin(input).output().unwrap())
    }

    /// Runs without input; standard output, after it has been seen that nothing else was said.
    #[track_caller]
    pub fn ok(&self, typed: &(impl Typed + ?Sized)) -> String {
        self.ok_with(typed, b"")
    }

    #[track_caller]
    pub fn ok_with(&self, typed: &(impl Typed + ?Sized), input: &[u8]) -> String {
        let ran = self.run(typed, input);
        assert_eq!(ran.code, Some(0), "{:?}: {ran:?}", typed.args());
        assert_eq!(ran.err, "", "{:?} draws nothing in a pipe", typed.args());
        ran.out
    }

    /// The JSON object on the only line of standard output.
    #[track_caller]
    pub fn json(&self, typed: &(impl Typed + ?Sized)) -> Value {
        one_object(&self.ok(typed))
    }

    /// Runs what must fail with a message that has these parts; the message, after it has been seen
    /// that nothing was printed or written.
    #[track_caller]
    pub fn refused(&self, typed: &(impl Typed + ?Sized), parts: &[&str]) -> String {
        let before = names(self.0.path());
        let ran = self.run(typed, b"text\n");
        let message = ran.refused(2);
        assert_eq!(names(self.0.path()), before, "{:?} writes no file", typed.args());
        assert!(message.starts_with("trainer: "), "{:?}: {message}", typed.args());
        assert_says(message, parts);
        message.to_owned()
    }

    /// The same of training on `data`.
    #[track_caller]
    pub fn refuses_data(&self, data: &str, parts: &[&str]) -> String {
        self.refused(&format!("train --data {data} --out new"), parts)
    }
}

/// How a run ended.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Ran {
    pub fn of(output: std::process::Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The JSON on its only line of standard output, after it has exited with `code`.
    #[track_caller]
    pub fn json(&self, code: i32) -> Value {
        assert_eq!(self.code, Some(code), "{self:?}");
        one_object(&self.out)
    }

    /// Standard error, after it has been seen that it exited with `code` and printed nothing.
    #[track_caller]
    pub fn refused(&self, code: i32) -> &str {
        assert_eq!((self.code, self.out.as_str()), (Some(code), ""), "{self:?}");
        assert!(!self.err.contains("panicked"), "{self:?}");
        &self.err
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

#[track_caller]
pub fn assert_keys(value: &Value, expected: &str) {
    for key in expected.split_whitespace() {
        assert!(value.get(key).is_some_and(|x| !x.is_null()), "{key} in {value}");
    }
}

/// These members of an object are equal to those of `expected`.
#[track_caller]
pub fn assert_has(value: &Value, expected: &Value) {
    for (key, expected) in expected.as_object().unwrap() {
        assert_eq!(&value[key], expected, "{key} in {value}");
    }
}

/// Each part stands in the message; the parts are values, bounds and places.
#[track_caller]
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

pub use verdict_sentiment::sha256_hex;
