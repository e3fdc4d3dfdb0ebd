//! The trainer, from its functions to the real program on a real Kafka.
#![cfg(test)]
#![allow(
    clippy::cast_possible_truncation,
    clippy::disallowed_methods,
    unreachable_pub,
    reason = "tests"
)]

mod behave_command;
mod cli;
mod curves;
mod data;
mod dvc;
mod fetch;
mod file_server;
mod folder;
mod gate_command;
mod imdb;
mod lifecycle;
mod made;
mod monitor;
mod pipeline;
mod refusals;
mod report;
mod sources;
mod stages;
mod tune;
mod undefined;
