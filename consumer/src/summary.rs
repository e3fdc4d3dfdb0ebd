//! What a loop did.

use std::time::Duration;

use verdict_messages::ErrorKind;

use crate::score::{Ending, Outcome};

/// What a loop did. `read` is the sum of the endings: a batch that failed is read again and counts when it stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// Records read, of batches that stand.
    pub read: u64,
    /// Of these, how many got a verdict.
    pub verdicts: u64,
    /// Of these, how many became dead letters, in the order of [`ErrorKind::ALL`].
    pub dead_letters_by_kind: [u64; ErrorKind::ALL.len()],
    /// Batches that stand.
    pub batches: u64,
    /// Batches that failed and were read again.
    pub failed_batches: u64,
    /// Models taken up, the first one too.
    pub models: u64,
    /// The longest that taking up a model has kept the loop.
    pub longest_swap: Duration,
}

impl Summary {
    /// How many records became dead letters.
    #[must_use]
    pub fn dead_letters(&self) -> u64 {
        self.dead_letters_by_kind.iter().sum()
    }

    /// A batch stands.
    pub fn add(&mut self, endings: &[Ending]) {
        self.batches += 1;
        self.read += endings.len() as u64;
        for ending in endings {
            match ending.outcome {
                Outcome::Verdict(_) => self.verdicts += 1,
                Outcome::DeadLetter(kind) => {
                    let kinds = ErrorKind::ALL.iter().zip(&mut self.dead_letters_by_kind);
                    kinds.filter(|(known, _)| **known == kind).for_each(|(_, n)| *n += 1);
                }
            }
        }
    }
}
