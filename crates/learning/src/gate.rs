//! Whether a candidate may take the place of the model that serves: decided by numbers, with every
//! reason stated.
//!
//! ```text
//! champion ─┐
//! candidate ┼─ score the same reviews ─► floors · McNemar · tolerances · slices ─► Decision
//! reviews  ─┘
//! ```

pub mod checks;
pub mod decide;
pub mod flips;
pub mod mcnemar;
pub mod measured;
pub mod slices;
pub mod thresholds;
