//! Reads the topics again and proves that every review has exactly one outcome.

mod ledger;
mod report;

use std::{collections::BTreeMap, ops::ControlFlow, process::ExitCode, time::Duration};

use clap::Args;
use serde::Deserialize;
use verdict_kafka_io::{Failure, KafkaArgs, KafkaSettings, Record, committed, snapshot};
use verdict_messages::{OffsetRange, Position, dead_letter, json};
use verdict_service::{Shutdown, bad_input};
use verdict_telemetry::{TelemetryArgs, logs, output};

use self::{ledger::Ledger, report::Finding};
use crate::topics::TopicArgs;

pub use self::report::Report;

/// The flags of `consumer audit`.
#[derive(Debug, Clone, Args)]
pub struct AuditArgs {
    /// How to reach Kafka.
    #[command(flatten)]
    pub kafka: KafkaArgs,

    /// The topics.
    #[command(flatten)]
    pub topics: TopicArgs,

    /// Audit only reviews that this consumer group is done with; without it, all that are there
    #[arg(long, value_name = "NAME")]
    pub group: Option<String>,

    /// Positions to show of each kind
    #[arg(long, default_value_t = 5, value_name = "N")]
    pub first: usize,

    /// Accept duplicates: after a crash, an at-least-once consumer delivers some outcomes twice
    #[arg(long)]
    pub allow_duplicates: bool,

    /// Give up when nothing arrives for so long, in seconds
    #[arg(long, default_value_t = 30, value_name = "S")]
    pub patience_s: u64,

    /// Print one JSON object as the last line of standard output
    #[arg(long)]
    pub json: bool,

    /// Logs and metrics.
    #[command(flatten)]
    pub telemetry: TelemetryArgs,
}

/// `consumer audit`: prints the report; exit code 0 when every review has exactly one outcome, 1
/// when not.
///
/// # Errors
/// Settings that cannot be used, or Kafka being away.
pub fn command(args: &AuditArgs) -> anyhow::Result<ExitCode> {
    logs::init(&args.telemetry).map_err(bad_input)?;
    let problems = args.topics.problems();
    if !problems.is_empty() {
        return Err(bad_input(problems.join("; ")));
    }
    let kafka = args.kafka.check().map_err(bad_input)?.client_id("verdict-audit");
    let patience = Duration::from_secs(args.patience_s);
    let (group, stop) = (args.group.as_deref(), Shutdown::default());
    let report = audit(&kafka, &args.topics, group, patience, args.first, &stop)?;
    let report = report.unwrap_or_default();
    if args.json {
        output::line(report.json(args.allow_duplicates))?;
    } else {
        output::line(report.text(args.allow_duplicates))?;
    }
    Ok(ExitCode::from(u8::from(!report.ok(args.allow_duplicates))))
}

/// Reads the three topics, the reviews first, and compares; keeps the positions of the first `show`
/// findings of each kind. What is written after the audit began does not count. With a `group`,
/// only those reviews count that it is done with, so that none is missing because it waits. `None`
/// when `stop` is requested before the end.
///
/// # Errors
/// [`Failure::Retry`] when a topic is missing or no broker answers for `patience`;
/// [`Failure::Fatal`] when reading is not allowed.
pub fn audit(
    kafka: &KafkaSettings,
    topics: &TopicArgs,
    group: Option<&str>,
    patience: Duration,
    show: usize,
    stop: &Shutdown,
) -> Result<Option<Report>, Failure> {
    let read = |topic: &str, on_record: &mut dyn FnMut(Record)| {
        snapshot::read(kafka, topic, patience, |record, _| {
            on_record(record);
            if stop.is_requested() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
    };
    // Outcomes are confirmed before positions are committed: whatever is before these has its
    // outcome, if all is well.
    let ranges = match group {
        Some(group) => committed(kafka, group, &topics.reviews_topic, patience)?,
        None => snapshot::ends(kafka, &topics.reviews_topic, patience)?,
    };
    let mut ledger = Ledger::open(&ranges);
    let ranges = read(&topics.reviews_topic, &mut |record| {
        let is_redriven = dead_letter::redriven_review(&record.headers).is_some();
        ledger.review(record.partition, record.offset, is_redriven);
    })?;
    // Retention may have deleted the first of them since.
    for range in &ranges {
        ledger.begin_at(range.partition, range.from);
    }
    let is_of_reviews = |source: &Position| *source.topic == *topics.reviews_topic;
    // Records that are no outcomes of these reviews.
    let mut strange = Finding::default();
    let (mut verdicts, mut dead_letters) = (0, 0);
    let mut firsts = Firsts::default();
    let ranges = read(&topics.verdicts_topic, &mut |record| {
        verdicts += 1;
        match verdict_source(&record).filter(is_of_reviews) {
            Some(source) => {
                firsts.see(&record, &source);
                ledger.verdict(source.partition, source.offset);
            }
            None => strange.add(record.position(), show),
        }
    })?;
    firsts.begin(&ranges, &mut ledger);
    read(&topics.dead_letters_topic, &mut |record| {
        dead_letters += 1;
        match dead_letter::source(&record.headers).ok().filter(is_of_reviews) {
            Some(source) => ledger.dead_letter(source.partition, source.offset),
            None => strange.add(record.position(), show),
        }
    })?;
    if stop.is_requested() {
        return Ok(None);
    }
    let mut report = ledger.report(&topics.reviews_topic, show);
    (report.verdicts, report.dead_letters) = (verdicts, dead_letters);
    report.phantom.count += strange.count;
    report.phantom.first.extend(strange.first);
    report.phantom.first.truncate(show);
    Ok(Some(report))
}

/// The review of the first verdict in each partition.
///
/// Verdicts are deleted after a while, reviews are not. They stand in the partition of their review
/// and in its order, so where the log of a partition has lost its begin, reviews before that of its
/// first verdict can no longer be judged. Dead letters are few and are kept longer.
#[derive(Debug, Default)]
struct Firsts(BTreeMap<i32, i64>);

impl Firsts {
    fn see(&mut self, verdict: &Record, source: &Position) {
        if verdict.partition == source.partition {
            self.0.entry(source.partition).or_insert(source.offset);
        }
    }

    fn begin(&self, verdicts: &[OffsetRange], ledger: &mut Ledger) {
        for range in verdicts.iter().filter(|range| range.from > 0) {
            let first = self.0.get(&range.partition).copied();
            ledger.begin_at(range.partition, first.unwrap_or(i64::MAX));
        }
    }
}

/// The position in a verdict, without the rest of it.
fn verdict_source(record: &Record) -> Option<Position> {
    #[derive(Deserialize)]
    struct OnlySource {
        source: Position,
    }
    let verdict: OnlySource = json::from_slice(record.value.as_deref()?).ok()?;
    Some(verdict.source)
}
