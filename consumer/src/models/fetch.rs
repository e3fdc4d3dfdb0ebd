//! Gets the bytes that a pointer names.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use verdict_registry::{LoadError, Resolver};
use verdict_telemetry::labels::ModelSwap;

use super::error::ModelError;

/// Gets the bytes at a URI, at most [`Limits::FILE`](verdict_sentiment::Limits::FILE) of them: a
/// file, a directory that holds `model.verdict`, either as a `file://` URI (RFC 8089), or a
/// registry (`dir:…`, `models:/…`). It may wait for the network.
///
/// # Errors
/// [`ModelSwap::Size`] or [`ModelSwap::Unreachable`], with what the registry says.
pub fn fetch(registry: &Resolver, uri: &str) -> Result<Vec<u8>, ModelError> {
    registry.read(&*path(uri)).map_err(|error| {
        let outcome = match error {
            LoadError::Artifact { .. } => ModelSwap::Size,
            // A version that is not there may still come, and so may a server.
            _ => ModelSwap::Unreachable,
        };
        ModelError::new(outcome, error.to_string())
    })
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
        let error = fetch(&Resolver::default(), "no/such/model").unwrap_err();
        assert!(error.may_pass() && error.to_string().contains("no/such/model"), "{error}");
    }
}
