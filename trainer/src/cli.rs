//! What can be typed.

use crate::commands::{data, evaluate, explain, inspect, publish, score, train};
use clap::{Parser, Subcommand};
use std::process::ExitCode;
use verdict_kafka_io::{Failure, PublishError};

/// Trains, evaluates and explains the models that classify reviews.
///
/// Results go to standard output, progress and logs to standard error. Exit codes: 0 done, 2 bad usage or input, 70
/// Kafka is in the way.
#[derive(Debug, Parser)]
#[command(name = "trainer", version, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Train a model from labelled reviews.
    Train(train::Args),
    /// Measure a model on labelled reviews it has not seen.
    Evaluate(evaluate::Args),
    /// Score reviews.
    Score(score::Args),
    /// Show what each term adds to the score of a text.
    Explain(explain::Args),
    /// Show what a model file holds.
    Inspect(inspect::Args),
    /// Keep a model in a registry and tell the running consumers to take it.
    Publish(publish::Args),
    /// Get the data set.
    #[command(subcommand)]
    Data(data::Command),
}

/// Does what was typed.
///
/// # Errors
/// Says what went wrong, with the name of the thing.
pub fn run(cli: &Cli) -> anyhow::Result<()> {
    match &cli.command {
        Command::Train(args) => train::run(args),
        Command::Evaluate(args) => evaluate::run(args),
        Command::Score(args) => score::run(args),
        Command::Explain(args) => explain::run(args),
        Command::Inspect(args) => inspect::run(args),
        Command::Publish(args) => publish::run(args),
        Command::Data(command) => data::run(command),
    }
}

/// What an error exits with: 70 when Kafka is in the way, 2 for what the user can put right in the command or its input.
#[must_use]
pub fn exit_code(error: &anyhow::Error) -> ExitCode {
    let is_kafka = error
        .chain()
        .any(|cause| cause.is::<Failure>() || cause.is::<PublishError>());
    ExitCode::from(if is_kafka { 70 } else { 2 })
}
