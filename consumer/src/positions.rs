//! `consumer positions`: where the group is, and setting it elsewhere.

use std::{process::ExitCode, time::Duration};

use clap::{Args, Subcommand};
use verdict_kafka_io::{GroupPosition, KafkaArgs, Positions, Target};
use verdict_messages::{time, topic};
use verdict_service::bad_input;
use verdict_telemetry::output;

/// How long a broker may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// The flags of `consumer positions`.
#[derive(Debug, Clone, Args)]
pub struct PositionsArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: PositionsCommand,
}

/// What to do with positions.
#[derive(Debug, Clone, Subcommand)]
pub enum PositionsCommand {
    /// Print the next offset that the group reads of each partition, and how many records wait
    Show(GroupArgs),
    /// Print what would be set; set it with --apply, while no consumer of the group runs
    Set(SetArgs),
}

/// Which positions.
#[derive(Debug, Clone, Args)]
pub struct GroupArgs {
    /// How to reach Kafka.
    #[command(flatten)]
    pub kafka: KafkaArgs,

    /// Topic of the reviews
    #[arg(long, env = "VERDICT_REVIEWS_TOPIC", default_value = topic::REVIEWS, value_name = "TOPIC")]
    pub reviews_topic: String,

    /// Consumer group
    #[arg(long, env = "VERDICT_GROUP", default_value = "verdict", value_name = "NAME")]
    pub group: String,
}

/// Where to set them.
#[derive(Debug, Clone, Args)]
pub struct SetArgs {
    /// Which positions.
    #[command(flatten)]
    pub of: GroupArgs,

    /// earliest, latest, or a time such as 2026-01-31T12:00:00Z: the first record of that time or
    /// later
    #[arg(long, value_name = "PLACE", value_parser = target)]
    pub to: Target,

    /// Set the positions instead of only printing them
    #[arg(long)]
    pub apply: bool,
}

fn target(typed: &str) -> Result<Target, String> {
    match typed {
        "earliest" => Ok(Target::Earliest),
        "latest" => Ok(Target::Latest),
        other => time::unix_ms(other).map(Target::UnixMs).ok_or_else(|| {
            "must be earliest, latest, or a time such as 2026-01-31T12:00:00Z".to_owned()
        }),
    }
}

/// `consumer positions`.
///
/// # Errors
/// Settings that cannot be used, Kafka being away, or a group that has members.
pub fn command(args: &PositionsArgs) -> anyhow::Result<ExitCode> {
    let of = match &args.command {
        PositionsCommand::Show(of) | PositionsCommand::Set(SetArgs { of, .. }) => of,
    };
    let kafka = of.kafka.check().map_err(bad_input)?.client_id("verdict-positions");
    let positions =
        Positions { kafka: &kafka, group: &of.group, topic: &of.reviews_topic, patience: PATIENCE };
    let found = positions.show()?;
    let PositionsCommand::Set(set) = &args.command else {
        output::line(table(&found))?;
        return Ok(ExitCode::SUCCESS);
    };
    let targets = positions.find(set.to)?;
    output::line(changes(&found, &targets))?;
    if set.apply {
        positions.set(&targets)?;
        output::line("set")?;
    } else {
        output::note("consumer: nothing was set; --apply sets it");
    }
    Ok(ExitCode::SUCCESS)
}

fn table(found: &[GroupPosition]) -> String {
    let row = |at: &GroupPosition| {
        let lag = at.end - at.next.unwrap_or(at.begin).max(at.begin);
        let note = match at.next {
            Some(next) if next < at.begin => "  records before its begin were deleted unread",
            _ => "",
        };
        let (partition, next) = (at.partition, shown(at.next));
        format!("{partition:>9} {:>12} {next:>12} {:>12} {lag:>12}{note}", at.begin, at.end)
    };
    let head = format!(
        "{:>9} {:>12} {:>12} {:>12} {:>12}",
        "partition", "begin", "next", "end", "waiting"
    );
    std::iter::once(head).chain(found.iter().map(row)).collect::<Vec<_>>().join("\n")
}

fn changes(found: &[GroupPosition], targets: &[(i32, i64)]) -> String {
    let row = |(at, (_, to)): (&GroupPosition, &(i32, i64))| {
        let by = at.next.map_or("new".to_owned(), |next| format!("{:+}", to - next));
        format!("{:>9} {:>12} {to:>12} {by:>12}", at.partition, shown(at.next))
    };
    let head = format!("{:>9} {:>12} {:>12} {:>12}", "partition", "next", "to", "by");
    std::iter::once(head).chain(found.iter().zip(targets).map(row)).collect::<Vec<_>>().join("\n")
}

fn shown(next: Option<i64>) -> String {
    next.map_or("none".to_owned(), |next| next.to_string())
}
