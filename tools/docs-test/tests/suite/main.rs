//! The documents say what is there.
#![cfg(test)]
#![allow(missing_docs, reason = "tests")]

mod crates;
mod documents;
