//! One run of the command: settings in, work done, a closing line, an exit code.

use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context;
use serde_json::json;
use verdict_kafka_io::topics::{self, TopicState};
use verdict_service::{Grace, Pages, Shutdown, bad_input, run_until_signal, serve_pages, start};
use verdict_telemetry::{Service, logs, output};

use crate::dlq::commands::is_bad_input;
use crate::publish::{PublishError, publish};
use crate::report::{Progress, closing_line, topic_line};
use crate::settings::{Cli, Command, EnsureArgs, PublishArgs, TopicsCommand};
use crate::summary::Ended;
use crate::topics::plan;

/// What an error exits with: 2 for what the user can put right in the command or its input, 70 for
/// the rest.
pub fn exit_code(error: &anyhow::Error) -> ExitCode {
    match error.downcast_ref() {
        _ if is_bad_input(error) => ExitCode::from(2),
        Some(PublishError::Source(_)) => ExitCode::from(2),
        _ => verdict_service::exit_code(error),
    }
}

/// Does what was asked for.
///
/// # Errors
/// Settings or input that cannot be used, or Kafka being away: [`exit_code`] tells them apart.
pub fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    match cli.command {
        Command::Topics(TopicsCommand::Ensure(args)) => run_ensure(&args),
        Command::Publish(args) => run_publish(&args),
        Command::Dlq(command) => command.run(),
    }
}

fn run_ensure(args: &EnsureArgs) -> anyhow::Result<ExitCode> {
    logs::init(&args.telemetry).map_err(bad_input)?;
    let kafka = args.kafka.check().map_err(bad_input)?.client_id("verdict-producer");
    let plan = plan(args.replication_factor, args.partitions);
    let outcomes = topics::ensure(&kafka, &plan, Duration::from_secs(args.timeout))
        .context("making sure of the topics")?;
    for outcome in &outcomes {
        output::note(format_args!("producer: {}", topic_line(outcome)));
    }
    let named = |wanted: fn(&TopicState) -> bool| {
        outcomes.iter().filter(|o| wanted(&o.state)).map(|o| o.name.as_str()).collect::<Vec<_>>()
    };
    let differ = named(|state| matches!(state, TopicState::Differs(_)));
    if args.json {
        let created = named(|state| matches!(state, TopicState::Created));
        let present = named(|state| matches!(state, TopicState::Present));
        output::line(json!({ "created": created, "present": present, "differ": differ }))?;
    }
    Ok(ExitCode::from(u8::from(!differ.is_empty())))
}

fn run_publish(args: &PublishArgs) -> anyhow::Result<ExitCode> {
    logs::init(&args.telemetry).map_err(bad_input)?;
    let kafka = args.kafka.check().map_err(bad_input)?.client_id("verdict-producer");
    let price = args.telemetry.price().map_err(bad_input)?;
    let settings = args.settings(unix_ms());
    let telemetry = start(Service::Producer, price)?;
    // Bulk work is not to fail for the sake of its metrics: another run may have the address.
    let _server = serve_pages(args.listen, telemetry.clone(), Pages::default())
        .inspect_err(|error| tracing::info!("no metrics for this run: {error}"))
        .ok();
    let shutdown = Shutdown::default();
    let ask = || {
        output::note("producer: ending after what is under way; once more ends at once");
        shutdown.request();
    };
    let mut progress = Progress::new(&telemetry, &settings.encoder);
    let (bootstrap, flag) = (kafka.bootstrap().to_owned(), shutdown.clone());
    // A second signal ends at once, for a source that does not come back from reading.
    let published = run_until_signal("publish", Grace::UntilSecondSignal, ask, move || {
        publish(&kafka, &settings, unix_ms, &flag, &mut progress)
    });
    let Some(summary) = published? else {
        return Ok(ExitCode::from(130));
    };
    let summary = summary?;
    telemetry.finish();
    output::note(format_args!("producer: {}", closing_line(&summary, &bootstrap)));
    if args.json {
        output::line(serde_json::to_string(&summary)?)?;
    }
    let all = summary.unreadable == 0 && summary.ended != Ended::SourceBroken;
    Ok(ExitCode::from(if all { 0 } else { 2 }))
}

#[expect(clippy::disallowed_methods, reason = "the one place of this crate that reads the clock")]
fn unix_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
