//! The tests of ecr-publish as its users run it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "tests"
)]

mod aws;
mod closed_pipes;
mod publish;
mod wire;
