//! The numbers and bounds of the model file.

use crate::negation::Negation;
use crate::score::Calibration;
use crate::vectorize::VectorizerOptions;
use sha2::{Digest, Sha256};

/// The first eight bytes of every model file.
pub const MAGIC: [u8; 8] = *b"VERDICT\x1a";
/// The newest layout that this build reads and writes. It writes the oldest one that
/// has all of a model's options.
pub const FORMAT_VERSION: u32 = 3;
/// How far an example's score may be from the stored one.
pub(crate) const EXAMPLE_TOLERANCE: f64 = 1e-6;
pub(super) const CHECKSUM: usize = 32;
pub(super) const STOP_WORDS: &str = "length of the stop words";
pub(super) const NOUNS: &str = "length of the nouns";
pub(super) const IRREGULAR_NOUNS: &str = "length of the irregular nouns";

/// The largest lengths that a loader accepts, in bytes unless said otherwise. They are checked
/// before memory is taken.
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

/// The oldest format that has these options and this calibration.
pub(crate) fn version_of(options: &VectorizerOptions, calibration: Calibration) -> u32 {
    if options.analyzer.negation != Negation::None || calibration.long.is_some() {
        return 3;
    }
    let of_format_1 = VectorizerOptions {
        ngram_range: options.ngram_range,
        sublinear_tf: options.sublinear_tf,
        ..VectorizerOptions::default()
    };
    if *options == of_format_1 { 1 } else { 2 }
}

/// The SHA-256 of `bytes` as 64 lower-case hexadecimal digits.
pub fn sha256_hex(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}
