//! The model and its file, tokens, preprocessing and the reference, against what other tools say.
#![cfg(test)]
#![allow(clippy::float_cmp, reason = "tests")]

mod damage;
mod format_2;
mod model;
mod preprocess;
mod reference;
mod tokens;
