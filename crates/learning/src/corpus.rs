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
    /// SHA-256 over the [`digest`]s of the reviews in this order, 64 hexadecimal digits.
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
        let reviews = corpus.texts.iter().zip(&corpus.labels);
        corpus.sha256 = sha256_of(reviews.map(|(text, &label)| digest(text, label)));
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
    /// SHA-256 over the digests of the reviews.
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

/// SHA-256 of a review: a byte for its label, and its text.
#[must_use]
pub fn digest(text: &str, label: bool) -> [u8; 32] {
    Sha256::new_with_prefix([u8::from(label)]).chain_update(text).finalize().into()
}

/// What names a corpus: SHA-256 over the digests of its reviews, 64 hexadecimal digits. Who has not
/// all texts at hand can still tell it.
pub fn sha256_of(digests: impl Iterator<Item = [u8; 32]>) -> String {
    let hash = digests.fold(Sha256::new(), |hash, digest| hash.chain_update(digest));
    format!("{:x}", hash.finalize())
}
