//! A command of the consumer as a process of its own.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use serde_json::Value;
use verdict_kafka_io::KafkaSettings;
use verdict_testkit::{Answer, Process, Signal, await_page, get};

use super::artifact;

pub(crate) const CONSUMER: &str = env!("CARGO_BIN_EXE_consumer");
/// Asked to stop, every command ends within this, whatever its broker does.
pub(crate) const END_WITHIN: Duration = Duration::from_secs(10);

/// A running process with operator pages; killed when the test is over.
pub(crate) struct Running {
    pub(crate) process: Process,
    address: String,
}

/// Exit code and JSON of a command that ends.
pub(crate) fn report(kafka: &KafkaSettings, arguments: &[&str]) -> (Option<i32>, Value) {
    let servers = ["--bootstrap-servers", kafka.bootstrap()];
    let output = Command::new(CONSUMER).args(arguments).args(servers).output().unwrap();
    let json = serde_json::from_slice(&output.stdout);
    (output.status.code(), json.unwrap_or_else(|error| panic!("{error}: {output:?}")))
}

impl Running {
    /// `run` with the small model.
    pub(crate) fn consumer(kafka: &KafkaSettings, flags: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let model = verdict_registry::save(folder.path(), &artifact()).unwrap();
        let model = format!("--model={}", model.display());
        // The model is in memory when the pages are served.
        Self::start(kafka, &[flags, &[&model]].concat())
    }

    pub(crate) fn start(kafka: &KafkaSettings, arguments: &[&str]) -> Self {
        let process = Process::start(
            Command::new(CONSUMER)
                .args(arguments)
                .args(["--bootstrap-servers", kafka.bootstrap()])
                .args(["--listen", "127.0.0.1:0", "--log-format", "json"]),
        );
        let line = process.err.next_with("serving /metrics");
        let (_, address) = line.split_once("\"address\":\"").unwrap();
        let address = address.split('"').next().unwrap().to_owned();
        Self { process, address }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        get(&self.url(path)).unwrap()
    }

    /// Waits until a page is as wanted, and returns its text.
    pub(crate) fn await_page(&self, path: &str, holds: impl Fn(&Answer) -> bool) -> String {
        await_page(&self.url(path), holds).text
    }

    pub(crate) fn await_ready(&self) {
        self.await_page("/readyz", |page| page.status == 200);
    }

    /// Asks it to stop, which it does in order and in time.
    pub(crate) fn end(&mut self, with: Signal) {
        let asked = Instant::now();
        assert!(self.process.end(with).success());
        assert!(asked.elapsed() < END_WITHIN, "{:?}", asked.elapsed());
    }

    /// Waits until the exposition has all of these lines.
    pub(crate) fn await_metrics(&self, lines: &[&str]) -> String {
        self.await_page("/metrics", |page| {
            lines.iter().all(|line| page.text.lines().any(|has| has == *line))
        })
    }
}
