//! What happened to a review, in order, as the records of the topics tell it. Pure: records and the
//! time are arguments.

use schemars::JsonSchema;
use serde::Serialize;
use verdict_kafka_io::Record;
use verdict_messages::{
    Label, ModelPointer, ModelRef, OffsetRange, Position, Problem, Sentiment, TrainedFrom, Verdict,
    dead_letter, headers, time,
};

use crate::{
    publish::SOURCE,
    stored::{Fate, Records},
};

/// What happened to a review, in order.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Timeline {
    /// Id of the review.
    pub(crate) review_id: String,
    /// Whether its outcome stands: a verdict, or a dead letter.
    pub(crate) is_decided: bool,
    /// What happened. What did not happen has no event; what did at an unknown time has one.
    pub(crate) events: Vec<Event>,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum What {
    /// The web server had the whole request.
    Received,
    /// The review was written to the log.
    Published,
    /// A consumer read the first review of its batch.
    Read,
    /// Its batch was read, and scoring it began.
    Scored,
    /// It could not be scored.
    Rejected,
    /// Its outcome stands, and so does the consumer's position behind it.
    Committed,
    /// The reply was written.
    Replied,
    /// Somebody said what it is.
    Labelled,
    /// Its label was taken back.
    Unlabelled,
    /// A model had it among its labelled reviews, of which some are held out to measure it.
    Trained,
}

/// Something that happened to a review.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "TimelineEvent")]
pub(crate) struct Event {
    pub(crate) event: What,
    /// When, RFC 3339 in UTC with milliseconds, by the clock of whoever did it; null where that is
    /// not known.
    pub(crate) at: Option<String>,
    /// Milliseconds since the last event before it whose time is known. Below 0 only where clocks
    /// differ.
    pub(crate) since_previous_ms: Option<i64>,
    /// Why `at` is null.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) why: Option<&'static str>,
    /// It happened at this time or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) not_before: Option<String>,
    /// It happened at this time or earlier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) not_after: Option<String>,
    /// The record that was written: of the review, its outcome, its reply or its label.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) position: Option<Position>,
    /// The model that scored it, or that was trained.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) model: Option<ModelRef<'static>>,
    /// What it was found, said or learned to be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) label: Option<Sentiment>,
    /// The probability that it is positive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) probability: Option<f64>,
    /// Who labelled it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) source: Option<String>,
    /// Why it could not be scored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) problem: Option<Problem>,
    #[serde(skip)]
    unix_ms: Option<i64>,
}

impl Event {
    fn new(event: What, unix_ms: Option<i64>) -> Self {
        Self {
            event,
            at: unix_ms.map(time::rfc3339),
            since_previous_ms: None,
            why: None,
            not_before: None,
            not_after: None,
            position: None,
            model: None,
            label: None,
            probability: None,
            source: None,
            problem: None,
            unix_ms,
        }
    }

    fn unknown(event: What, why: &'static str) -> Self {
        Self { why: Some(why), ..Self::new(event, None) }
    }

    /// That a record was written: when, and where.
    fn written(event: What, record: &Record) -> Self {
        Self { position: Some(record.position()), ..Self::new(event, record.timestamp_ms) }
    }
}

/// The timeline of a review of which this was found at `now_unix_ms` (milliseconds since 1970).
pub(crate) fn timeline(id: &str, found: &Records, now_unix_ms: i64) -> Timeline {
    let decided = outcome(&found.fate);
    let is_decided = decided.is_some();
    let mut events = Vec::new();
    let mut review = found.review.as_ref().map(Record::position);
    if let Some(record) = &found.review {
        events.extend(received(record));
        events.push(Event::written(What::Published, record));
    }
    if let Some(Decided { source, events: of_outcome, written }) = decided {
        if review.is_none() {
            let kept = Event::unknown(What::Published, "the review is not kept, or elsewhere");
            events.push(Event { position: source.clone(), ..kept });
            review = source;
        }
        events.extend(of_outcome);
        let replied = match &found.reply {
            Ok(reply) => reply.as_ref().map(|reply| Event::written(What::Replied, reply)),
            Err(why) => Some(Event::unknown(What::Replied, why)),
        };
        let not_after = replied.as_ref().and_then(|replied| replied.unix_ms);
        let open =
            "Kafka keeps no readable time of it: after the outcome was written, before the reply";
        events.push(Event {
            not_before: written.unix_ms.map(time::rfc3339),
            not_after: Some(time::rfc3339(not_after.unwrap_or(now_unix_ms))),
            position: written.position,
            ..Event::unknown(What::Committed, open)
        });
        events.extend(replied);
    }
    match &found.labels {
        Ok(labels) => {
            labels.iter().filter_map(labelled).for_each(|event| insert(&mut events, event));
            match (&found.pointers, review) {
                (Err(why), _) => events.push(Event::unknown(What::Trained, why)),
                (Ok(pointers), Some(review)) => {
                    let trained = trained(pointers, &review, labels);
                    trained.into_iter().for_each(|event| insert(&mut events, event));
                }
                (Ok(_), None) => {}
            }
        }
        Err(why) => events.push(Event::unknown(What::Labelled, why)),
    }
    let mut previous = None;
    for event in &mut events {
        event.since_previous_ms = event.unix_ms.zip(previous).map(|(at, before)| at - before);
        previous = event.unix_ms.or(previous);
    }
    Timeline { review_id: id.to_owned(), is_decided, events }
}

