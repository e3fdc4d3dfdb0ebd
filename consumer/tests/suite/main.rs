//! The tests of the consumer and of its commands `audit` and `monitor`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::print_stderr,
    reason = "tests"
)]

mod closed_pipes;
mod common;
mod drift;
mod lag;
mod models;
mod monitor;
mod observe;
mod pipeline;
mod process;
mod score;
mod shadow;
