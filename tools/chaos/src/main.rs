//! `chaos`: the long form, with its report as JSON.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser;
use verdict_chaos::{Plan, Report, roll, storm};
use verdict_telemetry::output;

/// Kill, freeze and cut off consumers and brokers on a real Kafka, and count the outcomes of every
/// review.
#[derive(Debug, Parser)]
#[command(name = "chaos", version)]
struct Cli {
    /// Members killed (SIGKILL)
    #[arg(long, default_value_t = 300, value_name = "N")]
    kills: u32,

    /// Members that come and go in order
    #[arg(long, default_value_t = 20, value_name = "N")]
    guests: u32,

    /// Members frozen (SIGSTOP), for 15 s and for longer than their session
    #[arg(long, default_value_t = 30, value_name = "N")]
    freezes: u32,

    /// Times that the broker is killed
    #[arg(long, default_value_t = 30, value_name = "N")]
    broker_kills: u32,

    /// Rounds of a kill before and after each request of a transaction
    #[arg(long, default_value_t = 5, value_name = "N")]
    crash_rounds: u32,

    /// Rounds of requests that are delayed into the next transaction, lose their answer, or whose
    /// connection breaks
    #[arg(long, default_value_t = 20, value_name = "N")]
    unknown_rounds: u32,

    /// Rounds of killing each of three brokers
    #[arg(long, default_value_t = 5, value_name = "N")]
    rolls: u32,

    /// The consumer; without it, the one beside this program
    #[arg(long, value_name = "FILE")]
    consumer: Option<PathBuf>,

    /// Folder for the members' logs
    #[arg(long, default_value = "dist/chaos", value_name = "FOLDER")]
    logs: PathBuf,
}

fn main() -> anyhow::Result<ExitCode> {
    let cli = Cli::parse();
    let beside = std::env::current_exe().context("finding this program")?;
    let consumer = cli.consumer.unwrap_or_else(|| beside.with_file_name("consumer"));
    std::fs::create_dir_all(&cli.logs)
        .with_context(|| format!("creating {}", cli.logs.display()))?;
    let plan = Plan {
        kills: cli.kills,
        guests: cli.guests,
        freezes: cli.freezes,
        broker_kills: cli.broker_kills,
        crash_rounds: cli.crash_rounds,
        unknown_rounds: cli.unknown_rounds,
    };
    let one = storm(&consumer, &plan, &cli.logs);
    let three = (cli.rolls > 0).then(|| roll(&consumer, cli.rolls, &cli.logs));
    let is_clean = one.is_clean() && three.as_ref().is_none_or(Report::is_clean);
    let report = serde_json::json!({"one_broker": one, "three_brokers": three});
    output::line(format_args!("{report:#}"))?;
    Ok(if is_clean { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
