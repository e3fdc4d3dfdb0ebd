//! Every layout of reviews at rest; every text here was written for these tests.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests"
)]

mod acl_imdb;
mod rows;
