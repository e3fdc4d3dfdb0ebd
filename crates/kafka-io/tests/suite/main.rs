//! The shell against a real Apache Kafka.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "tests"
)]

mod broker;
mod common;
mod follow;
mod transactions;
