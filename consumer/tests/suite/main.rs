//! The tests of the consumer and of its commands `audit` and `monitor`.
#![cfg(test)]
#![allow(clippy::cast_possible_truncation, reason = "tests")]

mod callers;
mod closed_pipes;
mod common;
mod deliver;
mod drift;
mod lag;
mod models;
mod monitor;
mod observe;
mod pipeline;
mod process;
mod promise;
mod score;
mod shadow;
mod simulation;
