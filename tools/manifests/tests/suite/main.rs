//! The manifests, the workflows and the rights that they ask for.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "tests"
)]

mod agreement;
mod common;
mod no_secrets;
mod policy;
mod rights;
mod schemas;
mod workflows;
