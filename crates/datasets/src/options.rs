//! How a source is opened.

use std::fmt;
use std::str::FromStr;

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
    /// The Large Movie Review Dataset (Maas et al., ACL 2011):
    /// `{train,test}/{pos,neg}/<id>_<rating>.txt`. The unlabelled reviews and the precomputed
    /// features of the original are passed over.
    AclImdb,
    /// A table with a header: columns `review` and `sentiment`, or `text` and `label`. Commas,
    /// tabs, semicolons or bars separate them, and quotes are doubled (RFC 4180), escaped by a
    /// backslash or none: the table itself shows which.
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
    /// A review without a label has `label: None`. A label that is there must still be one of the
    /// two.
    #[default]
    Optional,
}

/// How to open a source.
#[derive(Debug, Clone)]
pub struct OpenOptions {
    /// The layout. `None` derives it from the file's name (`.csv`, `.tsv`, `.jsonl`, `.ndjson`,
    /// `.json`, `.tar`, each also with `.gz`) and, failing that, from the first line. What looks
    /// like a table without a header is refused.
    pub kind: Option<Kind>,
    /// Which part of an aclImdb source.
    pub split: Split,
    /// Whether labels must be there.
    pub labels: Labels,
    /// The longest review read, in bytes as stored (a line, a row, a file). A longer one is an
    /// error, so that a file without line ends cannot take all memory. 4 MiB by default.
    pub max_review_bytes: usize,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self { kind: None, split: Split::All, labels: Labels::Optional, max_review_bytes: 4 << 20 }
    }
}

const KINDS: [(&str, Kind); 4] = [
    ("aclimdb", Kind::AclImdb),
    ("csv", Kind::Csv),
    ("jsonl", Kind::JsonLines),
    ("lines", Kind::Lines),
];
const SPLITS: [(&str, Split); 3] =
    [("train", Split::Train), ("test", Split::Test), ("all", Split::All)];

impl FromStr for Kind {
    type Err = String;

    /// Reads `aclimdb`, `csv`, `jsonl` or `lines`.
    fn from_str(name: &str) -> Result<Self, String> {
        named("format", &KINDS, name)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(name_of(&KINDS, self))
    }
}

impl FromStr for Split {
    type Err = String;

    /// Reads `train`, `test` or `all`.
    fn from_str(name: &str) -> Result<Self, String> {
        named("split", &SPLITS, name)
    }
}

impl fmt::Display for Split {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(name_of(&SPLITS, self))
    }
}

fn named<T: Copy>(what: &str, names: &[(&str, T)], got: &str) -> Result<T, String> {
    let found = names.iter().find(|(name, _)| *name == got);
    found.map(|(_, value)| *value).ok_or_else(|| {
        let known: Vec<&str> = names.iter().map(|(name, _)| *name).collect();
        format!("{what} must be one of {}, got {got:?}", known.join(", "))
    })
}

fn name_of<T: PartialEq>(names: &[(&'static str, T)], value: &T) -> &'static str {
    names.iter().find(|(_, named)| named == value).map_or("", |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_kinds_and_splits_read_back() {
        for (_, kind) in KINDS {
            assert_eq!(kind.to_string().parse(), Ok(kind));
        }
        for (_, split) in SPLITS {
            assert_eq!(split.to_string().parse(), Ok(split));
        }
        let error = "parquet".parse::<Kind>().unwrap_err();
        assert_eq!(error, r#"format must be one of aclimdb, csv, jsonl, lines, got "parquet""#);
        let error = "dev".parse::<Split>().unwrap_err();
        assert_eq!(error, r#"split must be one of train, test, all, got "dev""#);
    }
}
