//! `consumer audit`: reads the topics again and proves that every review has exactly one outcome.

mod ledger;

use std::{ops::ControlFlow, process::ExitCode, time::Duration};

use serde::Deserialize;
use verdict_kafka_io::{Failure, KafkaSettings, Record, snapshot};
use verdict_messages::{Position, dead_letter};
use verdict_telemetry::logs;

pub use self::ledger::Ledger;
use crate::{
    service::{BadInput, bad_input},
    settings::{AuditArgs, TopicArgs},
};

/// What an audit found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Reviews that were there when the audit began.
    pub reviews: u64,
    /// Verdicts read, of these reviews or not.
    pub verdicts: u64,
    /// Dead letters read, of these reviews or not.
    pub dead_letters: u64,
    /// Reviews without any outcome.
    pub missing: Finding,
    /// Reviews with more than one verdict, or more than one dead letter.
    pub duplicated: Finding,
    /// Reviews with a verdict and a dead letter.
    pub both: Finding,
    /// Outcomes of reviews that do not exist, and records in the topics of outcomes that are none.
    pub phantom: Finding,
    /// Whether all four are 0, or all but duplicates where these are accepted.
    pub ok: bool,
}

/// How many there are of one kind, and where the first of them are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Finding {
    /// How many.
    pub count: u64,
    /// The first of them, as `topic-partition-offset` of the review (of the record itself where it names none).
    pub first: Vec<String>,
}

impl Report {
    /// The four findings with their names, in the order in which they are told.
    fn findings(&self) -> [(&'static str, &Finding); 4] {
        [
            ("missing", &self.missing),
            ("duplicated", &self.duplicated),
            ("both", &self.both),
            ("phantom", &self.phantom),
        ]
    }

    /// The report as one JSON object: the numbers side by side, and the positions of each finding under `first`.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        let Self {
            missing,
            duplicated,
            both,
            phantom,
            ..
        } = self;
        serde_json::json!({
            "reviews": self.reviews,
            "verdicts": self.verdicts,
            "dead_letters": self.dead_letters,
            "missing": missing.count,
            "duplicated": duplicated.count,
            "both": both.count,
            "phantom": phantom.count,
            "first": {
                "missing": missing.first,
                "duplicated": duplicated.first,
                "both": both.first,
                "phantom": phantom.first,
            },
            "ok": self.ok,
        })
    }
}

impl Finding {
    fn add(&mut self, position: impl ToString, show: usize) {
        self.count += 1;
        if self.first.len() < show {
            self.first.push(position.to_string());
        }
    }
}

/// Reads the three topics, the reviews first, and compares. What is written after the audit began does not count.
///
/// # Errors
/// [`Failure::Retry`] when a topic is missing or no broker answers for `patience`; [`Failure::Fatal`] when reading is
/// not allowed.
pub fn audit(
    kafka: &KafkaSettings,
    topics: &TopicArgs,
    patience: Duration,
    show: usize,
    allow_duplicates: bool,
) -> Result<Report, Failure> {
    let mut ledger = Ledger::default();
    let mut present = Vec::new();
    let ranges = snapshot::read(kafka, &topics.reviews_topic, patience, |record, _| {
        present.push((record.partition, record.offset));
        ControlFlow::Continue(())
    })?;
    ledger.open(&ranges, &present);
    drop(present);
    let mut strange = Finding::default();
    let (mut verdicts, mut dead_letters) = (0, 0);
    snapshot::read(kafka, &topics.verdicts_topic, patience, |record, _| {
        verdicts += 1;
        match verdict_source(&record) {
            Some(source) if *source.topic == *topics.reviews_topic => {
                ledger.verdict(source.partition, source.offset)
            }
            _ => strange.add(record.position(), show),
        }
        ControlFlow::Continue(())
    })?;
    snapshot::read(kafka, &topics.dead_letters_topic, patience, |record, _| {
        dead_letters += 1;
        match dead_letter::source(&record.headers) {
            Ok(source) if *source.topic == *topics.reviews_topic => {
                ledger.dead_letter(source.partition, source.offset)
            }
            _ => strange.add(record.position(), show),
        }
        ControlFlow::Continue(())
    })?;
    let mut report = ledger.report(&topics.reviews_topic, show);
    report.verdicts = verdicts;
    report.dead_letters = dead_letters;
    report.phantom.count += strange.count;
    report.phantom.first.extend(strange.first);
    report.phantom.first.truncate(show);
    report.ok = report
        .findings()
        .iter()
        .all(|(name, found)| found.count == 0 || (allow_duplicates && *name == "duplicated"));
    Ok(report)
}

/// The position in a verdict, without the rest of it.
fn verdict_source(record: &Record) -> Option<Position> {
    #[derive(Deserialize)]
    struct OnlySource {
        source: Position,
    }
    let verdict: OnlySource = serde_json::from_slice(record.value.as_deref()?).ok()?;
    Some(verdict.source)
}

/// `consumer audit`: prints the report; exit code 0 when every review has exactly one outcome, 1 when not.
///
/// # Errors
/// Settings that cannot be used, or Kafka being away.
#[expect(
    clippy::print_stdout,
    reason = "the report is the result of this command"
)]
pub fn command(args: &AuditArgs) -> anyhow::Result<ExitCode> {
    logs::init(&args.telemetry).map_err(bad_input)?;
    let problems = args.topics.problems();
    if !problems.is_empty() {
        return Err(BadInput(problems.join("; ")).into());
    }
    let kafka = args
        .kafka
        .check()
        .map_err(bad_input)?
        .client_id("verdict-audit");
    let patience = Duration::from_secs(args.patience_s);
    let report = audit(
        &kafka,
        &args.topics,
        patience,
        args.first,
        args.allow_duplicates,
    )?;
    if args.json {
        println!("{}", report.json());
    } else {
        print!("{}", text(&report));
    }
    Ok(ExitCode::from(u8::from(!report.ok)))
}

/// The report for people.
fn text(report: &Report) -> String {
    let head = format!(
        "{} reviews, {} verdicts, {} dead letters\n",
        report.reviews, report.verdicts, report.dead_letters
    );
    let lines = report
        .findings()
        .map(|(name, finding)| match finding.first.as_slice() {
            [] => format!("{name:<10} {}\n", finding.count),
            first => format!("{name:<10} {}: {}\n", finding.count, first.join(" ")),
        });
    let verdict = if report.ok { "ok\n" } else { "NOT ok\n" };
    head + &lines.concat() + verdict
}
