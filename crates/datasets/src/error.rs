//! What cannot be read, and where.

use std::io;

use crate::review::{Location, Review};

/// A review, or why it cannot be read.
pub(crate) type Row = Result<Review, ReadError>;

/// Something that cannot be read. The text says where it is, what is wrong and what it must be.
#[derive(Debug, thiserror::Error)]
#[error("{location}: {problem}")]
pub struct ReadError {
    location: Location,
    problem: String,
    is_fatal: bool,
}

impl ReadError {
    /// One review: the iterator goes on with the next one.
    pub fn row(location: Location, problem: impl Into<String>) -> Self {
        Self { location, problem: problem.into(), is_fatal: false }
    }

    /// The source as a whole: the iterator ends.
    pub(crate) fn source(location: Location, problem: impl Into<String>) -> Self {
        Self { location, problem: problem.into(), is_fatal: true }
    }

    pub(crate) fn io(location: Location, error: io::Error) -> Self {
        Self::source(location, format!("cannot be read: {error}"))
    }

    /// Whether nothing more comes after this error.
    pub fn is_fatal(&self) -> bool {
        self.is_fatal
    }
}

pub(crate) const BLANK: &str = "the text must not be blank";
pub(crate) const EMPTY: &str = "holds no review";
pub(crate) const NO_LABEL: &str = "the review has no label, and labels are required";

/// For a review of `got` bytes, or of which so many had been read when reading stopped.
pub(crate) fn too_long(max: usize, got: u64) -> String {
    format!("a review must have at most {max} bytes, got {got}")
}

/// The text in these bytes: UTF-8 without a NUL.
pub(crate) fn text(bytes: &[u8]) -> Result<&str, String> {
    let text = utf8(bytes)?;
    match bytes.iter().position(|&byte| byte == 0) {
        None => Ok(text),
        Some(at) => Err(format!(
            "the text must not hold a NUL, but byte {at} of it (counted from 0) is one: is it UTF-16?"
        )),
    }
}

pub(crate) fn utf8(bytes: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        format!("the text must be UTF-8, but byte {at} of it (counted from 0) is not")
    })
}

/// What stood there, quoted, and short enough for a message.
pub(crate) fn shortened(text: &str) -> String {
    const MOST: usize = 40;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{:?}…", text.get(..end).unwrap_or_default()),
        None => format!("{text:?}"),
    }
}
