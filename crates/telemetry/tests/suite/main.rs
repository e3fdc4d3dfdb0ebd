//! What Prometheus and a collector see.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "tests"
)]

mod exposition;
#[cfg(feature = "otlp")]
mod push;
#[cfg(feature = "otlp")]
mod receiver;
