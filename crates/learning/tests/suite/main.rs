//! Learning, measuring and deciding, in memory.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    unreachable_pub,
    reason = "tests"
)]

mod calibration;
mod drift;
mod gate;
mod made;
mod mcnemar;
mod metrics;
mod naive_bayes;
mod sklearn;
mod slices;
mod train;
mod tune;
