//! Kinds of reviews that a model should not lose while it gains on the average.

use crate::windows::Length;
use serde::Serialize;

/// A named kind of review. Slices overlap, except the three lengths of whole reviews.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Slice {
    /// Fewer than 80 words.
    Short,
    /// 80 to 300 words.
    Medium,
    /// More than 300 words.
    Long,
    /// A negating word: not, no, never, hardly, isn't, …
    Negation,
    /// A contrasting word: but, although, however, …
    Contrast,
    /// A grade such as `7/10` or `9 out of 10`.
    Rating,
    /// Any digit.
    Digits,
    /// An exclamation mark.
    Exclamation,
    /// A question mark.
    Question,
    /// One sentence of each review.
    OneSentence,
    /// Two sentences of each review.
    TwoSentences,
    /// 25 to 50 words of each review.
    #[serde(rename = "words_25_to_50")]
    Words25To50,
}

impl Slice {
    /// All slices, in the order of reports.
    pub const ALL: [Self; 12] = [
        Self::Short,
        Self::Medium,
        Self::Long,
        Self::Negation,
        Self::Contrast,
        Self::Rating,
        Self::Digits,
        Self::Exclamation,
        Self::Question,
        Self::OneSentence,
        Self::TwoSentences,
        Self::Words25To50,
    ];

    /// Its key in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Short => "short",
            Self::Medium => "medium",
            Self::Long => "long",
            Self::Negation => "negation",
            Self::Contrast => "contrast",
            Self::Rating => "rating",
            Self::Digits => "digits",
            Self::Exclamation => "exclamation",
            Self::Question => "question",
            Self::OneSentence => Length::OneSentence.name(),
            Self::TwoSentences => Length::TwoSentences.name(),
            Self::Words25To50 => Length::Words25To50.name(),
        }
    }

    /// What is in it, for a reader.
    #[must_use]
    pub fn describe(self) -> &'static str {
        match self {
            Self::Short => "fewer than 80 words",
            Self::Medium => "80 to 300 words",
            Self::Long => "more than 300 words",
            Self::Negation => "with not, no, never, hardly, …",
            Self::Contrast => "with but, although, however, …",
            Self::Rating => "with a grade such as 7/10",
            Self::Digits => "with a digit",
            Self::Exclamation => "with an exclamation mark",
            Self::Question => "with a question mark",
            Self::OneSentence => "one sentence of each review",
            Self::TwoSentences => "two sentences of each review",
            Self::Words25To50 => "25 to 50 words of each review",
        }
    }

    /// The length of the windows that it is made of; `None` where it is made of whole reviews.
    #[must_use]
    pub fn window(self) -> Option<Length> {
        match self {
            Self::OneSentence => Some(Length::OneSentence),
            Self::TwoSentences => Some(Length::TwoSentences),
            Self::Words25To50 => Some(Length::Words25To50),
            _ => None,
        }
    }
}

const SHORT: usize = 80;
const LONG: usize = 300;
const NEGATIONS: [&str; 14] = [
    "not", "no", "never", "none", "nobody", "nothing", "nowhere", "neither", "nor", "cannot",
    "without", "hardly", "scarcely", "barely",
];
const CONTRASTS: [&str; 10] = [
    "but",
    "although",
    "though",
    "however",
    "despite",
    "yet",
    "nevertheless",
    "nonetheless",
    "whereas",
    "unfortunately",
];

/// The slices of whole reviews that a review belongs to, in the order of [`Slice::ALL`].
#[must_use]
pub fn slices_of(text: &str) -> Vec<Slice> {
    let n_words = text.split_whitespace().count();
    let lower = text.to_lowercase();
    let words = || {
        lower
            .split(|c: char| !(c.is_alphanumeric() || matches!(c, '\'' | '’')))
            .map(|word| word.trim_matches(['\'', '’']))
    };
    let holds = |slice: &Slice| match slice {
        Slice::Short => n_words < SHORT,
        Slice::Medium => (SHORT..=LONG).contains(&n_words),
        Slice::Long => n_words > LONG,
        Slice::Negation => words().any(is_negation),
        Slice::Contrast => words().any(|word| CONTRASTS.contains(&word)),
        Slice::Rating => has_rating(&lower),
        Slice::Digits => text.bytes().any(|byte| byte.is_ascii_digit()),
        Slice::Exclamation => text.contains('!'),
        Slice::Question => text.contains('?'),
        Slice::OneSentence | Slice::TwoSentences | Slice::Words25To50 => false,
    };
    Slice::ALL.into_iter().filter(holds).collect()
}

fn is_negation(word: &str) -> bool {
    NEGATIONS.contains(&word) || word.ends_with("n't") || word.ends_with("n’t")
}

/// A number before `/10`, `/5`, `out of 10`, … : a grade, which says the sentiment outright.
fn has_rating(lower: &str) -> bool {
    ["/10", "/5", "/4", " out of 10", " out of ten", " out of 5"].iter().any(|scale| {
        lower.match_indices(scale).any(|(at, _)| {
            let before = lower[..at].trim_end();
            let after = lower[at + scale.len()..].chars().next();
            let number = before.chars().next_back().is_some_and(|c| c.is_ascii_digit() || c == '½');
            number && !after.is_some_and(|c| c.is_ascii_digit())
        })
    })
}
