//! Why there is no broker.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Why Kafka could not be started, stopped or signalled; the text says what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// Kafka, or a Java for it, is not in the cache.
    #[error(
        "Apache Kafka is not installed, {path} is not there: `tools/kafka/install.sh` installs it, without root"
    )]
    NotInstalled {
        /// What was looked for.
        path: PathBuf,
    },
    /// A jar is not the one that it should be.
    #[error(
        "{path} has sha256 {found}, and must have {expected}: remove it, and `tools/kafka/install.sh` fetches it anew"
    )]
    WrongJar {
        /// The jar.
        path: PathBuf,
        /// Its checksum.
        found: String,
        /// That of the pinned version.
        expected: String,
    },
    /// The cache folder cannot be placed.
    #[error(
        "neither XDG_CACHE_HOME nor HOME is set: say where Kafka's jars are to be kept (--cache)"
    )]
    NoCache,
    /// A port that was asked for is taken.
    #[error("port {port} of 127.0.0.1 is taken: end what listens there, or choose another port")]
    PortTaken {
        /// The port.
        port: u16,
    },
    /// No free port.
    #[error("no port from {first} to {last} is free on 127.0.0.1")]
    NoPort {
        /// The first port tried.
        first: u16,
        /// The last port tried.
        last: u16,
    },
    /// Formatting the data folder failed.
    #[error("Kafka's data folder {data} could not be formatted ({ended})\n{output}")]
    Format {
        /// The data folder.
        data: PathBuf,
        /// How the tool ended.
        ended: String,
        /// The end of what it printed.
        output: String,
    },
    /// The data folder is not one that was formatted here.
    #[error("{data} cannot be used, {reason}: choose another folder")]
    Foreign {
        /// The data folder.
        data: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The folder belongs to another process.
    #[error("{folder} is in use by another process: end it, or choose another folder")]
    InUse {
        /// The folder.
        folder: PathBuf,
    },
    /// There is no room.
    #[error("the disk with {folder} is full: make room, or choose another folder")]
    DiskFull {
        /// The folder.
        folder: PathBuf,
    },
    /// The broker ended by itself.
    #[error("Kafka ended ({ended}); the end of {log}:\n{tail}")]
    Ended {
        /// How the process ended.
        ended: String,
        /// The broker's log.
        log: PathBuf,
        /// Its last lines.
        tail: String,
    },
    /// The broker did not become ready in time.
    #[error("Kafka was not ready within {within:?}; the end of {log}:\n{tail}")]
    NotReady {
        /// The time it was given.
        within: Duration,
        /// The broker's log.
        log: PathBuf,
        /// Its last lines.
        tail: String,
    },
    /// The broker did not end when asked to, and was killed.
    #[error("Kafka did not end within {within:?} of SIGTERM and was killed")]
    NotEnded {
        /// The time it was given.
        within: Duration,
    },
    /// A signal was to be sent to a broker that is not running.
    #[error("Kafka is not running: restart it first")]
    NotRunning,
    /// The operating system said no.
    #[error("{what}: {error}")]
    Io {
        /// What was being done, with the path.
        what: String,
        /// What it said.
        error: io::Error,
    },
}

impl StartError {
    /// `self`, or that the disk with `folder` is full where that is what `said` says.
    pub(crate) fn or_disk_full(self, said: &str, folder: &Path) -> Self {
        if said.contains("No space left on device") {
            let folder = folder.to_owned();
            Self::DiskFull { folder }
        } else {
            self
        }
    }

    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |error| Self::Io { what, error }
    }
}
