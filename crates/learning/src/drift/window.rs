//! The last reviews, as counts: constant memory, and a constant number of steps for each review.

use super::psi::psi;
use crate::estimate::Estimate;
use std::collections::VecDeque;
use verdict_sentiment::{Bins, Reference, Seen};

/// What is compared with the training reviews.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feature {
    /// Calibrated P(positive).
    Probability,
    /// Tokens of a review.
    Tokens,
    /// The part of a review's terms that is not in the vocabulary.
    Oov,
}

/// The distributions of exactly the last so many reviews.
///
/// ```
/// use verdict_learning::drift::Window;
/// use verdict_sentiment::{Bins, Reference, Seen};
///
/// let halves = |edge: f64| Bins::new(vec![edge], vec![500, 500], edge);
/// let (probability, tokens, oov) = (Some(halves(0.5)?), halves(100.0)?, halves(0.1)?);
/// let mut window = Window::new(1_000, Some(Reference { probability, tokens, oov }));
/// for _ in 0..1_000 {
///     window.push(0.9, Seen { tokens: 20, terms: 20, known: 12 });
/// }
/// assert!(window.readings().all(|reading| reading.psi > Some(0.2)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// The window holds, of each review, its bins and four numbers (20 bytes), so that the review that
/// leaves is taken out of every count that it was put into.
#[derive(Debug, Clone)]
pub struct Window {
    capacity: usize,
    entries: VecDeque<Entry>,
    features: Vec<Distribution>,
    sums: Sums,
}

/// One feature that has a reference.
#[derive(Debug, Clone)]
struct Distribution {
    feature: Feature,
    reference: Bins,
    counts: Vec<u32>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    // At most `Bins::MOST` bins each, in the order of the features.
    bins: [u8; 3],
    probability: f32,
    terms: u32,
    unknown: u32,
    tokens: u32,
}

#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    terms: u64,
    unknown: u64,
    tokens: u64,
}

/// How one feature is distributed in the window, beside its reference.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading<'w> {
    /// Which feature.
    pub feature: Feature,
    /// Its population stability index; `None` without a review, which is not a distribution.
    pub psi: Option<f64>,
    /// The distribution of the training reviews.
    pub reference: &'w Bins,
    /// Reviews of the window in each bin.
    pub counts: &'w [u32],
}

impl Window {
    /// An empty window over `capacity` reviews; without a reference no stability index is computed.
    #[must_use]
    pub fn new(capacity: usize, reference: Option<Reference>) -> Self {
        let features = reference.map_or_else(Vec::new, |reference| {
            [
                (Feature::Probability, reference.probability),
                (Feature::Tokens, Some(reference.tokens)),
                (Feature::Oov, Some(reference.oov)),
            ]
            .into_iter()
            .filter_map(|(feature, reference)| {
                let reference = reference?;
                Some(Distribution { feature, counts: vec![0; reference.n_bins()], reference })
            })
            .collect()
        });
        Self {
            capacity,
            entries: VecDeque::with_capacity(capacity),
            features,
            sums: Sums::default(),
        }
    }

    /// A review comes in, of P(positive) `probability`, and if the window is full the oldest goes.
    pub fn push(&mut self, probability: f64, seen: Seen) {
        if self.entries.len() >= self.capacity
            && let Some(oldest) = self.entries.pop_front()
        {
            self.count(oldest, false);
        }
        let mut bins = [0; 3];
        for (bin, feature) in bins.iter_mut().zip(&self.features) {
            let value = match feature.feature {
                Feature::Probability => probability,
                Feature::Tokens => f64::from(narrow(seen.tokens)),
                Feature::Oov => seen.oov_ratio(),
            };
            *bin = u8::try_from(feature.reference.bin_of(value)).unwrap_or(u8::MAX);
        }
        let entry = Entry {
            bins,
            // For means that are shown with three digits.
            probability: probability as f32,
            terms: narrow(seen.terms),
            unknown: narrow(seen.terms.saturating_sub(seen.known)),
            tokens: narrow(seen.tokens),
        };
        self.count(entry, true);
        self.entries.push_back(entry);
    }

    fn count(&mut self, entry: Entry, comes: bool) {
        let step = |sum: &mut u64, n: u32| match comes {
            true => *sum += u64::from(n),
            false => *sum = sum.saturating_sub(u64::from(n)),
        };
        step(&mut self.sums.terms, entry.terms);
        step(&mut self.sums.unknown, entry.unknown);
        step(&mut self.sums.tokens, entry.tokens);
        for (feature, bin) in self.features.iter_mut().zip(entry.bins) {
            if let Some(count) = feature.counts.get_mut(usize::from(bin)) {
                *count = if comes { *count + 1 } else { count.saturating_sub(1) };
            }
        }
    }

    /// Reviews in the window.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no review yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Most reviews that it holds.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Whether it holds as many reviews as it can.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.entries.len() >= self.capacity
    }

    /// Each feature that has a reference.
    pub fn readings(&self) -> impl Iterator<Item = Reading<'_>> {
        self.features.iter().map(|feature| Reading {
            feature: feature.feature,
            psi: (!self.is_empty()).then(|| psi(&feature.reference, &feature.counts)),
            reference: &feature.reference,
            counts: &feature.counts,
        })
    }

    /// The part of all terms of the window that is not in the vocabulary; `None` without a term.
    #[must_use]
    pub fn oov_ratio(&self) -> Option<f64> {
        ratio(self.sums.unknown, self.sums.terms)
    }

    /// Tokens of a review, on average; `None` without a review.
    #[must_use]
    pub fn mean_tokens(&self) -> Option<f64> {
        ratio(self.sums.tokens, self.entries.len() as u64)
    }

    /// P(positive), on average; `None` without a review.
    #[must_use]
    pub fn mean_probability(&self) -> Option<f64> {
        let sum: f64 = self.entries.iter().map(|entry| f64::from(entry.probability)).sum();
        (!self.entries.is_empty()).then(|| sum / self.entries.len() as f64)
    }

    /// The accuracy to expect of its reviews, as far as the calibration is right about them; `None`
    /// without a review. `calibration_error` is that of [`Estimate::expected`].
    #[must_use]
    pub fn expected_accuracy(&self, calibration_error: f64) -> Option<Estimate> {
        let sure = |p: f64| p.max(1.0 - p);
        let entries = self.entries.iter();
        Estimate::expected(entries.map(|it| sure(f64::from(it.probability))), calibration_error)
    }
}

fn ratio(part: u64, of: u64) -> Option<f64> {
    (of > 0).then(|| part as f64 / of as f64)
}

// A review record is at most 8 MB, so that its counts are far below the bound.
fn narrow(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
