//! Reviews, replies and the stored schemas.
#![cfg(test)]
#![allow(clippy::cast_possible_truncation, reason = "tests")]

mod reply;
mod review;
mod schemas;
