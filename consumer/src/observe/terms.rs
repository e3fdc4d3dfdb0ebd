//! Which terms move the scores: how many reviews have each now, beside how many had it in training.

use std::{collections::VecDeque, sync::Arc};

use verdict_sentiment::Model;

/// Reviews that a sample holds at most, whatever the lots draw.
pub const MAX_SAMPLE: usize = 512;

/// The terms of a sample of the window's reviews.
///
/// The reviews are kept as the columns of their terms, not counted by column: the memory does not
/// depend on the size of the vocabulary, what leaves the window leaves the counts exactly, and
/// scoring pays for one short copy.
#[derive(Debug, Clone)]
pub struct TermSample {
    window: u64,
    // How many reviews have gone by.
    seen: u64,
    reviews: VecDeque<Sampled>,
}

#[derive(Debug, Clone)]
struct Sampled {
    at: u64,
    // How many reviews it stands for.
    weight: u64,
    columns: Arc<[u32]>,
}

/// A term that more or fewer reviews have now than in training.
#[derive(Debug, Clone, PartialEq)]
pub struct TermShift<'m> {
    /// The term, tokens joined by spaces.
    pub term: &'m str,
    /// Part of the window's reviews that have it, 0 to 1, by the sample.
    pub window_df: f64,
    /// Part of the training reviews that have it.
    pub training_df: f64,
    /// `(window_df − training_df) · idf · weight`: above 0 it moves the scores towards positive. It
    /// is in units of log-odds but for the factor that makes rows of length one, so it ranks terms
    /// and does not add up to anything.
    pub shift: f64,
}

impl TermSample {
    /// An empty sample of the last `window` reviews.
    #[must_use]
    pub fn new(window: usize) -> Self {
        Self { window: window as u64, seen: 0, reviews: VecDeque::new() }
    }

    /// A review has come; `columns` where it was sampled, as one of `weight`.
    pub fn push(&mut self, columns: Option<&Arc<[u32]>>, weight: u64) {
        self.seen += 1;
        if let Some(columns) = columns {
            if self.reviews.len() >= MAX_SAMPLE {
                self.reviews.pop_front();
            }
            self.reviews.push_back(Sampled { at: self.seen, weight, columns: Arc::clone(columns) });
        }
        let gone = self.seen.saturating_sub(self.window);
        while self.reviews.front().is_some_and(|review| review.at <= gone) {
            self.reviews.pop_front();
        }
    }

    /// Reviews in the sample.
    #[must_use]
    pub fn len(&self) -> usize {
        self.reviews.len()
    }

    /// Whether no review was sampled.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.reviews.is_empty()
    }

    /// The `most` terms with the largest absolute shift, largest first; equal ones in the order of
    /// their text. None without a sample. Takes a step for each term of the model.
    #[must_use]
    pub fn shifts<'m>(&self, model: &'m Model, most: usize) -> Vec<TermShift<'m>> {
        let parts = model.parts();
        let vectorizer = &parts.vectorizer;
        let mut counts = vec![0_u64; model.n_terms()];
        let mut total = 0;
        for review in &self.reviews {
            total += review.weight;
            for &column in &*review.columns {
                if let Some(count) = counts.get_mut(column as usize) {
                    *count += review.weight;
                }
            }
        }
        if total == 0 {
            return Vec::new();
        }
        let trained = f64::from(vectorizer.n_documents()).max(1.0);
        let terms = counts
            .iter()
            .zip(vectorizer.document_frequency())
            .zip(vectorizer.idf().iter().zip(&parts.weights));
        let mut shifts: Vec<(usize, f64, f64, f64)> = terms
            .enumerate()
            .map(|(column, ((&count, &df), (idf, &weight)))| {
                let window_df = count as f64 / total as f64;
                let training_df = f64::from(df) / trained;
                let shift = (window_df - training_df) * idf * f64::from(weight);
                (column, window_df, training_df, shift)
            })
            .collect();
        let largest_first = |a: &(usize, f64, f64, f64), b: &(usize, f64, f64, f64)| {
            b.3.abs().total_cmp(&a.3.abs()).then(a.0.cmp(&b.0))
        };
        if shifts.len() > most {
            if most > 0 {
                shifts.select_nth_unstable_by(most - 1, largest_first);
            }
            shifts.truncate(most);
        }
        shifts.sort_unstable_by(largest_first);
        let named = shifts.into_iter().filter_map(|(column, window_df, training_df, shift)| {
            Some(TermShift {
                term: vectorizer.vocabulary().term(column)?,
                window_df,
                training_df,
                shift,
            })
        });
        named.collect()
    }
}
