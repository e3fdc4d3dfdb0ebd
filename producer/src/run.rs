//! One run of the command: settings in, work done, a closing line, an exit code.

use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context;
use serde_json::json;
use verdict_kafka_io::topics::TopicState;
use verdict_service::{Pages, serve_pages};
use verdict_telemetry::{Service, Telemetry, TelemetryError, logs, output};

use crate::publish::{Ended, PublishError, publish};
use crate::report::{Watch, closing_line, topic_line};
use crate::settings::{Cli, Command, EnsureArgs, PublishArgs, TopicsCommand};
use crate::stop::Stop;
use crate::topics::ensure;

/// What an error exits with: 2 for what the user can put right in the command or its input, 70 for the rest.
pub fn exit_code(error: &anyhow::Error) -> ExitCode {
    match error.downcast_ref() {
        Some(PublishError::Source(_)) => ExitCode::from(2),
        _ if error.is::<BadUsage>() => ExitCode::from(2),
        _ => ExitCode::from(70),
    }
}

/// A setting that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct BadUsage(String);

/// Does what was asked for.
///
/// # Errors
/// Settings or input that cannot be used, or Kafka being away: [`exit_code`] tells them apart.
pub fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    match cli.command {
        Command::Topics(TopicsCommand::Ensure(args)) => run_ensure(&args),
        Command::Publish(args) => run_publish(&args),
    }
}

fn run_ensure(args: &EnsureArgs) -> anyhow::Result<ExitCode> {
    logs::init(&args.telemetry).map_err(bad_usage)?;
    let kafka = args.kafka.check().map_err(bad_usage)?.client_id("verdict-producer");
    let outcomes =
        ensure(&kafka, args.layout(), args.timeout()).context("making sure of the topics")?;
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
    logs::init(&args.telemetry).map_err(bad_usage)?;
    let kafka = args.kafka.check().map_err(bad_usage)?.client_id("verdict-producer");
    let price = args.telemetry.price().map_err(BadUsage)?;
    let settings = args.settings(unix_ms());
    let telemetry = Telemetry::start(Service::Producer, price).map_err(|error| match error {
        error @ TelemetryError::Setting(_) => bad_usage(error).into(),
        error => anyhow::Error::from(error),
    })?;
    // Bulk work is not to fail for the sake of its metrics: another run may have the address.
    let _server = serve_pages(args.listen, telemetry.clone(), Pages::default())
        .inspect_err(|error| tracing::info!("no metrics for this run: {error}"))
        .ok();
    let stop = Stop::default();
    stop_on_signals(stop.clone())?;
    let encoder = &settings.encoder;
    let mut watch = Watch::new(&telemetry, &encoder.reviews, encoder.labels.as_deref());
    let summary = publish(&kafka, &settings, unix_ms, &stop, &mut watch)?;
    watch.finish(&summary);
    telemetry.finish();
    output::note(format_args!("producer: {}", closing_line(&summary, kafka.bootstrap())));
    if args.json {
        output::line(serde_json::to_string(&summary)?)?;
    }
    let all = summary.unreadable == 0 && summary.ended != Ended::SourceBroken;
    Ok(ExitCode::from(if all { 0 } else { 2 }))
}

fn bad_usage(error: impl std::fmt::Display) -> BadUsage {
    BadUsage(error.to_string())
}

#[expect(clippy::disallowed_methods, reason = "the one place of this crate that reads the clock")]
fn unix_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// The first Ctrl-C or SIGTERM asks to end after what is under way; a second one ends at once, for a source that does
/// not come back from reading.
fn stop_on_signals(stop: Stop) -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let (mut interrupt, mut terminate) = {
        let _context = runtime.enter();
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?)
    };
    std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
        runtime.block_on(async {
            let mut asked = false;
            loop {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
                if std::mem::replace(&mut asked, true) {
                    std::process::exit(130);
                }
                output::note("producer: ending after what is under way; once more ends at once");
                stop.ask();
            }
        });
    })?;
    Ok(())
}
