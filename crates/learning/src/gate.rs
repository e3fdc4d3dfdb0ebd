//! Whether a candidate may take the place of the model that serves: decided by numbers, with every
//! reason stated.
//!
//! ```text
//! champion ─┐
//! candidate ┼─ score the same reviews ─► floors · McNemar · tolerances · slices ─┬► Decision
//! reviews  ─┘                                                                       │
//! both on a suite of behavioural tests ─► what the candidate fails and the champion passes ─┘
//! ```

mod checks;
mod decide;
mod flips;
mod mcnemar;
mod measured;
mod slices;
mod thresholds;

pub use checks::{Bound, Reason};
pub use decide::{Decision, FlipsWanted, compare};
pub use flips::{Flip, changed, flips};
pub use mcnemar::McNemar;
pub use measured::{Measured, SliceResult};
pub use slices::{Slice, slices_of};
pub use thresholds::{BehaviourBounds, Floors, Gate};
