//! What can be wrong with a model. The texts state value and bound, and in a file the byte.

/// A part that no model can have: a term, a word, an n-gram range, a count or a distribution.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidPart(pub(crate) String);

/// Why a model file is refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ArtifactError {
    /// The bytes are not those that were written.
    #[error("checksum mismatch: the file was changed or damaged after it was written")]
    Checksum,
    /// The model does not score as it did when it was made.
    #[error("self-test failed: example {example} must score {expected}, got {got}")]
    Example {
        /// Which, from 0.
        example: usize,
        /// The score in the file.
        expected: f64,
        /// The score now.
        got: f64,
    },
    /// It is no model file, one of a newer release, or something in it is out of bounds.
    #[error("{0}")]
    Invalid(String),
}

impl ArtifactError {
    /// A length or number beyond its bound; `at` is its byte, 0 for a model that is being written.
    pub(crate) fn bound(
        what: &str,
        bound: impl std::fmt::Display,
        got: impl std::fmt::Display,
        at: usize,
    ) -> Self {
        Self::Invalid(format!("{what} must be {bound}, got {got} (byte {at})"))
    }

    pub(crate) fn at_most(what: &str, most: usize, got: usize, at: usize) -> Self {
        Self::bound(what, format_args!("at most {most}"), got, at)
    }

    pub(crate) fn truncated(what: &str, at: usize, needs: usize, has: usize) -> Self {
        Self::Invalid(format!("truncated: {what} at byte {at} needs {needs} bytes, {has} are left"))
    }
}

impl From<InvalidPart> for ArtifactError {
    fn from(InvalidPart(reason): InvalidPart) -> Self {
        Self::Invalid(reason)
    }
}
