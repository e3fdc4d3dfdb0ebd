//! `consumer monitor`: reads what the consumers wrote, beside them, and tells how right it was and whether all of it is there.
//!
//! - [`join`] pairs verdicts with labels by the id of the review, in bounded memory; [`tally`] counts how right each model
//!   version was. Both are pure, and what they tell does not depend on the order of the records.
//! - [`run`] follows the two topics and tells as it goes; [`once`] reads up to the present ends.
//! - [`auditor`] repeats the audit of the reviews that the group is done with.
//!
//! Scoring does not wait for any of it: the monitor is a process of its own that only reads (docs/decisions/0016).

pub mod audit;
pub mod auditor;
mod bounded;
mod exact;
pub mod join;
pub mod once;
pub mod report;
pub mod run;
pub mod settings;
pub mod tally;
pub mod topics;

use std::process::ExitCode;

use verdict_kafka_io::Record;
use verdict_service::{Pages, Shutdown, bad_input, serve, start};
use verdict_telemetry::{Service, logs, output};

use self::{
    join::{Join, Labelled, Place, Scored},
    report::Report,
    settings::MonitorArgs,
};

/// A join fed with records, and how many there were.
#[derive(Debug)]
pub struct Monitor {
    join: Join,
    verdicts: u64,
    labels: u64,
    unreadable: u64,
}

impl Monitor {
    /// A monitor that remembers `remember` records of each kind.
    #[must_use]
    pub fn new(remember: usize) -> Self {
        Self { join: Join::new(remember), verdicts: 0, labels: 0, unreadable: 0 }
    }

    /// Takes a record of the topic of verdicts.
    pub fn verdict(&mut self, record: &Record) {
        #[derive(serde::Deserialize)]
        struct Needed<'a> {
            #[serde(borrow)]
            id: std::borrow::Cow<'a, str>,
            probability: f64,
            #[serde(borrow)]
            model: Model<'a>,
            source: verdict_messages::Position,
        }
        #[derive(serde::Deserialize)]
        struct Model<'a> {
            #[serde(borrow)]
            version: std::borrow::Cow<'a, str>,
        }
        self.verdicts += 1;
        let value = record.value.as_deref().unwrap_or_default();
        match verdict_messages::json::from_slice::<Needed<'_>>(value) {
            Ok(verdict) if (0.0..=1.0).contains(&verdict.probability) => {
                self.join.verdict(&Scored {
                    id: &verdict.id,
                    version: &verdict.model.version,
                    probability: verdict.probability,
                    source: Place {
                        partition: verdict.source.partition,
                        offset: verdict.source.offset,
                    },
                    written_ms: record.timestamp_ms.unwrap_or(0),
                });
            }
            _ => self.unreadable += 1,
        }
    }

    /// Takes a record of the topic of labels.
    pub fn label(&mut self, record: &Record) {
        self.labels += 1;
        let place = Place { partition: record.partition, offset: record.offset };
        let Some(value) = record.value.as_deref() else {
            // The tombstone of a key takes the label of that id back.
            match record.key.as_deref().map(std::str::from_utf8) {
                Some(Ok(id)) => self.join.label(&Labelled { id, is_positive: None, place }),
                _ => self.unreadable += 1,
            }
            return;
        };
        match verdict_messages::Label::decode(value) {
            Ok(label) => self.join.label(&Labelled {
                id: &label.review_id,
                is_positive: Some(label.label == verdict_messages::Sentiment::Positive),
                place,
            }),
            Err(_) => self.unreadable += 1,
        }
    }

    /// What there is to tell now.
    #[must_use]
    pub fn report(&self) -> Report {
        Report::of(&self.join, self.verdicts, self.labels, self.unreadable)
    }
}

/// `consumer monitor`: tells until SIGINT or SIGTERM; with `--once`, prints what there is and ends.
///
/// # Errors
/// Settings that cannot be used, an address that is taken, or Kafka being away when it is to read once.
pub fn command(args: &MonitorArgs) -> anyhow::Result<ExitCode> {
    logs::init(&args.telemetry).map_err(bad_input)?;
    let settings = args.check().map_err(bad_input)?;
    if args.once {
        let report = once::read(&settings)?.report();
        if args.json {
            output::line(report.json())?;
        } else {
            output::line(report.text().trim_end())?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let telemetry = start(Service::Monitor, settings.price)?;
    let shutdown = Shutdown::default();
    let (told, flag) = (telemetry.clone(), shutdown.clone());
    serve(
        settings.listen,
        &telemetry,
        &Pages::default(),
        &shutdown,
        "monitor",
        &run::CHECKS,
        move || run::run(&settings, &told, &flag),
    )
}
