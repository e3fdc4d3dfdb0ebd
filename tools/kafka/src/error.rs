//! Why there is no broker.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// Why Kafka could not be started, stopped or signalled; the text says what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// No Java.
    #[error(
        "java was not found on the PATH: install a Java runtime, 17 or newer (Debian: default-jre-headless)"
    )]
    NoJava,
    /// No Maven, and the jars are not in the cache yet.
    #[error(
        "mvn was not found on the PATH, and Kafka's jars are not in {cache} yet: install Maven (Debian: maven)"
    )]
    NoMaven {
        /// Where the jars would be.
        cache: PathBuf,
    },
    /// Maven could not fetch the jars.
    #[error("Maven could not fetch Kafka {version}: {ended}\n{output}")]
    Maven {
        /// Kafka's version.
        version: &'static str,
        /// How Maven ended.
        ended: String,
        /// The end of what it printed.
        output: String,
    },
    /// The cache folder cannot be placed.
    #[error(
        "neither XDG_CACHE_HOME nor HOME is set: say where Kafka's jars are to be kept (--cache)"
    )]
    NoCache,
    /// The lock on the download was not to be had in time.
    #[error("{path} was locked by another process for more than {waited:?}")]
    Locked {
        /// The lock file.
        path: PathBuf,
        /// How long was waited.
        waited: Duration,
    },
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
    /// The broker ended before it was ready.
    #[error("Kafka ended before it was ready ({ended}); the end of {log}:\n{tail}")]
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
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |error| Self::Io { what, error }
    }
}
