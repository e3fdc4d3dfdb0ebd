//! Labelled reviews in memory, in an order of their own, and how they are split.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A labelled review.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Labelled {
    /// Its id in its source.
    pub id: String,
    /// Its text.
    pub text: String,
    /// `true` is positive.
    pub label: bool,
}

/// Reviews with their labels, ascending by id, so that a folder, its archive and its copy in a log
/// are the same corpus.
///
/// ```
/// use verdict_learning::corpus::Corpus;
///
/// let reviews = [("b", "A bore.", false), ("a", "A joy.", true)];
/// let corpus = Corpus::with_ids(reviews.map(|(id, text, label)| (id.into(), text.into(), label)));
/// assert_eq!(corpus.ids, ["a", "b"]);
/// assert_eq!(corpus.facts().n_positive, 1);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Corpus {
    /// The ids.
    pub ids: Vec<String>,
    /// The texts; beside the ids.
    pub texts: Vec<String>,
    /// `true` is positive; beside the texts.
    pub labels: Vec<bool>,
    /// SHA-256 over labels and texts in this order, 64 hexadecimal digits.
    pub sha256: String,
}

impl Corpus {
    /// A corpus of ids, texts and labels.
    pub fn with_ids(reviews: impl IntoIterator<Item = (String, String, bool)>) -> Self {
        let labelled = |(id, text, label)| Labelled { id, text, label };
        let reviews: Vec<Labelled> = reviews.into_iter().map(labelled).collect();
        reviews.into()
    }

    /// Number of reviews.
    #[must_use]
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Whether there is no review.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// Ids, texts and labels, side by side.
    ///
    /// # Errors
    /// Where there is no review.
    pub fn reviews(&self) -> Result<Reviews<'_>, ReviewsError> {
        Reviews::new(&self.ids, &self.texts, &self.labels)
    }

    /// The corpus in numbers.
    #[must_use]
    pub fn facts(&self) -> CorpusFacts {
        CorpusFacts {
            n_reviews: self.len(),
            n_positive: self.labels.iter().filter(|&&label| label).count(),
            sha256: self.sha256.clone(),
        }
    }
}

/// Texts and labels; each id is the place in the order, from 0.
impl FromIterator<(String, bool)> for Corpus {
    fn from_iter<I: IntoIterator<Item = (String, bool)>>(reviews: I) -> Self {
        let numbered = reviews.into_iter().enumerate();
        Self::with_ids(numbered.map(|(i, (text, label))| (format!("{i:08}"), text, label)))
    }
}

impl From<Vec<Labelled>> for Corpus {
    fn from(mut reviews: Vec<Labelled>) -> Self {
        // By text and label after the id: an id that stands twice leaves no order to the source.
        reviews.sort();
        let mut corpus = Self {
            ids: Vec::with_capacity(reviews.len()),
            texts: Vec::with_capacity(reviews.len()),
            labels: Vec::with_capacity(reviews.len()),
            sha256: String::new(),
        };
        for Labelled { id, text, label } in reviews {
            corpus.ids.push(id);
            corpus.texts.push(text);
            corpus.labels.push(label);
        }
        corpus.sha256 = sha256_of(&corpus.texts, &corpus.labels);
        corpus
    }
}

/// A corpus in numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CorpusFacts {
    /// Reviews.
    pub n_reviews: usize,
    /// Positive ones.
    pub n_positive: usize,
    /// SHA-256 over labels and texts.
    pub sha256: String,
}

/// Which reviews are held out for testing.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Split {
    /// Whether a source's own split counts.
    pub by: SplitRule,
    /// Fraction of the reviews that are held out, above 0 and below 1.
    pub test_size: f64,
    /// Seed of the hash.
    pub seed: u64,
}

/// Who decides which reviews are held out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SplitRule {
    /// The source where it has parts of its own (aclImdb), a hash of the text elsewhere.
    Source,
    /// A hash of the text.
    Hash,
}

impl Split {
    /// Whether the hash holds a review with this text out: equal texts are on one side, whatever
    /// their ids, labels and order.
    #[must_use]
    pub fn holds_out(&self, text: &str) -> bool {
        let seeded = Sha256::new_with_prefix(self.seed.to_le_bytes());
        (first_bits(seeded.chain_update(text)) as f64) < self.test_size * 2_f64.powi(64)
    }
}

/// A hash of a text: an order of reviews that has nothing to do with the one they stand in.
#[cfg(feature = "train")]
pub(crate) fn text_key(text: &str) -> u64 {
    first_bits(Sha256::new_with_prefix(text))
}

fn first_bits(hash: Sha256) -> u64 {
    let digest = hash.finalize();
    let first = digest.first_chunk::<8>();
    first.map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

/// Labelled reviews of whoever has them in memory, side by side. At least one.
#[derive(Debug, Clone, Copy)]
pub struct Reviews<'a> {
    ids: &'a [String],
    texts: &'a [String],
    labels: &'a [bool],
}

/// Why slices are not reviews.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReviewsError {
    /// Nothing to measure on.
    #[error("reviews must be at least 1, got 0")]
    None,
    /// One of each for every review.
    #[error("ids, texts and labels must be equally many, got {ids}, {texts} and {labels}")]
    Lengths {
        /// Number of ids.
        ids: usize,
        /// Number of texts.
        texts: usize,
        /// Number of labels.
        labels: usize,
    },
}

impl<'a> Reviews<'a> {
    /// Takes ids, texts and labels (`true` is positive) of the same reviews in the same order.
    ///
    /// # Errors
    /// Where there is no review, or where there are not equally many of each.
    pub fn new(
        ids: &'a [String],
        texts: &'a [String],
        labels: &'a [bool],
    ) -> Result<Self, ReviewsError> {
        let n = texts.len();
        if ids.len() != n || labels.len() != n {
            let (ids, labels) = (ids.len(), labels.len());
            return Err(ReviewsError::Lengths { ids, texts: n, labels });
        }
        if n == 0 { Err(ReviewsError::None) } else { Ok(Self { ids, texts, labels }) }
    }

    /// Number of reviews, at least 1.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "never empty, by construction")]
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// What each is called.
    #[must_use]
    pub fn ids(&self) -> &'a [String] {
        self.ids
    }

    /// The texts.
    #[must_use]
    pub fn texts(&self) -> &'a [String] {
        self.texts
    }

    /// The truth: `true` is positive.
    #[must_use]
    pub fn labels(&self) -> &'a [bool] {
        self.labels
    }

    /// SHA-256 over labels and texts in this order, 64 hexadecimal digits: that of the corpus which
    /// they come from.
    #[must_use]
    pub fn sha256(&self) -> String {
        sha256_of(self.texts, self.labels)
    }
}

fn sha256_of(texts: &[String], labels: &[bool]) -> String {
    let mut hash = Sha256::new();
    for (text, &label) in texts.iter().zip(labels) {
        hash.update([u8::from(label)]);
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
    }
    format!("{:x}", hash.finalize())
}
