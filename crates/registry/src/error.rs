//! What can go wrong with a registry, and whether to try again.

use std::fmt::Display;
use std::io;
use std::path::Path;

/// What a registry returns.
pub(crate) type Result<T, E = RegistryError> = std::result::Result<T, E>;

/// Why a registry did not do what it was asked for. The text is whole, without a source beside it:
/// it names the file or URL, states value and bound, and no secret is ever in it.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// What was given is out of its bounds. Nothing was done.
    #[error("{0}")]
    Invalid(String),
    /// There is no such model, version or alias.
    #[error("{0}")]
    NotFound(String),
    /// What the registry holds is not what it says it holds.
    #[error("{0}")]
    Corrupt(String),
    /// A file cannot be read or written.
    #[error("{0}")]
    Io(String),
    /// The server refused.
    #[error("{call}: status {status} {code}: {message}")]
    Status {
        /// HTTP method and URL, without credentials.
        call: String,
        /// HTTP status.
        status: u16,
        /// MLflow's `error_code`; empty for an answer that has none.
        code: String,
        /// MLflow's `message`, or the beginning of the answer.
        message: String,
    },
    /// There was no answer.
    #[error("{0}")]
    Transport(String),
    /// The server did not finish a version in time.
    #[error("{0}")]
    Pending(String),
    /// The registry cannot do this; the text says what to do instead.
    #[error("{0}")]
    Unsupported(String),
}

impl RegistryError {
    /// Whether the same call may succeed later: no answer, an overloaded or failing server, a
    /// version still pending. It is safe to call again; nothing is registered twice.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Transport(_) | Self::Pending(_) => true,
            // 501 is "not implemented", which stays so.
            Self::Status { status, .. } => matches!(status, 408 | 425 | 429 | 500 | 502..=599),
            _ => false,
        }
    }

    pub(crate) fn invalid(what: impl Display, bound: &str, got: impl Display) -> Self {
        Self::Invalid(format!("{what} {bound}, got {got}"))
    }

    pub(crate) fn not_found(location: impl Display, what: impl Display) -> Self {
        Self::NotFound(format!("{location} has no {what}"))
    }

    pub(crate) fn no_version(location: impl Display, name: &str, version: u64) -> Self {
        Self::not_found(location, format_args!("version {version} of model {name}"))
    }

    pub(crate) fn corrupt(location: impl Display, problem: impl Display) -> Self {
        Self::Corrupt(format!("{location}: {problem}"))
    }

    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |problem| Self::Io(format!("{}: {problem}", path.display()))
    }
}
