//! Words to leave out.

use super::words::WordList;
use crate::error::InvalidPart;
use std::sync::Arc;

/// The list of NLTK's `stopwords.words("english")`, sorted. Source:
/// `packages/corpora/stopwords.zip`, file `english`, of <https://github.com/nltk/nltk_data> since
/// its commit 47111d8 of February 2025.
const NLTK_ENGLISH: &str = include_str!("nltk-english.txt");

/// A set of words that are left out of a text; empty by default. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StopWords {
    words: Arc<WordList>,
}

impl StopWords {
    /// Words in any order; the same word may be there again.
    ///
    /// # Errors
    /// Where a word is empty, longer than 255 bytes, or has white space in it.
    pub fn new<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<Self, InvalidPart> {
        let words = Arc::new(WordList::new(words)?);
        Ok(Self { words })
    }

    /// The words of a file: whatever stands between white space, without a mark before it.
    ///
    /// # Errors
    /// Where a word is longer than 255 bytes.
    pub fn parse(text: &str) -> Result<Self, InvalidPart> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        Self::new(text.split_whitespace())
    }

    /// NLTK's `stopwords.words("english")`: the 198 words of its data since February 2025. (Before,
    /// it had 179: no `i'm`, `he's`, `we'll` and their like.)
    pub fn nltk_english() -> Self {
        // A test counts them: no word of this list is refused.
        Self::parse(NLTK_ENGLISH).unwrap_or_default()
    }

    /// From words in order, each with a line feed behind it.
    pub(crate) fn from_list(text: &str) -> Result<Self, InvalidPart> {
        let words = Arc::new(WordList::from_sorted(text.split_terminator('\n'))?);
        Ok(Self { words })
    }

    /// The words in order, each with a line feed behind it.
    pub(crate) fn text(&self) -> &str {
        self.words.text()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.words.len() == 0
    }

    /// Number of words.
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// Whether `word` is one of them.
    pub fn contains(&self, word: &str) -> bool {
        self.words.rank(word).is_some()
    }

    /// The words in ascending order of their bytes.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.words.words()
    }
}
