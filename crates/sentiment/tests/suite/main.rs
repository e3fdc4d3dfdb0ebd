//! The model and its file, tokens, preprocessing and the reference, against what other tools say.
#![cfg(test)]
#![allow(clippy::float_cmp, reason = "tests")]

mod damage;
mod format_2;
mod format_3;
mod model;
mod negation;
mod preprocess;
mod reference;
mod tokens;
