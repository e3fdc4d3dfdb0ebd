//! The trainer, from its functions to the real program on a real Kafka.
#![allow(
    clippy::cast_possible_truncation,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "tests"
)]

mod calibration;
mod cli;
mod curves;
mod dvc;
mod fetch;
mod file_server;
mod folder;
mod gate;
mod gate_command;
mod imdb;
mod lifecycle;
mod made;
mod monitor;
mod naive_bayes;
mod pipeline;
mod refusals;
mod report;
mod sklearn;
mod sources;
mod stages;
mod train;
mod tune;
mod undefined;
