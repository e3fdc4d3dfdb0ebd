//! A real Kafka: its life, who may do what on it, and `kafka-local`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "tests"
)]

mod acls;
mod closed_pipes;
mod life;
