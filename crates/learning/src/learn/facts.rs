//! What training knows of each row beside the row itself, which may be elsewhere.

use super::rows::{LocalRows, Part};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Facts about the rows of reviews and of their windows, in their order.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// The label of each review.
    pub labels: Vec<bool>,
    /// A hash of what each review's row holds.
    pub keys: Vec<u64>,
    /// The number of terms of each review.
    pub n_terms: Vec<u32>,
    /// The ranks of those terms of each review that few reviews have.
    pub rare: Vec<Vec<u32>>,
    /// Of each window the row of its review, ascending, and its number of terms.
    pub windows: Vec<(u32, u32)>,
}

impl Facts {
    /// The facts about all rows; `first_rare` is the first rank of the terms that few reviews have.
    #[must_use]
    pub fn new(rows: &LocalRows<'_>, first_rare: u32) -> Self {
        let of = |part: &Part<'_>| Self::of_part(*part, first_rare);
        let mut all = Self::default();
        rows.parts().par_iter().map(of).collect::<Vec<_>>().into_iter().for_each(|f| all.append(f));
        all
    }

    /// The facts about the rows of one part.
    #[must_use]
    pub fn of_part(part: Part<'_>, first_rare: u32) -> Self {
        let Part { reviews, labels, windows, review } = part;
        let rare = |terms: &[u32]| -> Vec<u32> {
            terms.iter().copied().filter(|&rank| rank >= first_rare).collect()
        };
        let windows = windows.into_iter().flat_map(|block| block.rows()).zip(review);
        Self {
            labels: labels.to_vec(),
            keys: reviews.rows().map(|row| row.key()).collect(),
            n_terms: reviews.rows().map(|row| row.terms.len() as u32).collect(),
            rare: reviews.rows().map(|row| rare(row.terms)).collect(),
            windows: windows.map(|(row, &review)| (review, row.terms.len() as u32)).collect(),
        }
    }

    /// Adds the facts about the rows that come next.
    pub fn append(&mut self, mut next: Self) {
        self.labels.append(&mut next.labels);
        self.keys.append(&mut next.keys);
        self.n_terms.append(&mut next.n_terms);
        self.rare.append(&mut next.rare);
        self.windows.append(&mut next.windows);
    }

    /// The place of each window among those of its review, from 0: even ones are one sentence, odd
    /// ones two, or again one where the review has no more.
    #[must_use]
    pub fn places(&self) -> Vec<usize> {
        let of_review = |windows: &[(u32, u32)]| 0..windows.len();
        self.windows.chunk_by(|a, b| a.0 == b.0).flat_map(of_review).collect()
    }
}
