//! What a source yields, and what can be asked of it.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use verdict_messages::Sentiment;

/// One review at rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// The text as it was stored; never blank.
    pub text: String,
    /// `Some(true)` is positive, `Some(false)` negative, `None` unlabelled.
    pub label: Option<bool>,
    /// Where it was read.
    pub place: Place,
    /// The same for the same source on every run: the path without extension in an aclImdb source, the source's own
    /// `id` where it has one, `file:line` otherwise.
    pub id: String,
}

impl Review {
    /// Whether the id only says where the review stood. Such an id is the same for another file of that name, and for
    /// another run over standard input.
    pub fn is_named_by_place(&self) -> bool {
        self.place.entry.is_none() && self.id == self.place.id()
    }
}

/// Where something was read, for messages and for ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The path as it was given, or `stdin`.
    pub file: Arc<str>,
    /// The member of an archive or folder, if the source is one.
    pub entry: Option<String>,
    /// The line on which the review starts, from 1; `None` where a whole file is one review.
    pub line: Option<u64>,
}

impl Place {
    pub(crate) fn whole(file: &Arc<str>) -> Self {
        Self { file: Arc::clone(file), entry: None, line: None }
    }

    pub(crate) fn line(file: &Arc<str>, line: u64) -> Self {
        Self { file: Arc::clone(file), entry: None, line: Some(line) }
    }

    pub(crate) fn entry(file: &Arc<str>, entry: impl Into<String>) -> Self {
        Self { file: Arc::clone(file), entry: Some(entry.into()), line: None }
    }

    /// `reviews.csv:17`: without the folders, so that an id does not depend on where the command was run.
    pub(crate) fn id(&self) -> String {
        let name = self.file.rsplit(['/', '\\']).next().unwrap_or(&self.file);
        match self.line {
            Some(line) => format!("{name}:{line}"),
            None => name.to_owned(),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(entry) = &self.entry {
            write!(f, " ({entry})")?;
        }
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        Ok(())
    }
}

/// Which part of an aclImdb source to read. Other layouts have no parts and ignore it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Split {
    /// `train/`.
    Train,
    /// `test/`.
    Test,
    /// Both.
    #[default]
    All,
}

/// The layout of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The Large Movie Review Dataset (Maas et al., ACL 2011): `{train,test}/{pos,neg}/<id>_<rating>.txt`. The
    /// unlabelled reviews and the precomputed features of the original are passed over.
    AclImdb,
    /// A table with a header: columns `review` and `sentiment`, or `text` and `label`. Commas, tabs, semicolons or bars
    /// separate them, and quotes are doubled (RFC 4180), escaped by a backslash or none: all as the table itself has it.
    Csv,
    /// One JSON object a line; `text` and `label`, or `review` and `sentiment`.
    JsonLines,
    /// One review a line, unlabelled; blank lines are passed over.
    Lines,
}

/// Whether a review without a label will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Labels {
    /// A review without a label is an error; so is a source that cannot have any.
    Required,
    /// A review without a label has `label: None`. A label that is there must still be one of the two.
    #[default]
    Optional,
}

/// How to open a source.
#[derive(Debug, Clone)]
pub struct OpenOptions {
    /// The layout; `None` tells it from the file's name (`.csv`, `.tsv`, `.jsonl`, `.ndjson`, `.json`, `.tar`, each also
    /// with `.gz`) and, failing that, from the first line. What looks like a table without a header is refused.
    pub kind: Option<Kind>,
    /// Which part of an aclImdb source.
    pub split: Split,
    /// Whether labels must be there.
    pub labels: Labels,
    /// The longest review read, in bytes as stored (a line, a row, a file). A longer one is an error, so that a file
    /// without line ends cannot take all memory. 4 MiB unless told.
    pub max_review_bytes: usize,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self { kind: None, split: Split::All, labels: Labels::Optional, max_review_bytes: 4 << 20 }
    }
}

/// A name that is none of those known; its text lists them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} must be one of {known}, got {got:?}")]
pub struct UnknownName {
    what: &'static str,
    known: &'static str,
    got: String,
}

impl FromStr for Kind {
    type Err = UnknownName;

    /// Reads `aclimdb`, `csv`, `jsonl` or `lines`.
    fn from_str(name: &str) -> Result<Self, UnknownName> {
        match name {
            "aclimdb" => Ok(Self::AclImdb),
            "csv" => Ok(Self::Csv),
            "jsonl" => Ok(Self::JsonLines),
            "lines" => Ok(Self::Lines),
            _ => Err(UnknownName {
                what: "format",
                known: "aclimdb, csv, jsonl, lines",
                got: name.to_owned(),
            }),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AclImdb => "aclimdb",
            Self::Csv => "csv",
            Self::JsonLines => "jsonl",
            Self::Lines => "lines",
        })
    }
}

impl FromStr for Split {
    type Err = UnknownName;

    /// Reads `train`, `test` or `all`.
    fn from_str(name: &str) -> Result<Self, UnknownName> {
        match name {
            "train" => Ok(Self::Train),
            "test" => Ok(Self::Test),
            "all" => Ok(Self::All),
            _ => {
                Err(UnknownName { what: "split", known: "train, test, all", got: name.to_owned() })
            }
        }
    }
}

impl fmt::Display for Split {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Train => "train",
            Self::Test => "test",
            Self::All => "all",
        })
    }
}

/// By the one list of labels.
pub(crate) fn parse_label(text: &str) -> Option<bool> {
    Sentiment::from_label(text).map(|label| label == Sentiment::Positive)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_kinds_and_splits_read_back() {
        for kind in [Kind::AclImdb, Kind::Csv, Kind::JsonLines, Kind::Lines] {
            assert_eq!(kind.to_string().parse(), Ok(kind));
        }
        for split in [Split::Train, Split::Test, Split::All] {
            assert_eq!(split.to_string().parse(), Ok(split));
        }
        let error = "parquet".parse::<Kind>().unwrap_err().to_string();
        assert_eq!(error, r#"format must be one of aclimdb, csv, jsonl, lines, got "parquet""#);
        let error = "dev".parse::<Split>().unwrap_err().to_string();
        assert_eq!(error, r#"split must be one of train, test, all, got "dev""#);
    }

    #[test]
    fn a_place_reads_like_a_compilers() {
        let file: Arc<str> = "data/reviews.csv".into();
        assert_eq!(Place::line(&file, 17).to_string(), "data/reviews.csv:17");
        assert_eq!(Place::line(&file, 17).id(), "reviews.csv:17");
        assert_eq!(
            Place::entry(&"a.tar.gz".into(), "aclImdb/x.txt").to_string(),
            "a.tar.gz (aclImdb/x.txt)"
        );
    }
}
