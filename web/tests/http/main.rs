//! The frontend over HTTP: real sockets on one side, an in-process stand-in for Kafka on the other.
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
mod support;
