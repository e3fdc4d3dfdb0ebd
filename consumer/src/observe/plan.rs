//! What is observed of a batch: which reviews are sampled, and by which model they are scored too.

use std::sync::Arc;

use verdict_kafka_io::Record;
use verdict_sentiment::Scratch;

use super::shadow::{Shadow, draw};
use crate::score::{Ending, Scorer};

/// Reviews of a batch that are sampled, about: a large batch stays as cheap as a small one.
const OF_A_BATCH: usize = 64;
/// Reviews of a window that are sampled, about: the part of the reviews that have a term is then
/// known within 0.045 (one standard error). Twice as many cost batches of ten reviews another
/// percent.
const OF_A_WINDOW: usize = 128;
/// Columns that are kept of a review: longer reviews lose the terms that they begin to use last.
pub const MAX_COLUMNS: usize = 1024;

/// What is observed of one batch.
#[derive(Debug, Clone, Copy, Default)]
pub struct Plan<'a> {
    /// One in so many reviews is sampled; none for 0.
    pub stride: u64,
    /// The model that scores beside the serving one.
    pub shadow: Option<&'a Shadow>,
}

impl Plan<'_> {
    /// One in how many reviews of a batch of `batch` is sampled, for a window of `window` reviews.
    #[must_use]
    pub fn stride(batch: usize, window: usize) -> u64 {
        if window == 0 {
            return 0;
        }
        let stride = batch.div_ceil(OF_A_BATCH).max(window.div_ceil(OF_A_WINDOW));
        stride.max(1) as u64
    }

    /// Completes the observation of the record that `scratch` has scored last, if it got a verdict.
    pub fn observe(
        &self,
        scorer: &Scorer<'_>,
        scratch: &mut Scratch,
        record: &Record,
        ending: &mut Ending,
    ) {
        let Some(observation) = &mut ending.observation else { return };
        let (partition, offset) = (record.partition, record.offset);
        observation.columns = self.columns(partition, offset, scratch);
        let shadow = self.shadow.filter(|shadow| shadow.takes(partition, offset));
        if let Some(shadow) = shadow
            && let Ok(review) = scorer.review(record)
        {
            observation.shadow = Some(shadow.score(scratch, &review.text));
        }
    }

    /// The columns of the review that `scratch` has scored last, if the one at `offset` of
    /// `partition` is sampled.
    #[must_use]
    pub fn columns(&self, partition: i32, offset: i64, scratch: &Scratch) -> Option<Arc<[u32]>> {
        let is_taken = self.stride > 0 && draw(partition, offset, 0) < 1.0 / self.stride as f64;
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
            let taken =
                (0..n).filter(|i| plan.columns(3, i * step + 1, &scratch).is_some()).count();
            let share = taken as f64 / n as f64 * stride as f64;
            assert!((0.85..1.15).contains(&share), "{step} {stride}: {share}");
        }
    }
}
