//! Why the services do not run.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use verdict_kafka::StartError;

/// Why the services could not be started or did not go on; the text says what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DemoError {
    /// Kafka could not be started, or ended by itself.
    #[error(transparent)]
    Kafka(#[from] StartError),
    /// The in-memory broker could not be started.
    #[error("the in-memory broker: {0}")]
    InMemory(String),
    /// The state folder is one of a version before Kafka.
    #[error(
        "{path} is of an older version, and what it holds cannot be read by this one: move its folder away, or choose another with --state"
    )]
    OldState {
        /// The file that shows it.
        path: PathBuf,
    },
    /// Another demo runs with the same state.
    #[error("another demo runs with {state}: end it, or choose another folder with --state")]
    InUse {
        /// The state folder.
        state: PathBuf,
    },
    /// The state folder goes with another Kafka.
    #[error("the models in {state} go with {other}: choose another folder with --state")]
    OtherKafka {
        /// The state folder.
        state: PathBuf,
        /// The Kafka that it goes with.
        other: String,
    },
    /// The topics could not be made.
    #[error(
        "Kafka at {bootstrap} cannot be used (--bootstrap-servers); `producer topics ensure` says ({ended}):\n{said}"
    )]
    Topics {
        /// Where Kafka was looked for.
        bootstrap: String,
        /// How the command ended.
        ended: String,
        /// The end of what it said.
        said: String,
    },
    /// The model could not be registered.
    #[error(
        "model {model} cannot serve (--model, --state); `trainer publish` says ({ended}):\n{said}"
    )]
    Adopt {
        /// The model.
        model: String,
        /// How the command ended.
        ended: String,
        /// The end of what it said.
        said: String,
    },
    /// A program is not where it should be.
    #[error(
        "{path} is not there: build the services (cargo build), or say where they are with --bin"
    )]
    NoProgram {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// A port is taken.
    #[error(
        "port {port} of 127.0.0.1 is taken: end what listens there, or choose another with {flag}"
    )]
    PortTaken {
        /// The port.
        port: u16,
        /// The flag that changes it.
        flag: &'static str,
    },
    /// No free port.
    #[error("fewer than {wanted} ports from {first} to {last} are free on 127.0.0.1")]
    NoPort {
        /// Ports that are needed.
        wanted: usize,
        /// The first port tried.
        first: u16,
        /// The last port tried.
        last: u16,
    },
    /// A service ended by itself.
    #[error("{name} ended ({ended}); the end of {log}:\n{tail}")]
    Ended {
        /// The service.
        name: String,
        /// How it ended.
        ended: String,
        /// Its log.
        log: PathBuf,
        /// The log's last lines.
        tail: String,
    },
    /// A service did not become ready.
    #[error("{name} was not ready within {within:?} ({said}); the end of {log}:\n{tail}")]
    NotReady {
        /// The service.
        name: String,
        /// The time it was given.
        within: Duration,
        /// What it answered last.
        said: String,
        /// Its log.
        log: PathBuf,
        /// The log's last lines.
        tail: String,
    },
    /// A service did not end when asked to.
    #[error("{name} did not end within {within:?} of SIGTERM and was killed")]
    NotEnded {
        /// The service.
        name: String,
        /// The time it was given.
        within: Duration,
    },
    /// Prometheus' configuration is not as expected.
    #[error("{path}: {problem}")]
    Config {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// It was told to stop before everything ran.
    #[error("stopped while it started")]
    Stopped,
    /// The operating system said no.
    #[error("{what}: {error}")]
    Io {
        /// What was being done, with the path.
        what: String,
        /// What it said.
        error: io::Error,
    },
}

impl DemoError {
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |error| Self::Io { what, error }
    }
}
