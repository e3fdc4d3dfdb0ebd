//! The model file, `model.verdict`: one flat sequence of bytes, the same for the same model everywhere.
//!
//! Formats 1 and 2, all numbers little-endian:
//!
//! | bytes | what |
//! |---|---|
//! | 8 | magic `VERDICT\x1a` |
//! | 4 | format version, 1 or 2 |
//! | 8 | length of the whole file |
//! | 4 × 4 | terms, documents, shortest n-gram, longest n-gram |
//! | 4 | flags: bit 0 sublinear tf; those of format 2 stand in `artifact/flags.rs` |
//! | 3 × 8 | intercept, calibration slope, calibration offset (f64) |
//! | 5 × 4 | lengths in bytes of name, term text, about; number of examples; 0 |
//! | 3 × 4 | format 2: lengths in bytes of stop words, nouns, irregular nouns |
//! | … | name (UTF-8) |
//! | 4 × terms | document frequencies (u32) |
//! | 4 × terms | weights (f32) |
//! | 4 × terms | end of each term in the term text (u32) |
//! | … | term text (UTF-8), terms ascending by their bytes |
//! | … | about: parameters, data, metrics (a JSON object) |
//! | … | examples, each: length (u32), text (UTF-8), score (f64) |
//! | … | format 2: stop words (UTF-8), ascending by their bytes, each and a line feed |
//! | … | format 2: nouns of the lemmatizer, likewise |
//! | … | format 2: irregular nouns, likewise, each: form, space, lemma |
//! | 32 | SHA-256 of all bytes before |
//!
//! A model has one encoding: what format 1 can hold is never written, nor read, as format 2. A layout never changes
//! without a new version; `tests/goldens/format-1.verdict` and `format-2.verdict` are kept examples.

mod flags;
mod read;
mod write;

pub(crate) use read::decode;
pub(crate) use write::encode;

use crate::model::{Model, ModelParts};
use crate::ngram::NgramRangeError;
use crate::preprocess::{LemmasError, WordError};
use crate::score::Calibration;
use crate::vectorize::{VectorizerError, VectorizerOptions};
use crate::vocabulary::VocabularyError;
use sha2::{Digest, Sha256};

/// The first eight bytes of every model file.
pub const MAGIC: [u8; 8] = *b"VERDICT\x1a";
/// The newest layout that this build reads and writes. It writes format 1 where that has all of a model's options.
pub const FORMAT_VERSION: u32 = 2;
/// How far an example's score may be from the stored one.
pub(crate) const EXAMPLE_TOLERANCE: f64 = 1e-6;
const CHECKSUM: usize = 32;
const STOP_WORDS: &str = "length of the stop words";
const NOUNS: &str = "length of the nouns";
const IRREGULAR_NOUNS: &str = "length of the irregular nouns";

/// The largest lengths that a loader accepts, in bytes unless said otherwise. They are checked before memory is taken.
#[derive(Debug)]
pub struct Limits;

impl Limits {
    /// Of the whole file.
    pub const FILE: usize = 64 << 20;
    /// Of the name.
    pub const NAME: usize = 256;
    /// Of `about`.
    pub const ABOUT: usize = 1 << 20;
    /// Examples (a count).
    pub const EXAMPLES: usize = 64;
    /// Of one example's text.
    pub const EXAMPLE: usize = 64 << 10;
    /// Of all stop words.
    pub const STOP_WORDS: usize = 1 << 20;
    /// Of all nouns of a lemmatizer; WordNet 3.0 has 0.6 MB.
    pub const NOUNS: usize = 16 << 20;
    /// Of all irregular nouns of a lemmatizer with their lemmas.
    pub const IRREGULAR_NOUNS: usize = 4 << 20;
}

/// A text with the score that the model gave it when it was made.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// A review.
    pub text: String,
    /// Its log-odds.
    pub score: f64,
}

