//! The distributions of the training reviews that a model carries, for those who watch it later.

use serde::{Deserialize, Serialize};
use verdict_sentiment::{Bins, Scratch, Seen};

/// Bins of each distribution: deciles. A window of 1,000 reviews then has 100 in each, enough for
/// the population stability index to follow its asymptotic distribution.
pub const N_BINS: usize = 10;

/// What the texts look like, whatever the weights are: all but the probabilities.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TextReference {
    /// Tokens a review.
    pub tokens: Bins,
    /// Out-of-vocabulary ratio of a review among the others.
    pub oov: Bins,
}

impl TextReference {
    /// The distributions over reviews of which `seen` was seen; `None` without a review.
    #[must_use]
    pub fn new(seen: &[Seen]) -> Option<Self> {
        let bins = |of: fn(&Seen) -> f64| {
            Bins::of_equal_mass(&seen.iter().map(of).collect::<Vec<_>>(), N_BINS)
        };
        Some(Self { tokens: bins(|seen| seen.tokens as f64)?, oov: bins(|seen| seen.oov_ratio())? })
    }
}

/// What a model without this review would have seen of it: a term that no other review has would be
/// unknown.
pub(super) fn seen_among_others(scratch: &Scratch, document_frequency: &[u32]) -> Seen {
    let others_have = |&&column: &&u32| document_frequency[column as usize] > 1;
    Seen { known: scratch.known().iter().filter(others_have).count(), ..scratch.seen() }
}
