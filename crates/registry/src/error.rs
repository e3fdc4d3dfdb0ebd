//! What can go wrong with a registry, and whether to try again.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Why a registry did not do what it was asked for. The text is whole, without a source beside it; no secret is ever in it.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// What was given is out of its bounds. Nothing was done.
    #[error("{what} {bound}, got {got}")]
    Invalid {
        /// What was given.
        what: String,
        /// What it must be.
        bound: &'static str,
        /// What it is.
        got: String,
    },
    /// There is no such model, version or alias.
    #[error("{place} has no {what}")]
    NotFound {
        /// What was asked for.
        what: String,
        /// The registry: a directory, or a server's URL.
        place: String,
    },
    /// What the registry holds is not what it says it holds.
    #[error("{place}: {problem}")]
    Corrupt {
        /// A file or a URL.
        place: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A file cannot be read or written.
    #[error("{}: {problem}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        problem: io::Error,
    },
    /// The server answered no.
    #[error("{method} {url}: status {status} {code}: {message}")]
    Status {
        /// HTTP method.
        method: &'static str,
        /// URL, without credentials.
        url: String,
        /// HTTP status.
        status: u16,
        /// MLflow's `error_code`; empty for an answer that has none.
        code: String,
        /// MLflow's `message`, or the beginning of the answer.
        message: String,
    },
    /// There was no answer.
    #[error("{method} {url}: {problem}")]
    Transport {
        /// HTTP method.
        method: &'static str,
        /// URL, without credentials.
        url: String,
        /// What went wrong on the way.
        problem: String,
    },
    /// The server did not finish a version in time.
    #[error("{url}: {what} is {status} after {waited:?}")]
    Pending {
        /// URL of the server.
        url: String,
        /// The version.
        what: String,
        /// MLflow's status of it.
        status: String,
        /// How long it was waited for.
        waited: Duration,
    },
    /// The registry cannot do this.
    #[error("{place}: {problem}")]
    Unsupported {
        /// The registry or the address in question.
        place: String,
        /// What it lacks, and what to do instead.
        problem: String,
    },
}

impl RegistryError {
    /// Whether the same call may succeed later: no answer, an overloaded or failing server, a version still pending. It is
    /// safe to call again; nothing is registered twice.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Transport { .. } | Self::Pending { .. } => true,
            // Not implemented stays so.
            Self::Status { status, .. } => {
                matches!(status, 408 | 425 | 429 | 500 | 502..=599)
            }
            Self::Invalid { .. }
            | Self::NotFound { .. }
            | Self::Corrupt { .. }
            | Self::Io { .. }
            | Self::Unsupported { .. } => false,
        }
    }

    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |problem| Self::Io { path, problem }
    }
}
