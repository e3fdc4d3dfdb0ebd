//! Short pieces of reviews: what a visitor types is a sentence or two, and reviews have 230 words.
//!
//! A window has the label of its review, which is noisy: many a sentence of a good review says
//! nothing, or something bad. So the accuracy on windows is far below that on reviews whatever the
//! model, and only a comparison of models on the same windows means something. Which window of a
//! review is drawn follows from a hash of its text and from nothing else.

use crate::corpus::Corpus;
use crate::metrics::Metrics;
use crate::scoring::Decided;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use verdict_sentiment::{Model, token_hash};

/// How long a window is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Length {
    /// One sentence.
    OneSentence,
    /// Two neighbouring sentences.
    TwoSentences,
    /// 25 to 50 words, wherever they begin and end.
    #[serde(rename = "words_25_to_50")]
    Words25To50,
}

impl Length {
    /// All of them, the shortest first.
    pub const ALL: [Self; 3] = [Self::OneSentence, Self::TwoSentences, Self::Words25To50];

    /// Its key in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::OneSentence => "one_sentence",
            Self::TwoSentences => "two_sentences",
            Self::Words25To50 => "words_25_to_50",
        }
    }

    /// What it is, for a reader.
    #[must_use]
    pub fn describe(self) -> &'static str {
        match self {
            Self::OneSentence => "one sentence",
            Self::TwoSentences => "two sentences",
            Self::Words25To50 => "25 to 50 words",
        }
    }

    /// The window of this length that belongs to a text; `None` where the text is shorter. Each
    /// number of a draw, from 0, gives another one, or by chance the same.
    ///
    /// ```
    /// use verdict_learning::windows::Length;
    ///
    /// let review = "Mr. Bean is back! I laughed a lot.";
    /// assert_eq!(Length::TwoSentences.draw(review, 0), Some(review));
    /// assert_eq!(Length::Words25To50.draw(review, 0), None);
    /// ```
    #[must_use]
    pub fn draw(self, text: &str, number: u64) -> Option<&str> {
        let mut draws = Draws::of(text, self as u64 + Self::ALL.len() as u64 * number);
        match self {
            Self::OneSentence => {
                let sentences = sentences(text);
                sentences.get(draws.below(sentences.len())?).copied()
            }
            Self::TwoSentences => {
                let sentences = sentences(text);
                let at = draws.below(sentences.len().saturating_sub(1))?;
                between(text, sentences.get(at)?, sentences.get(at + 1)?)
            }
            Self::Words25To50 => {
                let words: Vec<&str> = text.split_whitespace().collect();
                let n = 25 + draws.below(26)?;
                let at = draws.below((words.len() + 1).saturating_sub(n))?;
                between(text, words.get(at)?, words.get(at + n - 1)?)
            }
        }
    }
}

/// One window of a length from each review that is long enough, with the label of the review.
#[must_use]
pub fn drawn(reviews: &Corpus, length: Length) -> (Vec<&str>, Vec<bool>) {
    let reviews = reviews.texts.par_iter().zip(&reviews.labels);
    reviews.filter_map(|(text, &label)| Some((length.draw(text, 0)?, label))).unzip()
}

/// Metrics on one window of each length from each review, and what the model decides about them.
#[must_use]
pub fn measure(model: &Model, reviews: &Corpus) -> BTreeMap<Length, (Metrics, Decided)> {
    let of_length = |length| {
        let (texts, labels) = drawn(reviews, length);
        let (decided, probabilities) = Decided::with_probabilities(model, &texts, &labels);
        (length, (Metrics::new(&probabilities, &labels), decided))
    };
    Length::ALL.into_iter().map(of_length).collect()
}

/// The part of `text` from the beginning of one part of it to the end of another.
fn between<'t>(text: &'t str, first: &str, last: &str) -> Option<&'t str> {
    let offset = |part: &str| (part.as_ptr() as usize).checked_sub(text.as_ptr() as usize);
    text.get(offset(first)?..offset(last)? + last.len())
}

/// The sentences of a text. One ends at a full stop, a question or exclamation mark, with what
/// closes quotes and brackets behind it, if white space or a tag follows; at a line break; and at
/// a tag `<br`. A full stop behind a capitalised word of up to three letters ends none ("Mr.").
/// Pieces without a letter or digit are none.
#[must_use]
pub fn sentences(text: &str) -> Vec<&str> {
    let mut sentences = Vec::new();
    let mut start = 0;
    let mut push = |start: usize, end: usize| {
        if let Some(piece) = text.get(start..end)
            && piece.chars().any(char::is_alphanumeric)
        {
            sentences.push(piece.trim());
        }
    };
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'.' | b'!' | b'?' => {
                let mut end = at + 1;
                while matches!(bytes.get(end), Some(b'.' | b'!' | b'?' | b'"' | b'\'' | b')')) {
                    end += 1;
                }
                let ends = bytes.get(end).is_none_or(|b| b.is_ascii_whitespace() || *b == b'<');
                if ends && !(end == at + 1 && byte == b'.' && is_abbreviation(&bytes[start..at])) {
                    push(start, end);
                    start = end;
                }
                at = end;
            }
            b'\n' => {
                push(start, at);
                at += 1;
                start = at;
            }
            b'<' if bytes[at..].starts_with(b"<br") => {
                push(start, at);
                let end = bytes[at..].iter().position(|&b| b == b'>');
                at += end.map_or(3, |end| end + 1);
                start = at;
            }
            _ => at += 1,
        }
    }
    push(start, text.len());
    sentences
}

fn is_abbreviation(before: &[u8]) -> bool {
    let letters = before.iter().rev().take_while(|b| b.is_ascii_alphabetic()).count();
    (1..=3).contains(&letters) && before[before.len() - letters].is_ascii_uppercase()
}

/// Draws that follow from a text: SplitMix64 (Steele, Lea and Flood 2014) from its hash on.
struct Draws(u64);

impl Draws {
    fn of(text: &str, stream: u64) -> Self {
        Self(token_hash(text) ^ stream.wrapping_mul(0xD1B5_4A32_D192_ED03))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number from 0 to below `n`; `None` where there is none.
    fn below(&mut self, n: usize) -> Option<usize> {
        (n > 0).then(|| ((u128::from(self.next()) * n as u128) >> 64) as usize)
    }
}
