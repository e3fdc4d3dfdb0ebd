//! What can be typed.

use crate::commands::{
    behave, data, evaluate, explain, gate, inspect, params, promote, publish, rebuild, replay,
    score, stage, train, tune, watch,
};
use clap::{Parser, Subcommand};
use std::process::ExitCode;
use verdict_kafka_io::{Failure, PublishError};
use verdict_service::ProbeArgs;

/// Trains, evaluates and explains the models that classify reviews, and lets the better one serve.
///
/// Results go to standard output, progress and logs to standard error. Exit codes: 0 done, 1 the
/// answer is no (gate, promote, rebuild, behave --fail-under), 2 bad usage or input, 70 Kafka is in the way.
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
    /// Ask a model texts that were written to test it, and show what it can do.
    Behave(behave::Args),
    /// Decide whether a model may take the place of the one that serves.
    Gate(gate::Args),
    /// Score reviews.
    Score(score::Args),
    /// Show what each term adds to the score of a text.
    Explain(explain::Args),
    /// Show what a model file holds.
    Inspect(inspect::Args),
    /// Rebuild the model from the review log, and let it serve if the gate accepts it.
    Rebuild(rebuild::Args),
    /// Rebuild whenever enough labels have come, or enough time has gone by.
    Watch(watch::Args),
    /// Let a registered version serve, if the gate accepts it; exit code 1 if not.
    Promote(promote::Args),
    /// Let the version serve again that did before.
    Rollback(promote::RollbackArgs),
    /// Score the last stored reviews with a candidate too, and show what would change.
    Replay(replay::Args),
    /// Choose parameters by random search with cross-validation on the training reviews.
    Tune(tune::Args),
    /// Print every parameter with its value, those of a preset too.
    Params(params::ParamsArgs),
    /// Run one stage of the pipeline, as dvc.yaml does.
    #[command(subcommand)]
    Stage(stage::Command),
    /// Keep a model in a registry and announce it to the running consumers.
    Publish(publish::Args),
    /// Ask the `trainer watch` of this machine whether it is ready; exit code 1 if not.
    Healthcheck(ProbeArgs),
    /// Get the data set.
    #[command(subcommand)]
    Data(data::Command),
}

/// Does what was typed; the exit code is 1 where the answer is no.
///
/// # Errors
/// Says what went wrong, with the name of the thing.
pub fn run(cli: &Cli) -> anyhow::Result<ExitCode> {
    match &cli.command {
        Command::Train(args) => train::run(args),
        Command::Evaluate(args) => evaluate::run(args),
        Command::Behave(args) => return behave::run(args),
        Command::Gate(args) => return gate::run(args),
        Command::Score(args) => score::run(args),
        Command::Explain(args) => explain::run(args),
        Command::Inspect(args) => inspect::run(args),
        Command::Rebuild(args) => return rebuild::run(args),
        Command::Watch(args) => return watch::run(args),
        Command::Promote(args) => return promote::run(args),
        Command::Rollback(args) => promote::run_rollback(args),
        Command::Replay(args) => replay::run(args),
        Command::Tune(args) => tune::run(args),
        Command::Params(args) => params::run(args),
        Command::Stage(command) => stage::run(command),
        Command::Publish(args) => publish::run(args),
        Command::Healthcheck(args) => return Ok(watch::healthcheck(args)),
        Command::Data(command) => data::run(command),
    }?;
    Ok(ExitCode::SUCCESS)
}

/// What an error exits with: 70 when Kafka is in the way, 2 for what the user can put right in the
/// command or its input.
#[must_use]
pub fn exit_code(error: &anyhow::Error) -> ExitCode {
    let is_kafka = error.chain().any(|cause| cause.is::<Failure>() || cause.is::<PublishError>());
    ExitCode::from(if is_kafka { 70 } else { 2 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn no_command_contradicts_itself() {
        Cli::command().debug_assert();
    }
}
