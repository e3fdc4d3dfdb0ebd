//! The model and its file, tokens, preprocessing and the reference, against what other tools say.
#![allow(
    clippy::expect_used,
    clippy::float_cmp,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests"
)]

mod damage;
mod format_2;
mod model;
mod preprocess;
mod reference;
mod tokens;
