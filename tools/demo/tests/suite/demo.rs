//! The demo as a process, with a Kafka of its own.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::RwLockReadGuard;

use tempfile::TempDir;
use verdict_kafka_io::{KafkaSettings, Outgoing};
use verdict_testkit::{
    Answer, Process, Signal, eventually_ok, get, kafka, post, repository, run, together,
};

pub(crate) const JSON: (&str, &str) = ("content-type", "application/json");
pub(crate) const TEXT: (&str, &str) = ("accept", "text/plain");

/// Every port is any that is free.
const FLAGS: [&str; 7] = [
    "--kafka-port=0",
    "--web-port=0",
    "--consumer-port=0",
    "--producer-port=0",
    "--trainer-port=0",
    "--monitor-port=0",
    "--no-trickle",
];

/// What a demo keeps between its runs, and a turn among the tests that start whole systems.
pub(crate) struct State {
    folder: TempDir,
    _turn: RwLockReadGuard<'static, ()>,
}

impl State {
    /// An empty one; `None` is left out, where Kafka is not installed.
    pub(crate) fn new() -> Option<Self> {
        let turn = together();
        kafka::is_installed().then(|| Self { folder: tempfile::tempdir().unwrap(), _turn: turn })
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// The program with its state in `state`.
pub(crate) fn command(state: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_demo"));
    command.current_dir(repository()).args(FLAGS).arg("--state").arg(state);
    command
}

/// A running demo; killed when it is dropped, as by a power cut.
pub(crate) struct Demo {
    pub(crate) process: Process,
    pub(crate) banner: String,
    pub(crate) web: String,
    pub(crate) bootstrap: String,
    state: PathBuf,
}

impl Demo {
    /// Starts one without Prometheus, and waits for its banner.
    pub(crate) fn start(state: &Path, flags: &[&str]) -> Self {
        Self::start_as(command(state).arg("--no-prometheus").args(flags), state)
    }

    pub(crate) fn start_as(command: &mut Command, state: &Path) -> Self {
        let mut process = Process::start(command);
        let banner = eventually_ok("the banner", || {
            let (banner, errors) = (process.out.text(), process.err.text());
            assert_eq!(process.ended(), None, "{errors}");
            // The banner ends with how to end it.
            if banner.contains("Ctrl-C") { Ok(banner) } else { Err(errors) }
        });
        let after = |what: &str| {
            let rest = banner.split_once(what).map(|(_, rest)| rest.trim_start());
            rest.and_then(|rest| rest.split_whitespace().next())
                .unwrap_or_else(|| panic!("{what:?} is not in the banner: {banner}"))
                .to_owned()
        };
        Self {
            web: after("\n    page ").trim_end_matches('/').to_owned(),
            bootstrap: after("--bootstrap-servers "),
            process,
            banner,
            state: state.to_owned(),
        }
    }

    /// The pid of what it has started under this name.
    pub(crate) fn child(&self, name: &str) -> u32 {
        let found = run(Command::new("pgrep").args(["-P", &self.id(), "-x", name]));
        found.trim().parse().unwrap_or_else(|_| panic!("one {name} is looked for, found {found:?}"))
    }

    /// The pids of all that it has started.
    pub(crate) fn children(&self) -> Vec<u32> {
        let found = run(Command::new("pgrep").args(["-P", &self.id()]));
        found.lines().map(|pid| pid.parse().unwrap()).collect()
    }

    fn id(&self) -> String {
        self.process.id().to_string()
    }

    /// Every address of HTTP that the banner names, in its order.
    pub(crate) fn addresses(&self) -> Vec<String> {
        let mut addresses: Vec<String> = Vec::new();
        for rest in self.banner.split("http://").skip(1) {
            let address = rest.split(['/', ' ', '\n']).next().unwrap().to_owned();
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        addresses
    }

    pub(crate) fn kafka(&self) -> KafkaSettings {
        KafkaSettings::new(self.bootstrap.clone())
    }

    pub(crate) fn publish(&self, records: impl IntoIterator<Item = Outgoing>) {
        kafka::publish(&self.kafka(), records);
    }

    /// What a service has logged so far.
    pub(crate) fn log(&self, service: &str) -> String {
        let path = self.state.join("logs").join(format!("{service}.log"));
        std::fs::read_to_string(path).unwrap()
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        get(&format!("{}{path}", self.web)).unwrap()
    }

    /// What is answered to a post that is taken.
    pub(crate) fn post(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let answer = post(&format!("{}{path}", self.web), headers, body).unwrap();
        assert!((200..300).contains(&answer.status), "{path}: {answer:?}");
        answer
    }

    /// The verdict on a text, asked for as programs do.
    pub(crate) fn verdict(&self, text: &str) -> serde_json::Value {
        let body = serde_json::json!({ "text": text }).to_string();
        self.post("/api/v1/reviews", &[JSON], &body).json()
    }

    /// The line that is answered to the form.
    pub(crate) fn form(&self, headers: &[(&str, &str)], text: &str) -> String {
        let form = ("content-type", "application/x-www-form-urlencoded");
        let body = format!("text={}", text.replace(' ', "+"));
        self.post("/predict", &[headers, &[form]].concat(), &body).text
    }

    /// Its exit code after Ctrl-C.
    pub(crate) fn interrupt(mut self) -> Option<i32> {
        self.process.end(Signal::INT).code()
    }
}
