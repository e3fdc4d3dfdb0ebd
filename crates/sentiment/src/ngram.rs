//! n-grams as hashes: a run of tokens is the hash of its tokens' hashes, never a string.

use crate::error::InvalidPart;
use crate::hash::{fold, token_hash};
use crate::negation::{MARK, marked};

const K_STEP: u64 = 0xc0ac_29b7_c97c_50dd;
const K_FOLD: u64 = 0x3f84_d5b5_b547_0917;

/// Hash of an n-gram that is one token longer than the one of hash `ngram`.
#[inline]
pub(crate) fn combine(ngram: u64, token: u64) -> u64 {
    fold(ngram.rotate_left(29) ^ token ^ K_STEP, K_FOLD)
}

/// Hash of a readable term: tokens joined by single spaces, as scikit-learn names its n-grams.
pub fn term_hash(term: &str) -> u64 {
    let mut tokens = term.split(' ').map(|token| match token.strip_prefix(MARK) {
        Some(word) if !word.is_empty() => marked(token_hash(word)),
        _ => token_hash(token),
    });
    let first = tokens.next().unwrap_or(0);
    tokens.fold(first, combine)
}

/// The smallest and largest number of tokens in a term, both included: scikit-learn's
/// `ngram_range`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NgramRange {
    min: usize,
    max: usize,
}

impl Default for NgramRange {
    /// Single tokens: 1 to 1.
    fn default() -> Self {
        Self { min: 1, max: 1 }
    }
}

impl NgramRange {
    /// The longest n-gram that is supported.
    pub const LONGEST: usize = 8;

    /// Checks `1 <= min <= max <= 8`.
    ///
    /// # Errors
    /// States the values where they are out of bounds.
    pub fn new(min: usize, max: usize) -> Result<Self, InvalidPart> {
        if min >= 1 && min <= max && max <= Self::LONGEST {
            Ok(Self { min, max })
        } else {
            Err(InvalidPart(format!(
                "ngram_range must be [min, max] with 1 <= min <= max <= {}, got [{min}, {max}]",
                Self::LONGEST
            )))
        }
    }

    /// Tokens in the shortest term.
    pub fn min(self) -> usize {
        self.min
    }

    /// Tokens in the longest term.
    pub fn max(self) -> usize {
        self.max
    }
}
