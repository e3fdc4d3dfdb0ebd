//! Delivering a batch: its outputs are confirmed, then its positions are committed. Replies go out
//! after that ([`replies`](crate::replies)).

pub mod decide;

use std::time::{Duration, Instant};

use verdict_kafka_io::{
    Cause, Commit, Failure, KafkaSettings, Outgoing, Publisher, PublisherRole, Source,
};

use crate::score::{Ending, Outcome};

/// How often a wait looks whether it is to be given up.
const SLICE: Duration = Duration::from_millis(100);
/// How long the positions of a batch are tried to be committed, each try lasting as long as the
/// client makes it.
const COMMIT_FOR: Duration = Duration::from_secs(30);
/// Values of dead letters beyond this are left out when the broker has refused the batch as too
/// large.
const LARGE: usize = 512 * 1024;

/// Makes the outcome of a batch stand: outputs and positions.
///
/// This is the one part that knows what is promised. [`AtLeastOnce`] writes, waits and commits; a
/// transaction would do the three in one.
pub trait Delivery {
    /// Writes the outputs of `endings` and commits `commits` through `source`.
    ///
    /// `patience` is called every now and then while it waits, and says whether to go on waiting.
    ///
    /// # Errors
    /// [`Failure::Abort`] when the batch does not stand and is to be read again; [`Failure::Fatal`]
    /// when no batch will.
    fn deliver(
        &mut self,
        source: &mut Source,
        endings: &[Ending],
        commits: &[Commit],
        patience: &mut dyn FnMut() -> bool,
    ) -> Result<(), Failure>;

    /// What is promised, for people.
    fn promise(&self) -> &'static str;
}

/// Every review has its outcome at least once; a crash between writing and committing writes some
/// twice, with the same position in them.
#[derive(Debug)]
pub struct AtLeastOnce {
    publisher: Publisher,
    // The last batch was refused because a record in it is too large for the broker.
    is_too_large: bool,
}

impl AtLeastOnce {
    /// Connects in the background.
    ///
    /// # Errors
    /// [`Failure::Fatal`] when the settings are refused.
    pub fn new(kafka: &KafkaSettings) -> Result<Self, Failure> {
        Ok(Self { publisher: Publisher::new(kafka, PublisherRole::Pipeline)?, is_too_large: false })
    }

    fn publish(
        &self,
        endings: &[Ending],
        patience: &mut dyn FnMut() -> bool,
    ) -> Result<(), Failure> {
        for ending in endings {
            if self.is_too_large && is_large_dead_letter(ending) {
                self.publisher.send(&without_value(&ending.output))?;
            } else {
                self.publisher.send(&ending.output)?;
            }
        }
        loop {
            match self.publisher.wait_delivered(SLICE) {
                Err(Failure::Retry(_)) if patience() => {}
                Err(Failure::Retry(trouble)) => return Err(Failure::Abort(trouble)),
                delivered_or_failed => return delivered_or_failed,
            }
        }
    }
}

impl Delivery for AtLeastOnce {
    fn deliver(
        &mut self,
        source: &mut Source,
        endings: &[Ending],
        commits: &[Commit],
        patience: &mut dyn FnMut() -> bool,
    ) -> Result<(), Failure> {
        let published = self.publish(endings, patience);
        self.is_too_large =
            matches!(&published, Err(failure) if failure.details().cause == Cause::TooLarge);
        published?;
        // From here on the outputs stand. Positions that cannot be committed mean that some are
        // written twice, so it is worth trying for a while.
        let started = Instant::now();
        loop {
            match source.commit(commits) {
                Err(Failure::Retry(_)) if started.elapsed() < COMMIT_FOR && patience() => {}
                Err(Failure::Retry(trouble)) => return Err(Failure::Abort(trouble)),
                committed_or_failed => return committed_or_failed,
            }
        }
    }

    fn promise(&self) -> &'static str {
        "at least once"
    }
}

fn is_large_dead_letter(ending: &Ending) -> bool {
    matches!(ending.outcome, Outcome::DeadLetter(_))
        && ending.output.value.as_ref().is_some_and(|v| v.len() > LARGE)
}

/// The dead letter of a record that the broker's dead-letter topic cannot hold: its headers say
/// where it lies.
fn without_value(output: &Outgoing) -> Outgoing {
    let bytes = output.value.as_ref().map_or(0, Vec::len);
    let mut bare = Outgoing { value: None, ..output.clone() };
    bare.headers
        .push("x-verdict-value-left-out", format!("{bytes} bytes, too large for this topic"));
    bare
}
