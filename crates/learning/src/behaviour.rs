//! What a model does with texts that were written to find out: behavioural tests.
//!
//! ```text
//! Suite ─► Suite::run(model) ─► Behaviour (per capability: tests, passed, each answer)
//!                                  │
//!              of the champion  ─► Change::between ◄─ of the candidate
//! ```
//!
//! The kinds of tests are those of CheckList. Source: Ribeiro, Wu, Guestrin and Singh, *Beyond
//! Accuracy: Behavioral Testing of NLP Models with CheckList*, ACL 2020.

mod change;
mod run;
mod suite;

pub use change::{CapabilityChange, Change, NewFailure};
pub use run::{Answer, Behaviour, CapabilityResult, Count, TestResult};
pub use suite::{Capability, Decided, Expected, Kind, Move, Suite, Test, decided};
