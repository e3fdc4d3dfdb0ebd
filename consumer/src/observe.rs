//! Observer, while it serves, how the model takes the reviews: drift, unknown words, and a second model beside it.
//!
//! Scoring says of each review what it saw, as a value in its [`Ending`](crate::score::Ending): an [`Observation`]. The
//! loop hands the endings of a batch that stands to [`Observer`], which keeps
//!
//! - a [`Window`](verdict_learning::drift::window::Window) over the last reviews and its population stability index ([`psi`](verdict_learning::drift::psi)) against what the
//!   training reviews looked like (`about.reference` of the model);
//! - a [`TermSample`](terms::TermSample) of these reviews, which tells the terms that move the scores most;
//! - the [`Tally`](shadow::Tally) of a shadow model, whose scores nobody else ever sees.
//!
//! All of it takes the same memory however many reviews come. `/model` of the operator server shows it ([`page`]); what
//! the numbers mean is told in docs/model-watching.md. [`models`](crate::models) is another matter: which model serves.

pub mod alarm;
mod lot;
pub mod observation;
pub mod observer;
pub mod page;
pub mod settings;
pub mod shadow;
mod state;
pub mod terms;

pub use observation::{Observation, Plan};
pub use observer::Observer;
pub use settings::{ObserveArgs, ObserveSettings};
pub use shadow::Shadow;
