//! Dead letters, published again as reviews.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;
use verdict_kafka_io::{KafkaSettings, Outgoing};
use verdict_messages::{Position, dead_letter};
use verdict_service::Shutdown;
use verdict_telemetry::output;

use super::at::At;
use super::filter::Filter;
use super::letter::{self, Letter};
use super::read::{Part, Reader};
use super::repaired::Repaired;
use super::{DlqError, Step};
use crate::pace::Pace;
use crate::publish::Lane;
use crate::summary::Ended;

/// What to redrive.
#[derive(Debug, Clone)]
pub struct RedriveSettings {
    /// Topic of the dead letters.
    pub dead_letters: String,
    /// Topic of the reviews.
    pub reviews: Arc<str>,
    /// Which letters.
    pub filter: Filter,
    /// Bytes to publish instead of those of the letter: then only these letters are meant.
    pub repaired: Option<Repaired>,
    /// What was redriven so often is not redriven again.
    pub max_hops: u32,
    /// At most so many a second.
    pub rate: Option<f64>,
    /// Sends nothing, and prints what would be sent.
    pub dry_run: bool,
}

/// What was done. The numbers from `to_redrive` to `not_ours` add up to `selected`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Redriven {
    /// Letters that were asked for.
    pub selected: u64,
    /// Those of them that are to be sent.
    pub to_redrive: u64,
    /// Whose review was redriven before, or has another letter that is sent.
    pub already_redriven: u64,
    /// That were redriven as often as is allowed.
    pub at_max_hops: u64,
    /// Whose bytes the consumer had to leave out, and that nobody repaired.
    pub without_value: u64,
    /// That are no dead letters of this topic of reviews.
    pub not_ours: u64,
    /// Records confirmed by all replicas.
    pub redriven: u64,
    /// How it ended.
    pub ended: Ended,
}

/// Publishes the letters again, and returns when everything is confirmed. Blocks the thread.
///
/// # Errors
/// A letter that was asked for by its position is not there: then nothing is sent. Kafka is away,
/// or records stay unconfirmed: then some may be stored and some not, and the next run finds out.
pub fn redrive(
    reader: &Reader,
    reviews: &Reader,
    settings: &RedriveSettings,
    shutdown: &Shutdown,
) -> Result<Redriven, DlqError> {
    let positions = match &settings.repaired {
        Some(repaired) => repaired.keys().copied().collect(),
        None => settings.filter.positions(),
    };
    let mut plan = Plan::default();
    if settings.repaired.as_ref().is_some_and(BTreeMap::is_empty) {
        return Ok(plan.summary(0, Ended::Complete));
    }
    let part = reader.part(&settings.dead_letters, positions)?;
    reader.letters(&part, |letter| {
        if settings.filter.takes(&letter) {
            plan.choose(&letter, settings);
        }
        Ok(look(shutdown))
    })?;
    if !plan.chosen.is_empty() && !shutdown.is_requested() {
        let behind = plan.first_reviews(&settings.reviews);
        reviews.redriven(&settings.reviews, &behind, |review, _| plan.strike(&review))?;
    }
    let (redriven, ended) = match plan.chosen.is_empty() || shutdown.is_requested() {
        false => send(reader, &part, &plan, settings, shutdown)?,
        true if shutdown.is_requested() => (0, Ended::Stopped),
        true => (0, Ended::Complete),
    };
    Ok(plan.summary(redriven, ended))
}

fn look(shutdown: &Shutdown) -> ControlFlow<()> {
    if shutdown.is_requested() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}

/// Which letters are sent, and how many are not.
#[derive(Debug, Default)]
struct Plan {
    /// Partition and offset of the review that failed, and where its letter is. A review whose
    /// outcome was written twice has two letters, and is redriven once.
    chosen: BTreeMap<(i32, i64), At>,
    selected: u64,
    already_redriven: u64,
    at_max_hops: u64,
    without_value: u64,
    not_ours: u64,
}

impl Plan {
    fn choose(&mut self, letter: &Letter, settings: &RedriveSettings) {
        self.selected += 1;
        let (at, redrives) = (letter.at(), letter.redrives());
        let skipped = |why: &dyn fmt::Display| {
            output::note(format_args!("producer: {at} is not redriven: {why}"));
        };
        let Some(source) = letter.source.as_ref().filter(|s| s.topic == settings.reviews) else {
            skipped(&format_args!("it is no dead letter of topic {}", settings.reviews));
            self.not_ours += 1;
            return;
        };
        if redrives >= settings.max_hops {
            let max = settings.max_hops;
            skipped(&format_args!("it was redriven {redrives} times, at most {max} (--max-hops)"));
            self.at_max_hops += 1;
        } else if letter.is_without_value() && settings.repaired.is_none() {
            skipped(&"its bytes were too large for the topic and are not here (--value FILE)");
            self.without_value += 1;
        } else {
            match self.chosen.entry((source.partition, source.offset)) {
                Entry::Vacant(free) => drop(free.insert(at)),
                Entry::Occupied(_) => self.already_redriven += 1,
            }
        }
    }

