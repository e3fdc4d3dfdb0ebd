//! The command line.

use clap::{Parser, Subcommand};
use verdict_monitor::{audit::AuditArgs, settings::MonitorArgs};
use verdict_service::ProbeArgs;

use crate::{positions::PositionsArgs, settings::RunArgs};

/// Scores reviews from Kafka and writes verdicts, dead letters and replies.
#[derive(Debug, Parser)]
#[command(name = "consumer", version, args_conflicts_with_subcommands = true)]
pub struct Cli {
    /// What to do; `run` when nothing is said.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The flags of `run`.
    #[command(flatten)]
    pub run: RunArgs,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Score reviews until asked to stop (the default)
    Run(Box<RunArgs>),
    /// Read the topics again and prove that every review has exactly one outcome; exit code 1 when
    /// not
    Audit(AuditArgs),
    /// Follow verdicts and labels and report how right each model version is; audit again and again
    Monitor(Box<MonitorArgs>),
    /// Show where the group is in the reviews, or set it elsewhere
    Positions(PositionsArgs),
    /// Ask the consumer of this machine whether it is ready; exit code 1 when not
    Healthcheck(ProbeArgs),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn nothing_typed_is_run() {
        let command = |typed: &[&str]| Cli::try_parse_from(typed).unwrap().command;
        assert!(command(&["consumer"]).is_none());
        assert!(matches!(command(&["consumer", "run"]), Some(Command::Run(_))));
        assert!(matches!(command(&["consumer", "audit"]), Some(Command::Audit(_))));
    }
}
