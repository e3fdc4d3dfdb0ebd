//! Delivering a batch: its outputs and positions. Replies go out after that
//! ([`replies`](crate::replies)).

mod at_least_once;
pub mod decide;
mod start;
mod transactional;

use std::time::Duration;

use verdict_kafka_io::{Cause, Commit, Failure, Outgoing, Source};
use verdict_messages::headers;
use verdict_telemetry::labels::Promise;

pub use self::start::{Mode, start};
use crate::score::{Ending, Outcome};

/// How often a wait looks whether it is to be given up.
const SLICE: Duration = Duration::from_millis(100);
/// Values of dead letters beyond this are left out when the broker has refused the batch as too
/// large.
const LARGE: usize = 512 * 1024;

/// Makes the outcome of a batch stand: outputs and positions.
///
/// This is the one part that knows what is promised. `AtLeastOnce` writes, waits and commits;
/// `Transactional` does the three in one.
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

    /// What is promised.
    fn promise(&self) -> Promise;
}

/// The promise in words.
#[must_use]
pub fn in_words(promise: Promise) -> &'static str {
    match promise {
        Promise::ExactlyOnce => "exactly once",
        Promise::AtLeastOnce => "at least once",
    }
}

/// Writes the outputs of batches, and waits for their confirmations.
#[derive(Debug, Default)]
struct Outputs {
    // The last batch was refused because a record in it is too large for the broker.
    is_too_large: bool,
}

impl Outputs {
    /// Sends each output by `send`, then calls `wait_delivered` until it is not [`Failure::Retry`]
    /// any more, or patience ends.
    fn write(
        &mut self,
        endings: &[Ending],
        send: impl Fn(&Outgoing) -> Result<(), Failure>,
        wait_delivered: impl Fn(Duration) -> Result<(), Failure>,
        patience: &mut dyn FnMut() -> bool,
    ) -> Result<(), Failure> {
        let mut write = || {
            for ending in endings {
                if self.is_too_large && is_large_dead_letter(ending) {
                    send(&without_value(&ending.output))?;
                } else {
                    send(&ending.output)?;
                }
                if let Some(unsure) = &ending.unsure {
                    send(unsure)?;
                }
            }
            loop {
                match wait_delivered(SLICE) {
                    Err(Failure::Retry(_)) if patience() => {}
                    Err(Failure::Retry(trouble)) => return Err(Failure::Abort(trouble)),
                    delivered_or_failed => return delivered_or_failed,
                }
            }
        };
        let written = write();
        self.is_too_large =
            matches!(&written, Err(failure) if failure.details().cause == Cause::TooLarge);
        written
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
    bare.headers.push(headers::VALUE_LEFT_OUT, format!("{bytes} bytes, too large for this topic"));
    bare
}
