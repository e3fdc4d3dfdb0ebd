//! Gets the bytes that a pointer names.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use verdict_registry::{LoadError, Resolver};

/// Why there are no bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// They cannot be read, now at least: they may still come, or the place may be away for a while.
    #[error("{0}")]
    Unreachable(String),
    /// There are more than a model may have.
    #[error("{0}")]
    TooLarge(String),
}

/// Gets the bytes at a URI, at most [`Limits::FILE`](verdict_sentiment::Limits::FILE) of them. Is called on a thread that
/// may wait.
pub trait Fetch: Fn(&str) -> Result<Vec<u8>, FetchError> + Send + Sync + 'static {}

impl<F> Fetch for F where F: Fn(&str) -> Result<Vec<u8>, FetchError> + Send + Sync + 'static {}

/// Fetches from a file, a directory that holds `model.verdict`, either as a `file://` URI (RFC 8089), or a registry
/// (`dir:…`, `models:/…`).
///
/// # Errors
/// What the registry says.
pub fn from_registry(resolver: Resolver) -> impl Fetch {
    move |uri: &str| {
        resolver.read(&*path(uri)).map_err(|error| match error {
            LoadError::Artifact { .. } => FetchError::TooLarge(error.to_string()),
            // A version that is not there may still come, and so may a server.
            other => FetchError::Unreachable(other.to_string()),
        })
    }
}

/// The path of a `file://` URI; anything else is as it is.
fn path(uri: &str) -> Cow<'_, str> {
    match uri.strip_prefix("file://") {
        None => Cow::Borrowed(uri),
        Some(rest) => {
            let path = rest.strip_prefix("localhost").unwrap_or(rest);
            percent_decode_str(path).decode_utf8_lossy()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_uri_is_its_path() {
        let cases = [
            ("models/7", "models/7"),
            ("/srv/models/a%20b", "/srv/models/a%20b"),
            ("file:///srv/models/7", "/srv/models/7"),
            ("file://localhost/srv/models/7", "/srv/models/7"),
            ("file:///srv/a%20b/%C3%BC", "/srv/a b/ü"),
        ];
        for (uri, expected) in cases {
            assert_eq!(path(uri), expected, "{uri}");
        }
    }

    #[test]
    fn what_is_not_there_may_still_come() {
        let error = from_registry(Resolver::default())("no/such/model").unwrap_err();
        assert!(
            matches!(&error, FetchError::Unreachable(why) if why.contains("no/such/model")),
            "{error}"
        );
    }
}
