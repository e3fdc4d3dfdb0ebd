//! Learns Verdict's models from texts in memory, measures them and decides which may serve.

// Numeric code over arrays whose lengths are made to fit where they are made; counts are below 2^32
// by a check at the top.
#![allow(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "matrix code: bounds are established once, by construction"
)]

pub mod bounds;
pub mod corpus;
pub mod drift;
pub mod estimate;
pub mod gate;
#[cfg(feature = "train")]
pub mod learn;
pub mod metrics;
pub mod scoring;
#[cfg(feature = "train")]
pub mod train;
#[cfg(feature = "train")]
pub mod tune;
