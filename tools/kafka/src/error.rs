//! Why there is no broker, or no service beside it.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Why Kafka, or a [`Process`](crate::Process), could not be started, stopped or signalled; the
/// text says what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs, reason = "each text names its fields")]
pub enum StartError {
    /// Kafka, or a Java for it, is not in the cache.
    #[error(
        "Apache Kafka is not installed, {path} is not there: `tools/kafka/install.sh` installs it, without root"
    )]
    NotInstalled { path: PathBuf },
    /// What is there cannot be used: a jar, a data folder, the cache, a range of ports.
    #[error("{0}")]
    Unusable(String),
    /// A port that was asked for is taken.
    #[error("port {port} of 127.0.0.1 is taken: end what listens there, or choose another port")]
    PortTaken { port: u16 },
    /// Formatting the data folder failed.
    #[error("Kafka's data folder {data} could not be formatted ({ended})\n{output}")]
    Format { data: PathBuf, ended: String, output: String },
    /// The folder belongs to another process.
    #[error("{folder} is in use by another process: end it, or choose another folder")]
    InUse { folder: PathBuf },
    /// There is no room.
    #[error("the disk with {folder} is full: make room, or choose another folder")]
    DiskFull { folder: PathBuf },
    /// The process ended by itself.
    #[error("{name} ended ({ended}); the end of {log}:\n{tail}")]
    Ended { name: String, ended: String, log: PathBuf, tail: String },
    /// The process did not become ready in time; `last` is what it answered last, in parentheses.
    #[error("{name} was not ready within {within:?}{last}; the end of {log}:\n{tail}")]
    NotReady { name: String, within: Duration, last: String, log: PathBuf, tail: String },
    /// The process did not end when asked to, and was killed.
    #[error("{name} did not end within {within:?} of SIGTERM and was killed")]
    NotEnded { name: String, within: Duration },
    /// A signal was to be sent to a broker that is not running.
    #[error("Kafka is not running: restart it first")]
    NotRunning,
    /// The operating system said no.
    #[error("{what}: {error}")]
    Io { what: String, error: io::Error },
}

impl StartError {
    /// `self`, or that the disk with `folder` is full where that is what `output` says.
    pub(crate) fn or_disk_full(self, output: &str, folder: &Path) -> Self {
        if output.contains("No space left on device") {
            let folder = folder.to_owned();
            Self::DiskFull { folder }
        } else {
            self
        }
    }

    /// What the system says about `path`, while `doing` something with it.
    pub(crate) fn at(doing: &str, path: impl AsRef<Path>) -> impl FnOnce(io::Error) -> Self {
        Self::io(format!("{doing} {}", path.as_ref().display()))
    }

    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |error| Self::Io { what, error }
    }
}
