//! Dead letters: listed, shown, and published again as reviews.
//!
//! - [`letter`] is a dead letter, [`at`] its place, and how people and programs see it.
//! - [`filter`] says which of them are meant, [`repaired`] reads bytes that somebody put right.
//! - [`read`] reads the letters, and finds which of their reviews were redriven already.
//! - [`redrive`] publishes them; [`commands`] is the command line.
//!
//! **Nothing is redriven twice.** A redriven record names in a header the review that failed, and
//! goes to the partition of that review. So the log of the reviews itself says what was redriven:
//! before anything is sent, each partition is read from behind the first of the failed reviews to
//! its end. There is no mark beside the record that could be missing after a crash; a run that was
//! killed is simply run again. Two runs at the same time do not see each other.

pub mod at;
pub mod commands;
pub mod filter;
pub mod letter;
pub mod read;
pub mod redrive;
pub mod repaired;

use std::collections::BTreeSet;
use std::io;
use std::ops::ControlFlow;

use verdict_kafka_io::Failure;

use self::at::At;
use crate::publish::PublishError;

/// Why dead letters could not be listed, shown or redriven.
#[derive(Debug, thiserror::Error)]
pub enum DlqError {
    /// Kafka is away, or refuses; or not everything was published.
    #[error(transparent)]
    Kafka(#[from] PublishError),
    /// Positions where there is no dead letter.
    #[error("{topic} has no record at {} ({has})", list(.at))]
    NoSuchLetter {
        /// The topic.
        topic: String,
        /// The positions.
        at: BTreeSet<At>,
        /// What is there instead.
        has: String,
    },
    /// Repaired bytes cannot be read; the place is named.
    #[error("{0}")]
    Repaired(String),
    /// Standard output cannot be written.
    #[error(transparent)]
    Output(#[from] io::Error),
}

impl From<Failure> for DlqError {
    fn from(failure: Failure) -> Self {
        Self::Kafka(failure.into())
    }
}

impl DlqError {
    /// Whether the user can put it right in the command or its input.
    pub fn is_bad_input(&self) -> bool {
        matches!(self, Self::NoSuchLetter { .. } | Self::Repaired(_))
    }
}

/// What a reader of records does with one.
pub type Step = Result<ControlFlow<()>, DlqError>;

/// The first positions, and how many more there are.
fn list(positions: &BTreeSet<At>) -> String {
    const SHOWN: usize = 5;
    let shown: Vec<String> = positions.iter().take(SHOWN).map(ToString::to_string).collect();
    match positions.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
