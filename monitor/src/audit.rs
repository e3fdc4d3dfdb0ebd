//! `consumer audit`: reads the topics again and proves that every review has exactly one outcome.

mod ledger;
pub mod settings;

use std::{collections::BTreeMap, ops::ControlFlow, process::ExitCode, time::Duration};

use serde::Deserialize;
use verdict_kafka_io::{Failure, KafkaSettings, Record, committed, snapshot};
use verdict_messages::{OffsetRange, Position, dead_letter, json};
use verdict_service::{Shutdown, bad_input};
use verdict_telemetry::{logs, output};

pub use self::ledger::Ledger;
use self::settings::AuditArgs;
use crate::topics::TopicArgs;

/// What an audit found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Reviews that were there when the audit began and whose outcomes have not been deleted.
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
    /// The same, with the judgement on it.
    fn judged(mut self, allow_duplicates: bool) -> Self {
        self.ok = self
            .findings()
            .iter()
            .all(|(name, found)| found.count == 0 || (allow_duplicates && *name == "duplicated"));
        self
    }

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
        let Self { missing, duplicated, both, phantom, .. } = self;
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
    let nobody = Shutdown::default();
    let report = audit_of(kafka, topics, None, patience, show, &nobody)?;
    Ok(report.unwrap_or_default().judged(allow_duplicates))
}

/// The same for those reviews only that `group` is done with, so that none is missing because it waits. Duplicates are told and
/// are no fault. Ends early, and without a report, when `stop` is requested.
///
/// # Errors
/// Those of [`audit`].
pub fn audit_of(
    kafka: &KafkaSettings,
    topics: &TopicArgs,
    group: Option<&str>,
    patience: Duration,
    show: usize,
    stop: &Shutdown,
) -> Result<Option<Report>, Failure> {
    let go_on = || {
        if stop.is_requested() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    // Outcomes are confirmed before positions are committed: whatever is before these has its outcome, if all is well.
    let ranges = match group {
        Some(group) => committed(kafka, group, &topics.reviews_topic, patience)?,
        None => snapshot::ends(kafka, &topics.reviews_topic, patience)?,
    };
    let mut ledger = Ledger::open(&ranges);
    let read = snapshot::read(kafka, &topics.reviews_topic, patience, |record, _| {
        ledger.review(record.partition, record.offset);
        go_on()
    })?;
    // Retention may have deleted the first of them since.
    for range in &read {
        ledger.begin_at(range.partition, range.from);
    }
    let mut strange = Finding::default();
    let (mut verdicts, mut dead_letters) = (0, 0);
    let mut firsts = Firsts::default();
    let read = snapshot::read(kafka, &topics.verdicts_topic, patience, |record, _| {
        verdicts += 1;
        match verdict_source(&record) {
            Some(source) if *source.topic == *topics.reviews_topic => {
                firsts.see(&record, &source);
                ledger.verdict(source.partition, source.offset);
            }
            _ => strange.add(record.position(), show),
        }
        go_on()
    })?;
    firsts.begin(&read, &mut ledger);
    snapshot::read(kafka, &topics.dead_letters_topic, patience, |record, _| {
        dead_letters += 1;
        match dead_letter::source(&record.headers) {
            Ok(source) if *source.topic == *topics.reviews_topic => {
                ledger.dead_letter(source.partition, source.offset);
            }
            _ => strange.add(record.position(), show),
        }
        go_on()
    })?;
    if stop.is_requested() {
        return Ok(None);
    }
    let mut report = ledger.report(&topics.reviews_topic, show);
    report.verdicts = verdicts;
    report.dead_letters = dead_letters;
    report.phantom.count += strange.count;
    report.phantom.first.extend(strange.first);
    report.phantom.first.truncate(show);
    Ok(Some(report.judged(true)))
}

/// The review of the first verdict in each partition.
///
/// Verdicts are deleted after a while, reviews are not. They stand in the partition of their review and in its order, so where
/// the log of a partition has lost its begin, reviews before that of its first verdict can no longer be judged. Dead letters are
/// few and are kept longer.
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

/// `consumer audit`: prints the report; exit code 0 when every review has exactly one outcome, 1 when not.
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
    let report = audit_of(
        &kafka,
        &args.topics,
        args.group.as_deref(),
        patience,
        args.first,
        &Shutdown::default(),
    )?;
    let report = report.unwrap_or_default().judged(args.allow_duplicates);
    if args.json {
        output::line(report.json())?;
    } else {
        output::line(text(&report).trim_end())?;
    }
    Ok(ExitCode::from(u8::from(!report.ok)))
}

/// The report for people.
fn text(report: &Report) -> String {
    let head = format!(
        "{} reviews, {} verdicts, {} dead letters\n",
        report.reviews, report.verdicts, report.dead_letters
    );
    let lines = report.findings().map(|(name, finding)| match finding.first.as_slice() {
        [] => format!("{name:<10} {}\n", finding.count),
        first => format!("{name:<10} {}: {}\n", finding.count, first.join(" ")),
    });
    let verdict = if report.ok { "ok\n" } else { "NOT ok\n" };
    head + &lines.concat() + verdict
}