    /// The first review of each partition whose letter is chosen.
    fn first_reviews(&self, topic: &Arc<str>) -> BTreeMap<i32, Position> {
        let mut first = BTreeMap::new();
        for (partition, offset) in self.chosen.keys() {
            let position = || Position::new(Arc::clone(topic), *partition, *offset);
            first.entry(*partition).or_insert_with(position);
        }
        first
    }

    /// A review that was redriven is not redriven again.
    fn strike(&mut self, review: &Position) {
        if self.chosen.remove(&(review.partition, review.offset)).is_some() {
            self.already_redriven += 1;
        }
    }

    fn summary(&self, redriven: u64, ended: Ended) -> Redriven {
        let Self { selected, already_redriven, at_max_hops, without_value, not_ours, .. } = *self;
        let to_redrive = u64::try_from(self.chosen.len()).unwrap_or(u64::MAX);
        Redriven {
            selected,
            to_redrive,
            already_redriven,
            at_max_hops,
            without_value,
            not_ours,
            redriven,
            ended,
        }
    }
}

/// Reads the letters once more and sends the chosen ones, so that memory holds none of them.
fn send(
    reader: &Reader,
    part: &Part,
    plan: &Plan,
    settings: &RedriveSettings,
    shutdown: &Shutdown,
) -> Result<(u64, Ended), DlqError> {
    let chosen: BTreeSet<At> = plan.chosen.values().copied().collect();
    let mut outbox = Outbox::open(&reader.kafka, settings)?;
    let mut ended = Ended::Complete;
    let mut one = |letter: Letter| -> Step {
        if !chosen.contains(&letter.at()) {
            return Ok(ControlFlow::Continue(()));
        }
        if shutdown.wait(outbox.wait()) {
            ended = Ended::Stopped;
            return Ok(ControlFlow::Break(()));
        }
        reader.bar.suspend(|| outbox.send(letter, settings))
    };
    reader.letters(part, &mut one)?;
    Ok((outbox.confirmed()?, ended))
}

/// Where letters go: to Kafka, or in a dry run onto the screen.
enum Outbox {
    Kafka(Lane, Option<Pace>),
    Screen,
}

impl Outbox {
    fn open(kafka: &KafkaSettings, settings: &RedriveSettings) -> Result<Self, DlqError> {
        if settings.dry_run {
            output::line(letter::head())?;
            return Ok(Self::Screen);
        }
        let pace = settings.rate.map(|rate| Pace::new(rate, Instant::now()));
        Ok(Self::Kafka(Lane::open(kafka, &settings.reviews)?, pace))
    }

    fn wait(&mut self) -> Duration {
        match self {
            Self::Kafka(_, Some(pace)) => pace.wait(Instant::now()),
            _ => Duration::ZERO,
        }
    }

    fn send(&self, letter: Letter, settings: &RedriveSettings) -> Step {
        match self {
            Self::Screen => return Ok(output::next_line(letter.row())?),
            Self::Kafka(lane, _) => {
                if let Some(review) = review(letter, settings) {
                    lane.send(&review)?;
                }
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn confirmed(&self) -> Result<u64, DlqError> {
        match self {
            Self::Screen => Ok(0),
            Self::Kafka(lane, _) => {
                lane.wait_delivered()?;
                Ok(lane.confirmed())
            }
        }
    }
}

/// The review that a letter becomes: in the partition of the one that failed, which is where the
/// next run looks for it. `None` for what is no dead letter.
fn review(letter: Letter, settings: &RedriveSettings) -> Option<Outgoing> {
    let (at, position, source) = (letter.at(), letter.record.position(), letter.source?);
    let repaired = settings.repaired.as_ref().and_then(|repaired| repaired.get(&at));
    Some(Outgoing {
        topic: Arc::clone(&settings.reviews),
        partition: Some(source.partition),
        key: letter.record.key,
        value: repaired.cloned().unwrap_or(letter.record.value),
        headers: dead_letter::redriven(letter.record.headers, &position, &source),
        // It is written now: what is asked for by time is what happened then.
        timestamp_ms: None,
    })
}
