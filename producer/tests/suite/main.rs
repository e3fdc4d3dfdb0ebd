//! The producer as a program. Every text here was written for these tests.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod closed_pipes;
mod real_kafka;
