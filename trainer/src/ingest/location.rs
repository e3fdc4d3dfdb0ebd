//! Where a data set may be: what was typed, and what it means.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// A source of labelled reviews.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A file or folder on this machine.
    Path(PathBuf),
    /// A file behind `https://` or `http://`.
    Url(String),
    /// An object of an S3 bucket, `s3://BUCKET/KEY`.
    S3 {
        /// The bucket.
        bucket: String,
        /// The object's key, without a slash in front.
        key: String,
    },
    /// The review log: topics of reviews and labels, `kafka`.
    ReviewLog,
}

/// A location that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{expected}, got {got:?}")]
pub struct LocationError {
    expected: &'static str,
    got: String,
}

impl Location {
    /// The name that a copy of it gets on this machine; `None` where it is no single file
    /// elsewhere.
    #[must_use]
    pub fn file_name(&self) -> Option<&str> {
        let name = match self {
            Self::Url(url) => {
                let path = url.split(['?', '#']).next().unwrap_or_default();
                path.rsplit('/').next().unwrap_or_default()
            }
            Self::S3 { key, .. } => key.rsplit('/').next().unwrap_or_default(),
            Self::Path(_) | Self::ReviewLog => return None,
        };
        Some(name).filter(|name| !name.is_empty())
    }
}

impl FromStr for Location {
    type Err = LocationError;

    fn from_str(text: &str) -> Result<Self, LocationError> {
        let error = |expected| LocationError { expected, got: text.to_owned() };
        if text.is_empty() {
            return Err(error("a source is a path, https://…, s3://BUCKET/KEY or kafka"));
        }
        if text == "kafka" {
            return Ok(Self::ReviewLog);
        }
        if let Some(rest) = text.strip_prefix("s3://") {
            return match rest.split_once('/') {
                Some((bucket, key)) if !bucket.is_empty() && !key.is_empty() => Ok(Self::S3 {
                    bucket: bucket.to_owned(),
                    key: key.trim_start_matches('/').to_owned(),
                }),
                _ => Err(error("an object of S3 is s3://BUCKET/KEY")),
            };
        }
        if text.starts_with("https://") || text.starts_with("http://") {
            let location = Self::Url(text.to_owned());
            return match location.file_name() {
                Some(name) if !text.ends_with(&format!("//{name}")) => Ok(location),
                _ => Err(error("a URL names a file, https://HOST/PATH/FILE")),
            };
        }
        if let Some((scheme, _)) = text.split_once("://")
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric())
        {
            return Err(error("a source is a path, https://…, s3://BUCKET/KEY or kafka"));
        }
        Ok(Self::Path(text.into()))
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => path.display().fmt(f),
            Self::Url(url) => f.write_str(without_secrets(url)),
            Self::S3 { bucket, key } => write!(f, "s3://{bucket}/{key}"),
            Self::ReviewLog => f.write_str("kafka"),
        }
    }
}

/// A signed URL carries its signature in the query.
fn without_secrets(url: &str) -> &str {
    url.split('?').next().unwrap_or(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_source_is_told_from_its_text() {
        let s3 = Location::S3 { bucket: "b".into(), key: "a/d.csv".into() };
        for (text, location, name) in [
            ("data/raw/x.csv", Location::Path("data/raw/x.csv".into()), None),
            ("kafka", Location::ReviewLog, None),
            ("s3://b/a/d.csv", s3, Some("d.csv")),
            (
                "https://h.org/d.tar.gz?sig=1",
                Location::Url("https://h.org/d.tar.gz?sig=1".into()),
                Some("d.tar.gz"),
            ),
        ] {
            let parsed: Location = text.parse().unwrap();
            assert_eq!(parsed, location);
            assert_eq!(parsed.file_name(), name);
        }
        let url: Location = "https://h.org/d.tar.gz?sig=1".parse().unwrap();
        assert_eq!(url.to_string(), "https://h.org/d.tar.gz", "no signature is printed");
    }

    #[test]
    fn what_is_none_of_them_is_refused_with_what_was_expected() {
        for (text, says) in [
            ("", "a source is a path"),
            ("ftp://h/f", "a source is a path"),
            ("s3://bucket", "s3://BUCKET/KEY"),
            ("s3:///key", "s3://BUCKET/KEY"),
            ("https://h.org/", "names a file"),
            ("https://h.org", "names a file"),
        ] {
            let error = text.parse::<Location>().unwrap_err().to_string();
            assert!(error.contains(says), "{text:?}: {error}");
        }
    }
}