/// Why a model file is refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ArtifactError {
    /// It does not begin with [`MAGIC`].
    #[error("not a Verdict model: byte 0 must begin {:02x?}, got {got:02x?}", MAGIC)]
    Magic {
        /// Its first bytes.
        got: Vec<u8>,
    },
    /// A layout that this build does not know.
    #[error(
        "model format version must be 1 to {FORMAT_VERSION}, got {got} (byte 8): written by a newer release?"
    )]
    Version {
        /// What it says.
        got: u32,
    },
    /// It ends too early.
    #[error("truncated: {what} at byte {at} needs {needs} bytes, {has} are left")]
    Truncated {
        /// The field.
        what: &'static str,
        /// Where it begins.
        at: usize,
        /// Its length.
        needs: usize,
        /// What is left of the file.
        has: usize,
    },
    /// A length or number beyond its bound.
    #[error("{what} must be {bound}, got {got} (byte {at})")]
    Bound {
        /// The field.
        what: &'static str,
        /// What holds for it.
        bound: String,
        /// What it is.
        got: String,
        /// Where it is in the file; 0 for a model that is being written.
        at: usize,
    },
    /// The bytes are not those that were written.
    #[error("checksum mismatch: the file was changed or damaged after it was written")]
    Checksum,
    /// Text that is not UTF-8.
    #[error("{what} is not UTF-8 at byte {at}")]
    Utf8 {
        /// The field.
        what: &'static str,
        /// The first bad byte.
        at: usize,
    },
    /// `about` is not a JSON object.
    #[error("about is not a JSON object: {0}")]
    About(String),
    /// The n-gram range makes no sense.
    #[error(transparent)]
    NgramRange(#[from] NgramRangeError),
    /// The terms cannot be a vocabulary.
    #[error(transparent)]
    Vocabulary(#[from] VocabularyError),
    /// The counts do not fit.
    #[error(transparent)]
    Vectorizer(#[from] VectorizerError),
    /// The stop words are not words in ascending order.
    #[error("stop words: {0}")]
    StopWords(WordError),
    /// The lemmatizer's lists are not what they should be.
    #[error(transparent)]
    Lemmas(#[from] LemmasError),
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
}

/// The oldest format that has these options.
pub(crate) fn version_of(options: &VectorizerOptions) -> u32 {
    let of_format_1 = VectorizerOptions {
        ngram_range: options.ngram_range,
        sublinear_tf: options.sublinear_tf,
        ..VectorizerOptions::default()
    };
    if *options == of_format_1 { 1 } else { 2 }
}

/// Checks what every model must hold, whether it is being written or read.
pub(crate) fn check_parts(parts: &ModelParts) -> Result<(), ArtifactError> {
    let bound =
        |what, bound: String, got: String| Err(ArtifactError::Bound { what, bound, got, at: 0 });
    let n_terms = parts.vectorizer.vocabulary().len();
    if parts.weights.len() != n_terms {
        return bound("number of weights", format!("{n_terms}"), parts.weights.len().to_string());
    }
    let largest = Model::MAX_WEIGHT;
    let within = |x: f64| x.is_finite() && x.abs() <= largest;
    if let Some(weight) = parts.weights.iter().find(|&&weight| !within(f64::from(weight))) {
        return bound("weight", format!("between -{largest} and {largest}"), weight.to_string());
    }
    if !within(parts.intercept) {
        return bound(
            "intercept",
            format!("between -{largest} and {largest}"),
            parts.intercept.to_string(),
        );
    }
    let Calibration { slope, offset } = parts.calibration;
    if !(slope.is_finite() && slope > 0.0 && offset.is_finite()) {
        return bound(
            "calibration",
            "finite with a slope above 0".to_owned(),
            format!("{slope}, {offset}"),
        );
    }
    if !parts.about.is_object() {
        return Err(ArtifactError::About("expected an object".to_owned()));
    }
    Ok(())
}

/// The SHA-256 of `bytes` as 64 lower-case hexadecimal digits.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bound(what: &'static str, most: usize, got: usize, at: usize) -> ArtifactError {
    ArtifactError::Bound { what, bound: format!("at most {most}"), got: got.to_string(), at }
}
