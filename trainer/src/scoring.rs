//! Labelled reviews as evaluation and gate take them, and what a model says of them.

use rayon::prelude::*;
use sha2::{Digest, Sha256};
use verdict_sentiment::{Model, Score, Scratch};

/// Labelled reviews in memory, side by side. At least one.
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
        if ids.len() != texts.len() || labels.len() != texts.len() {
            return Err(ReviewsError::Lengths {
                ids: ids.len(),
                texts: texts.len(),
                labels: labels.len(),
            });
        }
        if texts.is_empty() {
            return Err(ReviewsError::None);
        }
        Ok(Self { ids, texts, labels })
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

    /// SHA-256 over labels and texts in this order, 64 hexadecimal digits: that of the corpus which they come from.
    #[must_use]
    pub fn sha256(&self) -> String {
        sha256_of(self.texts, self.labels)
    }

    /// P(positive) of each review, in `f64` and in their order, whatever the number of threads.
    #[must_use]
    pub fn probabilities(&self, model: &Model) -> Vec<f64> {
        score_all(model, self.texts).iter().map(|score| score.probability).collect()
    }
}

pub(crate) fn sha256_of(texts: &[String], labels: &[bool]) -> String {
    let mut hash = Sha256::new();
    for (text, &label) in texts.iter().zip(labels) {
        hash.update([u8::from(label)]);
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
    }
    let digest = hash.finalize();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Scores texts on all threads of the pool, in their order.
#[must_use]
pub fn score_all(model: &Model, texts: &[String]) -> Vec<Score> {
    texts
        .par_iter()
        .map_init(Scratch::default, |scratch, text| model.score(scratch, text))
        .collect()
}
