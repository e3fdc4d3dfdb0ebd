//! The frontend on a real socket with a stand-in for Kafka, and the program as a process.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod interface;
mod labels;
mod page;
mod program;
mod support;
