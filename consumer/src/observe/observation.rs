//! What scoring tells of one review for those who watch. Pure: which reviews are looked at closely follows from where they
//! stand in Kafka, so that a batch that is read again is seen as it was.

use std::sync::Arc;

use verdict_messages::Position;
use verdict_sentiment::{Scratch, Seen};

use super::{
    lot::lot,
    shadow::{Shadow, ShadowScore},
};

/// Reviews of a batch that are looked at closely, about: a large batch stays as cheap as a small one.
const OF_A_BATCH: usize = 64;
/// Reviews of a window that are looked at closely, about: the part of the reviews that have a term is then known within
/// 0.045 (one standard error). Twice as many cost batches of ten reviews another percent.
const OF_A_WINDOW: usize = 128;
/// Columns that are kept of a review: longer reviews lose the terms that they begin to use last.
pub const MAX_COLUMNS: usize = 1024;

/// What was seen of one review that got a verdict.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// Calibrated P(positive) of the serving model, 0 to 1.
    pub probability: f64,
    /// Tokens, and how many of them the serving model knows.
    pub seen: Seen,
    /// The columns of its terms, where it was looked at closely.
    pub columns: Option<Arc<[u32]>>,
    /// What the shadow model says, where it was asked.
    pub shadow: Option<ShadowScore>,
}

/// What is looked at in one batch.
#[derive(Debug, Clone, Copy, Default)]
pub struct Plan<'a> {
    /// One in so many reviews is looked at closely; none for 0.
    pub stride: u64,
    /// The model that scores beside the serving one.
    pub shadow: Option<&'a Shadow>,
}

impl Plan<'_> {
    /// One in how many reviews of a batch of `batch` is looked at closely, for a window of `window` reviews.
    #[must_use]
    pub fn stride(batch: usize, window: usize) -> u64 {
        if window == 0 {
            return 0;
        }
        let stride = batch.div_ceil(OF_A_BATCH).max(window.div_ceil(OF_A_WINDOW));
        stride.max(1) as u64
    }

    /// The columns of the review that `scratch` has scored last, if the review at `position` is to be looked at closely.
    #[must_use]
    pub fn columns(&self, position: &Position, scratch: &Scratch) -> Option<Arc<[u32]>> {
        let is_taken = self.stride == 1
            || (self.stride > 1 && lot(position, 0) <= u64::MAX.wrapping_div(self.stride));
        is_taken.then(|| {
            let columns = scratch.columns();
            columns.get(..MAX_COLUMNS).unwrap_or(columns).into()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_are_looked_at_closely() {
        let cases = [
            (1, 100, 1),
            (64, 128, 1),
            (65, 128, 2),
            (1, 1_000, 8),
            (4_000, 1_000, 63),
            (1, 100_000, 782),
            (0, 100, 1),
            (10, 0, 0),
        ];
        for (batch, window, stride) in cases {
            assert_eq!(Plan::stride(batch, window), stride, "{batch} of {window}");
        }
    }

    #[test]
    fn one_in_stride_is_taken_whatever_the_offsets_are() {
        let scratch = Scratch::default();
        for (step, stride) in [(1, 10_u64), (2, 2), (10, 10), (7, 63)] {
            let plan = Plan { stride, shadow: None };
            let n = 20_000_i64;
            let taken = (0..n)
                .filter(|i| {
                    let position = Position::new("reviews", 3, i * step + 1);
                    plan.columns(&position, &scratch).is_some()
                })
                .count();
            let share = taken as f64 / n as f64 * stride as f64;
            assert!((0.85..1.15).contains(&share), "{step} {stride}: {share}");
        }
    }
}
