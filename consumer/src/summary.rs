//! What a loop did.

use std::time::Duration;

use verdict_messages::{ErrorKind, Sentiment};

use crate::score::{Ending, Outcome, Reply};

/// Endings of batches that stand, by kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Endings {
    /// Records read: the sum of verdicts and dead letters.
    pub read: u64,
    /// Verdicts that are positive.
    pub positive: u64,
    /// Verdicts that are negative.
    pub negative: u64,
    /// Verdicts of both kinds that are too close to call.
    pub unsure: u64,
    /// Dead letters, in the order of [`ErrorKind::ALL`].
    pub dead_letters_by_kind: [u64; ErrorKind::ALL.len()],
    /// Replies that were not sent since nobody waits for them any longer.
    pub expired: u64,
}

impl Endings {
    /// One more.
    pub fn add(&mut self, ending: &Ending) {
        self.read += 1;
        match ending.outcome {
            Outcome::Verdict(Sentiment::Positive) => self.positive += 1,
            Outcome::Verdict(Sentiment::Negative) => self.negative += 1,
            Outcome::DeadLetter(kind) => {
                let kinds = ErrorKind::ALL.iter().zip(&mut self.dead_letters_by_kind);
                kinds.filter(|(known, _)| **known == kind).for_each(|(_, n)| *n += 1);
            }
        }
        self.unsure += u64::from(ending.is_unsure);
        self.expired += u64::from(ending.reply == Reply::Expired);
    }

    /// How many records got a verdict.
    #[must_use]
    pub fn verdicts(&self) -> u64 {
        self.positive + self.negative
    }

    /// How many records became dead letters.
    #[must_use]
    pub fn dead_letters(&self) -> u64 {
        self.dead_letters_by_kind.iter().sum()
    }
}

/// What a loop did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// The endings: a batch that failed is read again and counts when it stands.
    pub endings: Endings,
    /// Batches that stand.
    pub batches: u64,
    /// Batches that failed and were read again.
    pub failed_batches: u64,
    /// Models taken up, the first one too.
    pub models: u64,
    /// The longest that taking up a model has kept the loop.
    pub longest_swap: Duration,
}
