//! The demo as a process, with a Kafka of its own.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use verdict_kafka_io::KafkaSettings;

use crate::common::{eventually, root};
use crate::system;

/// A running demo; killed when it is dropped.
pub(crate) struct Demo {
    child: Child,
    pub(crate) banner: String,
    pub(crate) web: String,
    pub(crate) bootstrap: String,
    state: PathBuf,
}

/// Every port is any that is free.
const FLAGS: [&str; 8] = [
    "--kafka-port=0",
    "--web-port=0",
    "--consumer-port=0",
    "--producer-port=0",
    "--trainer-port=0",
    "--monitor-port=0",
    "--no-prometheus",
    "--no-trickle",
];

/// The program with its state in `state`.
pub(crate) fn command(state: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_demo"));
    command
        .args(FLAGS)
        .arg("--root")
        .arg(root())
        .arg("--state")
        .arg(state)
        .arg("--bin")
        .arg(system::binaries());
    command
}

/// What a demo keeps between its runs; `None` with one line where Kafka is not installed. In CI
/// that is a failure.
pub(crate) fn state() -> Option<tempfile::TempDir> {
    system::is_kafka_installed().then(|| tempfile::tempdir().unwrap())
}

impl Demo {
    pub(crate) fn start(state: &Path) -> Self {
        Self::start_with(state, &[], &[])
    }

    pub(crate) fn start_with(state: &Path, flags: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut child = command(state)
            .args(flags)
            .envs(environment.iter().copied())
            .stdout(Stdio::piped())
            .stderr(File::create(state.join("said")).unwrap())
            .spawn()
            .unwrap();
        // The banner ends with how to end it; nothing follows.
        let banner: Vec<String> = BufReader::new(child.stdout.take().unwrap())
            .lines()
            .map_while(Result::ok)
            .take_while(|line| !line.contains("Ctrl-C"))
            .collect();
        let banner = banner.join("\n");
        let said = fs::read_to_string(state.join("said")).unwrap();
        assert!(!banner.is_empty(), "there is no banner: {said}");
        let after = |what: &str| {
            let rest = banner.split_once(what).map(|(_, rest)| rest.trim_start());
            rest.and_then(|rest| rest.split_whitespace().next())
                .unwrap_or_else(|| panic!("{what:?} is not in the banner: {banner}"))
                .to_owned()
        };
        Self {
            web: after("\n    page ").trim_end_matches('/').to_owned(),
            bootstrap: after("--bootstrap-servers "),
            child,
            banner,
            state: state.to_owned(),
        }
    }

    /// What it has said beside the banner.
    pub(crate) fn said(&self) -> String {
        fs::read_to_string(self.state.join("said")).unwrap()
    }

    /// The pid of what it has started under this name.
    pub(crate) fn child(&self, name: &str) -> u32 {
        let of = self.child.id().to_string();
        let found = Command::new("pgrep").args(["-P", &of, "-x", name]).output();
        let found = String::from_utf8(found.unwrap().stdout).unwrap();
        let pid = found.trim().parse();
        pid.unwrap_or_else(|_| panic!("one {name} is looked for, found {found:?}"))
    }

    /// The pids of all that it has started.
    pub(crate) fn children(&self) -> Vec<u32> {
        let of = self.child.id().to_string();
        let found = Command::new("pgrep").args(["-P", &of]).output().unwrap();
        let found = String::from_utf8(found.stdout).unwrap();
        found.lines().map(|pid| pid.parse().unwrap()).collect()
    }

    /// Every address of HTTP that the banner names.
    pub(crate) fn addresses(&self) -> Vec<String> {
        let addresses = self.banner.split("http://").skip(1);
        let mut addresses: Vec<String> =
            addresses.map(|rest| rest.split(['/', ' ', '\n']).next().unwrap().to_owned()).collect();
        addresses.sort();
        addresses.dedup();
        addresses
    }

    pub(crate) fn kafka(&self) -> KafkaSettings {
        KafkaSettings::new(self.bootstrap.clone())
    }

    /// What a service has logged so far.
    pub(crate) fn log(&self, service: &str) -> String {
        let path = self.state.join("logs").join(format!("{service}.log"));
        fs::read_to_string(path).unwrap()
    }

    pub(crate) fn get(&self, path: &str) -> Result<String, ureq::Error> {
        ureq::get(format!("{}{path}", self.web)).call()?.body_mut().read_to_string()
    }

    pub(crate) fn post(&self, path: &str, content_type: &str, accept: &str, body: &str) -> String {
        let request =
            ureq::post(format!("{}{path}", self.web)).header("content-type", content_type);
        request.header("accept", accept).send(body).unwrap().body_mut().read_to_string().unwrap()
    }

    /// As Ctrl-C does.
    pub(crate) fn interrupt(mut self) -> Option<i32> {
        signal(self.child.id(), Signal::INT);
        self.child.wait().unwrap().code()
    }

    /// As a power cut does.
    pub(crate) fn kill9(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Its exit code, once it has ended by itself.
    pub(crate) fn wait(&mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

pub(crate) fn signal(pid: u32, signal: Signal) {
    kill_process(to_pid(pid), signal).unwrap();
}

pub(crate) fn to_pid(pid: u32) -> Pid {
    Pid::from_raw(i32::try_from(pid).unwrap()).unwrap()
}

/// [`eventually`] for what is there or is not.
#[track_caller]
pub(crate) fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    eventually(what, || ask().ok_or_else(|| "not yet".to_owned()))
}
