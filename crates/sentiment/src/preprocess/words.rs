//! A sorted list of words that can be looked up: the data behind stop words and lemmas.

use crate::error::InvalidPart;
use crate::hash::fold;
use crate::wordchars::is_space;

/// Longest word, in bytes.
const MAX_WORD: usize = 255;

/// Words in strictly ascending order of their bytes, each followed by a line feed in `text`; a
/// table finds a word's place.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct WordList {
    text: String,
    /// Where each word begins in `text`, and behind them the length of `text`.
    starts: Vec<u32>,
    /// Open addressing with linear probing: the rank of a word plus one, 0 where there is none.
    slots: Vec<u32>,
}

impl WordList {
    /// A list of words that are in strictly ascending order.
    pub(crate) fn from_sorted<'a>(
        words: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, InvalidPart> {
        let mut list = Self::default();
        let mut previous = "";
        for (index, word) in words.into_iter().enumerate() {
            let invalid = if word.is_empty() || word.len() > MAX_WORD {
                format!("word {index} must have 1 to {MAX_WORD} bytes, got {}", word.len())
            } else if word.contains(is_space) {
                format!("word {index}, {word:?}, must have no white space")
            } else if previous >= word {
                format!("word {index}, {word:?}, must be greater than the word before it")
            } else {
                String::new()
            };
            if !invalid.is_empty() {
                return Err(InvalidPart(invalid));
            }
            previous = word;
            list.starts.push(list.end()?);
            list.text.push_str(word);
            list.text.push('\n');
        }
        // Without a word it is the default, to which others compare.
        if !list.starts.is_empty() {
            list.starts.push(list.end()?);
            list.index();
        }
        Ok(list)
    }

    fn end(&self) -> Result<u32, InvalidPart> {
        let too_large = |_| InvalidPart("words must have less than 4 GiB of text together".into());
        u32::try_from(self.text.len()).map_err(too_large)
    }

    /// A list of words in any order, any number of times.
    pub(crate) fn new<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<Self, InvalidPart> {
        let mut words: Vec<&str> = words.into_iter().collect();
        words.sort_unstable();
        words.dedup();
        Self::from_sorted(words)
    }

    /// Number of words.
    pub(crate) fn len(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// The words in order, each followed by a line feed.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The words in order.
    pub(crate) fn words(&self) -> impl Iterator<Item = &str> {
        self.text.lines()
    }

    pub(crate) fn word(&self, rank: usize) -> Option<&str> {
        let (start, next) = (*self.starts.get(rank)?, *self.starts.get(rank + 1)?);
        self.text.get(start as usize..next as usize - 1)
    }

    /// The rank of a word.
    pub(crate) fn rank(&self, word: &str) -> Option<usize> {
        let mask = self.slots.len().checked_sub(1)?;
        let mut at = home(word, mask);
        loop {
            let rank = (*self.slots.get(at)? as usize).checked_sub(1)?;
            if self.word(rank) == Some(word) {
                return Some(rank);
            }
            at = (at + 1) & mask;
        }
    }

    /// Fills the table: at most half full, so that an empty slot ends every search.
    fn index(&mut self) {
        let mut slots = vec![0_u32; (self.len() * 2).next_power_of_two()];
        let mask = slots.len() - 1;
        for (rank, word) in (1_u32..).zip(self.words()) {
            let mut at = home(word, mask);
            while slots.get(at).is_some_and(|&taken| taken != 0) {
                at = (at + 1) & mask;
            }
            if let Some(slot) = slots.get_mut(at) {
                *slot = rank;
            }
        }
        self.slots = slots;
    }
}

/// Where a search for `word` begins. Words are compared themselves, so the hash need not be a good
/// one.
fn home(word: &str, mask: usize) -> usize {
    const K: u64 = 0xbe54_66cf_34e9_0c6d;
    let (chunks, rest) = word.as_bytes().as_chunks::<8>();
    let last = rest.iter().fold(0, |last, &byte| last << 8 | u64::from(byte));
    let mix = |hash, chunk: u64| fold(hash ^ chunk, K);
    let hash =
        chunks.iter().fold(word.len() as u64, |hash, chunk| mix(hash, u64::from_le_bytes(*chunk)));
    #[allow(clippy::cast_possible_truncation, reason = "masked to the table's size")]
    let at = mix(!hash, last) as usize & mask;
    at
}
