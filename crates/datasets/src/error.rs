//! What can be wrong with a review, and with a source.

use std::io;

use crate::review::{Kind, Place, Split};

/// Something that could not be read, and where.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// This review only: the iterator goes on with the next one.
    #[error("{place}: {problem}")]
    Row {
        /// The line or entry.
        place: Place,
        /// What is wrong with it.
        problem: RowProblem,
    },
    /// The source as a whole: the iterator ends.
    #[error("{place}: {problem}")]
    Source {
        /// The file, and where in it if that is known.
        place: Place,
        /// What is wrong with it.
        problem: SourceProblem,
    },
}

impl ReadError {
    /// Whether nothing more comes after this error.
    pub fn is_fatal(&self) -> bool {
        matches!(self, Self::Source { .. })
    }

    /// Where it happened.
    pub fn place(&self) -> &Place {
        match self {
            Self::Row { place, .. } | Self::Source { place, .. } => place,
        }
    }

    pub(crate) fn io(place: Place, error: io::Error) -> Self {
        Self::Source {
            place,
            problem: SourceProblem::Io(error),
        }
    }
}

/// What is wrong with one review.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RowProblem {
    /// Not UTF-8.
    #[error("the text must be UTF-8, but byte {at} of it (counted from 0) is not")]
    NotUtf8 {
        /// The offset of the first bad byte in the line, column or entry.
        at: usize,
    },
    /// No text.
    #[error("the text must not be blank")]
    Blank,
    /// A label that is neither value.
    #[error("the label must be positive or negative (or pos, neg, 1, 0), got {got}")]
    Label {
        /// What stood there, shortened.
        got: String,
    },
    /// No label, although [`Labels::Required`](crate::Labels::Required).
    #[error("the review has no label, and labels are required")]
    NoLabel,
    /// A row with fewer columns than the header needs.
    #[error("the row must have at least {need} columns, got {got}")]
    ShortRow {
        /// Columns needed to reach the last one that is read.
        need: usize,
        /// Columns found.
        got: usize,
    },
    /// A line that is not the JSON object expected.
    #[error("the line must be a JSON object with the member \"text\": {detail}")]
    Json {
        /// The parser's words.
        detail: String,
    },
    /// An id too long to be a record's key.
    #[error("an id must have at most {max} bytes, got {got}")]
    LongId {
        /// The limit in bytes.
        max: usize,
        /// The length in bytes.
        got: usize,
    },
    /// A review longer than the limit.
    #[error("a review must have at most {max} bytes, got {got}")]
    TooLong {
        /// The limit in bytes.
        max: usize,
        /// The length in bytes, or what had been read of it when reading stopped.
        got: u64,
    },
}

/// What is wrong with a source as a whole.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceProblem {
    /// Reading failed: it does not exist, may not be read, or its compression is broken or cut short.
    #[error("cannot be read: {0}")]
    Io(io::Error),
    /// The gzip stream is broken or cut short.
    #[error("the gzip stream is broken or cut short: {0}")]
    Gzip(io::Error),
    /// The tar archive is broken or cut short.
    #[error("the archive is broken or cut short: {0}")]
    Archive(io::Error),
    /// An entry of the archive has fewer bytes than its header says.
    #[error("the archive is cut short: the entry must have {need} bytes, got {got}")]
    EntryCutShort {
        /// The length in the header.
        need: u64,
        /// What was there.
        got: u64,
    },
    /// Compressed in a way that is not read.
    #[error("is compressed with {0}, and only gzip is read: unpack it first")]
    Compression(&'static str),
    /// The CSV header lacks a column.
    #[error("the header must have a column {need}, got {got}")]
    Column {
        /// The names it may have.
        need: &'static str,
        /// The columns found.
        got: String,
    },
    /// A CSV row that goes on for longer than the limit, mostly for a quote that is never closed.
    #[error(
        "a row must have at most {max} bytes, and the one that starts here has more: is a quote not closed?"
    )]
    RowTooLong {
        /// The limit in bytes.
        max: usize,
    },
    /// A layout that has no labels, although [`Labels::Required`](crate::Labels::Required).
    #[error("labels are required, and the format {0} has none")]
    NoLabels(Kind),
    /// A folder or archive that does not have the layout of aclImdb.
    #[error("must have the layout of aclImdb, but has no review in {missing}")]
    NotAclImdb {
        /// The folder without reviews, such as `train/pos`.
        missing: String,
    },
    /// A format that cannot be had from this place.
    #[error("is a folder, and only the format aclimdb is read from a folder, got {0}")]
    Folder(Kind),
    /// No review at all.
    #[error("holds no review")]
    Empty,
    /// No review in the part asked for.
    #[error("holds no review in the split {0}")]
    EmptySplit(Split),
    /// The thread that unpacks an archive could not be started, or ended without a word.
    #[error("the thread that unpacks the archive is gone")]
    ReaderGone,
}
