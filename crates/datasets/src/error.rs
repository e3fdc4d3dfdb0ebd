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
        Self::Source { place, problem: SourceProblem::Io(error) }
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
    /// A NUL, which no text has.
    #[error(
        "the text must not hold a NUL, but byte {at} of it (counted from 0) is one: is it UTF-16?"
    )]
    Nul {
        /// The offset of the first NUL in the line, column or entry.
        at: usize,
    },
    /// A label that is neither value.
    #[error("the label must be {}, got {got}", verdict_messages::Sentiment::LABELS)]
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
    #[error("{detail}")]
    Json {
        /// What is wrong with it.
        detail: String,
    },
    /// A quote within a quoted cell that is neither doubled nor escaped, so that nobody can say where the cell ends.
    #[error(
        "a quote stands within a quoted cell, neither doubled nor escaped as in the rest of the table"
    )]
    Quote,
    /// Something with the name of a review that is no file, or leads to none.
    #[error("must be a file, but is {what}")]
    NotAFile {
        /// What it is.
        what: &'static str,
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

/// What stood there, quoted, and short enough for a message.
pub(crate) fn shortened(text: &str) -> String {
    const MOST: usize = 40;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{:?}…", text.get(..end).unwrap_or_default()),
        None => format!("{text:?}"),
    }
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
    /// Text in an encoding that is not read.
    #[error(
        "is {0}, by the mark it begins with, and only UTF-8 is read: e.g. iconv -f {0} -t UTF-8"
    )]
    Encoding(&'static str),
    /// Bytes that no text has.
    #[error("is no text: byte {at} (counted from 0) is a NUL; UTF-16 without a mark has such")]
    Nul {
        /// The offset of the first one.
        at: usize,
    },
    /// A layout that is not known, and is not taken for plain lines either.
    #[error(
        "looks like {looks}, and not like one review a line: name the columns in a header with \"review\" (or \
         \"text\"); for lines all the same there is producer publish --format lines"
    )]
    Unrecognised {
        /// What it looks like.
        looks: &'static str,
    },
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
    /// An archive that can only be read when all of it is known.
    #[error(
        "{what}: what counts is known at the end of the archive only, so give it as a file, not as a stream"
    )]
    NeedsFile {
        /// What was met.
        what: &'static str,
    },
    /// A symbolic link to a folder of reviews.
    #[error(
        "is a symbolic link to a folder, which is not followed in an archive: unpack it, and read the folder"
    )]
    LinkedFolder,
    /// Two folders that both hold a review of this name.
    #[error("holds this review in two folders, {first} and {second}: leave one out")]
    TwoFolders {
        /// One.
        first: String,
        /// The other.
        second: String,
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
