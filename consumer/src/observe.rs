//! Observes, while it serves, how the model takes the reviews: drift, unknown words, and a second
//! model beside it.
//!
//! Scoring puts what it saw of a review into its [`Ending`](crate::score::Ending), as an
//! [`Observation`]. The [`Plan`] of a batch completes it: some reviews are sampled with their
//! terms, and some are scored by a [`Shadow`] model too. The loop hands the endings of a batch that
//! stands to the [`Observer`], which keeps
//!
//! - a [`Window`](verdict_learning::drift::Window) over the last reviews and its population
//!   stability index against what the training reviews looked like (`about.reference` of the
//!   model), and the accuracy that is [`expected`] of them as long as they look like those;
//! - a [`TermSample`](terms::TermSample) of these reviews, from which come the terms that move the
//!   scores most;
//! - the [`Comparison`](shadow::Comparison) with a shadow model, whose scores go nowhere else.
//!
//! All of it takes the same memory however many reviews come. `/model` of the operator pages shows
//! it (`page.rs`); docs/model-watching.md says what the numbers mean. Which model serves is decided
//! elsewhere ([`models`](crate::models)).

pub mod alarm;
mod card;
pub mod expected;
pub mod observation;
pub mod observer;
mod page;
pub mod plan;
pub mod settings;
pub mod shadow;
mod state;
pub mod terms;

pub use observation::Observation;
pub use observer::Observer;
pub use plan::Plan;
pub use settings::ObserveArgs;
pub use shadow::Shadow;
