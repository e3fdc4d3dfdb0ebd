//! The breaker: a long unbroken run of dead letters pauses reading, so that a fault of the
//! producers, or of this build, does not turn the whole log into dead letters while nobody looks.
//!
//! ```text
//!            N dead letters in a row                 the pause is over
//!   closed ──────────────────────────────►  open  ───────────────────►  half open
//!     ▲                                      ▲                              │
//!     │                                      └── 100 records without one ───┤
//!     └──────────────────── a verdict ──────────────────────────────────────┘
//! ```
//!
//! Nothing is dropped: what is read gets its ending as ever, and what is not read waits in the log.
//! Pure: the time is an argument, and what may be read is returned.

use std::time::{Duration, Instant};

use clap::Args;

use crate::score::{Ending, Outcome};

/// Records that are read to try whether it is over.
pub const TRY: usize = 100;

/// When reading is paused; checked by [`RunArgs::check`](crate::settings::RunArgs::check).
#[derive(Debug, Clone, Args)]
pub struct BreakerArgs {
    /// So many dead letters in a row, without a verdict between them, pause reading; 0: never
    #[arg(long, env = "VERDICT_BREAKER_DEAD_LETTERS", default_value_t = 1_000, value_name = "N")]
    pub breaker_dead_letters: u64,

    /// How long reading pauses before a small batch is tried, in seconds
    #[arg(long, env = "VERDICT_BREAKER_PAUSE_S", default_value_t = 30, value_name = "S")]
    pub breaker_pause_s: u64,
}

impl BreakerArgs {
    pub(crate) fn problems(&self) -> Option<String> {
        const LONGEST_S: u64 = 24 * 60 * 60;
        let pause = self.breaker_pause_s;
        (!(1..=LONGEST_S).contains(&pause))
            .then(|| format!("--breaker-pause-s must be 1 to {LONGEST_S}, got {pause}"))
    }

    /// From opening to the try.
    pub(crate) fn pause(&self) -> Duration {
        Duration::from_secs(self.breaker_pause_s)
    }
}

/// What may be read now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permit {
    /// Batches as ever.
    Batches,
    /// A batch of at most so many records: what is left of [`TRY`].
    Try(usize),
    /// Nothing.
    Nothing,
}

/// A change of state that a batch has caused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transition {
    /// Reading pauses, after so many dead letters in a row.
    Opened {
        /// Dead letters since the last verdict.
        in_a_row: u64,
    },
    /// Reading goes on as ever, after so many dead letters in a row.
    Closed {
        /// Dead letters before the verdict that closed it.
        in_a_row: u64,
    },
}

/// The breaker of one member. Closed at the start.
#[derive(Debug, Clone)]
pub struct Breaker {
    settings: BreakerArgs,
    // Dead letters since the last verdict.
    in_a_row: u64,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Closed,
    Open { since: Instant },
    // So many records were tried, and none of them got a verdict. They may come in several batches,
    // as they are at hand.
    HalfOpen { tried: usize },
}

impl Breaker {
    /// A closed one.
    #[must_use]
    pub fn new(settings: BreakerArgs) -> Self {
        Self { settings, in_a_row: 0, state: State::Closed }
    }

    /// What may be read at `now`.
    pub fn permit(&mut self, now: Instant) -> Permit {
        if let State::Open { since } = self.state
            && now.saturating_duration_since(since) >= self.settings.pause()
        {
            self.state = State::HalfOpen { tried: 0 };
        }
        match self.state {
            State::Closed => Permit::Batches,
            State::Open { .. } => Permit::Nothing,
            State::HalfOpen { tried } => Permit::Try(TRY.saturating_sub(tried).max(1)),
        }
    }

    /// Takes note of a batch that stands, in the order in which it was read: of each record,
    /// whether it got a verdict.
    pub fn batch(
        &mut self,
        verdicts: impl IntoIterator<Item = bool>,
        now: Instant,
    ) -> Option<Transition> {
        let before = self.in_a_row;
        let (mut got_one, mut n) = (false, 0);
        for is_verdict in verdicts {
            n += 1;
            got_one |= is_verdict;
            self.in_a_row = if is_verdict { 0 } else { self.in_a_row + 1 };
        }
        let dead_letters = self.settings.breaker_dead_letters;
        match self.state {
            _ if n == 0 || dead_letters == 0 => None,
            State::Open { .. } | State::HalfOpen { .. } if got_one => {
                self.state = State::Closed;
                // The rest of this batch may be as bad as what came before; then the next one opens
                // it again.
                Some(Transition::Closed { in_a_row: before })
            }
            State::HalfOpen { tried } if tried + n < TRY => {
                self.state = State::HalfOpen { tried: tried + n };
                None
            }
            State::HalfOpen { .. } => Some(self.open(now)),
            State::Closed if self.in_a_row >= dead_letters => Some(self.open(now)),
            // A batch that was in hand when reading paused.
            State::Open { .. } | State::Closed => None,
        }
    }

    /// Whether it is anything but closed.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.state != State::Closed
    }

    fn open(&mut self, now: Instant) -> Transition {
        self.state = State::Open { since: now };
        Transition::Opened { in_a_row: self.in_a_row }
    }
}

/// Of each ending, whether it is a verdict.
pub(crate) fn verdicts(endings: &[Ending]) -> impl Iterator<Item = bool> {
    endings.iter().map(|ending| matches!(ending.outcome, Outcome::Verdict(_)))
}

#[cfg(test)]
mod tests;