/// What a review became.
struct Decided {
    source: Option<Position>,
    events: Vec<Event>,
    written: Event,
}

fn outcome(fate: &Fate) -> Option<Decided> {
    match fate {
        Fate::Verdict(record) => {
            let verdict = Verdict::decode(record.value.as_deref()?).ok()?;
            let read = match verdict.read_at.as_deref().and_then(time::unix_ms) {
                Some(read) => Event::new(What::Read, Some(read)),
                None => Event::unknown(What::Read, "its verdict does not say it"),
            };
            let scored = Event {
                model: Some(model(
                    &verdict.model.name,
                    &verdict.model.version,
                    &verdict.model.sha256,
                )),
                label: Some(verdict.label),
                probability: Some(verdict.probability),
                ..Event::new(What::Scored, time::unix_ms(&verdict.scored_at))
            };
            let written = Event::written(What::Committed, record);
            let source = Some(verdict.source.clone());
            Some(Decided { source, events: vec![read, scored], written })
        }
        Fate::DeadLetter(record) => {
            let rejection = dead_letter::reason(&record.headers).ok()?;
            let failed = dead_letter::unix_ms(&record.headers);
            let rejected = Event {
                why: failed.is_none().then_some("its dead letter does not say it"),
                problem: Some(Problem::from(&rejection)),
                ..Event::new(What::Rejected, failed)
            };
            // The time of the letter is that of its review.
            let written = Event { unix_ms: failed, ..Event::written(What::Committed, record) };
            let source = dead_letter::source(&record.headers).ok();
            Some(Decided { source, events: vec![rejected], written })
        }
        Fate::Pending | Fate::Searching | Fate::Unknown | Fate::Gone => None,
    }
}

/// When the web server received the review, if it came by one.
fn received(review: &Record) -> Option<Event> {
    let is_ours = review.headers.text(headers::CE_SOURCE) == Some(SOURCE);
    let at = is_ours.then(|| time::unix_ms(review.headers.text(headers::CE_TIME)?))??;
    Some(Event::new(What::Received, Some(at)))
}

fn labelled(record: &Record) -> Option<Event> {
    let Some(json) = &record.value else {
        return Some(Event::written(What::Unlabelled, record));
    };
    let label = Label::decode(json).ok()?;
    let (label, source) = (Some(label.label), Some(label.source.into_owned()));
    Some(Event { label, source, ..Event::written(What::Labelled, record) })
}

/// The first and the newest model that had the review among its labelled ones.
fn trained(pointers: &[Record], review: &Position, labels: &[Record]) -> Vec<Event> {
    let had = |record: &Record| {
        let pointer = ModelPointer::decode(record.value.as_deref()?).ok()?;
        let TrainedFrom::Log { ranges } = &pointer.trained_from else { return None };
        if !holds(ranges, review) {
            return None;
        }
        let mut last_first = labels.iter().rev();
        let last = last_first.find(|label| holds(ranges, &label.position()))?;
        let label = Label::decode(last.value.as_deref()?).ok()?.label;
        Some(Event {
            model: Some(model(&pointer.name, &pointer.version, &pointer.sha256)),
            label: Some(label),
            ..Event::new(What::Trained, time::unix_ms(&pointer.trained_at))
        })
    };
    let mut events: Vec<_> = pointers.iter().filter_map(had).collect();
    events.sort_by_key(|event| event.unix_ms);
    let newest = events.pop();
    events.truncate(1);
    // To go back to a version is to announce it again.
    events.retain(|first| newest.as_ref().is_some_and(|newest| newest.model != first.model));
    events.extend(newest);
    events
}

fn holds(ranges: &[OffsetRange], position: &Position) -> bool {
    ranges.iter().any(|range| {
        range.topic == *position.topic
            && range.partition == position.partition
            && (range.from..range.to).contains(&position.offset)
    })
}

fn model(name: &str, version: &str, sha256: &str) -> ModelRef<'static> {
    let owned = |text: &str| text.to_owned().into();
    ModelRef { name: owned(name), version: owned(version), sha256: owned(sha256) }
}

/// Puts an event that others do not depend on where its time has it.
fn insert(events: &mut Vec<Event>, event: Event) {
    let later = |other: &Event| other.unix_ms.zip(event.unix_ms).is_some_and(|(a, b)| a > b);
    let place = events.iter().position(later).unwrap_or(events.len());
    events.insert(place, event);
}

#[cfg(test)]
mod tests;
