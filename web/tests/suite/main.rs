//! The frontend on a real socket with a stand-in for Kafka, and the program as a process.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "tests"
)]

mod closed_pipes;
mod healthcheck;
mod interface;
mod labels;
mod page;
mod support;
