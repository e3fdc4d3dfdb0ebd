//! Scoring one record: from bytes to an ending, as a value. Pure: the model and the time are arguments.

use std::{borrow::Cow, time::Duration, time::Instant};

use verdict_kafka_io::{Outgoing, Record};
use verdict_messages::{
    ErrorKind, ModelRef, Position, Problem, Rejection, ReplyAddress, Review, Sentiment,
    TermContribution, Verdict,
    cloudevents::{self, Event, EventType},
    dead_letter, reply, time,
};
use verdict_sentiment::{Label, Model, Scratch};

use crate::{
    observe::{Observation, Plan},
    settings::scoring::{Explain, ScoreSettings},
};

/// `ce_source` of everything the consumer writes.
const SOURCE: &str = "/verdict/consumer";

/// How a record ended. Every record has exactly one ending.
#[derive(Debug, Clone, PartialEq)]
pub struct Ending {
    /// A verdict or a dead letter.
    pub outcome: Outcome,
    /// The record that says so, for the partition of the same number as its review's.
    pub output: Outgoing,
    /// What the requester is told, if there is one.
    pub reply: Reply,
    /// How long decoding and scoring took, without the shadow model.
    pub took: Duration,
    /// What was seen of the review; `None` for a dead letter.
    pub observation: Option<Observation>,
}

/// The two endings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The review was scored.
    Verdict(Sentiment),
    /// The record could not be scored.
    DeadLetter(ErrorKind),
}

/// What a requester is told.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// Nobody asked.
    NotAsked,
    /// The requester has stopped waiting.
    Expired,
    /// The answer, to be sent after the commit.
    Answer(Box<Outgoing>),
}

/// What all records of one batch share: a model never changes inside a batch.
#[derive(Debug)]
pub struct Scorer<'a> {
    model: &'a Model,
    settings: &'a ScoreSettings,
    verdicts_topic: std::sync::Arc<str>,
    dead_letters_topic: std::sync::Arc<str>,
    now_unix_ms: i64,
    scored_at: String,
    plan: Plan<'a>,
}

impl<'a> Scorer<'a> {
    /// A scorer for one batch at `now_unix_ms` (milliseconds since 1970).
    pub fn new(
        model: &'a Model,
        settings: &'a ScoreSettings,
        verdicts_topic: impl Into<std::sync::Arc<str>>,
        dead_letters_topic: impl Into<std::sync::Arc<str>>,
        now_unix_ms: i64,
    ) -> Self {
        let (verdicts_topic, dead_letters_topic) =
            (verdicts_topic.into(), dead_letters_topic.into());
        let scored_at = time::rfc3339(now_unix_ms);
        Self {
            model,
            settings,
            verdicts_topic,
            dead_letters_topic,
            now_unix_ms,
            scored_at,
            plan: Plan::default(),
        }
    }

    /// Looks at the reviews of the batch as `plan` says; without it, at none closely and by one model only.
    #[must_use]
    pub fn observing(self, plan: Plan<'a>) -> Self {
        Self { plan, ..self }
    }

    /// The ending of one record. Total: any bytes give a verdict or a dead letter.
    pub fn score_record(&self, scratch: &mut Scratch, record: &Record) -> Ending {
        let started = Instant::now();
        let position = record.position();
        let (mut ending, shadow_took) =
            match ReplyAddress::from_headers(&record.headers, &self.settings.reply_topics) {
                // Where not to answer is part of what was wrong, so nobody is told.
                Err(rejection) => (self.dead_letter(record, &position, None, &rejection), None),
                Ok(address) => match self.verdict(scratch, record, &position, address.as_ref()) {
                    Ok(ending) => ending,
                    Err(rejection) => {
                        let address = address.as_ref();
                        (self.dead_letter(record, &position, address, &rejection), None)
                    }
                },
            };
        ending.took = started.elapsed().saturating_sub(shadow_took.unwrap_or_default());
        ending
    }

    /// The ending of a record that broke the scorer.
    pub(crate) fn internal(&self, record: &Record, detail: &str) -> Ending {
        let rejection = Rejection::new(ErrorKind::Internal, detail);
        let address =
            ReplyAddress::from_headers(&record.headers, &self.settings.reply_topics).ok().flatten();
        self.dead_letter(record, &record.position(), address.as_ref(), &rejection)
    }

    fn verdict(
        &self,
        scratch: &mut Scratch,
        record: &Record,
        position: &Position,
        address: Option<&ReplyAddress>,
    ) -> Result<(Ending, Option<Duration>), Rejection> {
        let review = Review::from_record(
            record.value.as_deref(),
            &record.headers,
            self.settings.max_review_bytes,
        )?;
        let is_awaited = address.is_some_and(|address| !address.is_late(self.now_unix_ms));
        let explains_reply = is_awaited && self.settings.explain != Explain::Never;
        let explains_verdict = self.settings.explain == Explain::Always;
        let mut verdict = if explains_reply || explains_verdict {
            self.explained(scratch, &review, position)
        } else {
            self.plain(scratch, &review, position)
        };
        let mut observation = Observation {
            probability: verdict.probability,
            seen: scratch.seen(),
            columns: self.plan.columns(position, scratch),
            shadow: None,
        };
        let key = verdict.id.as_bytes().to_vec();
        let answer = match address {
            Some(address) if is_awaited => {
                let value = verdict.encode()?;
                Some(self.answer(
                    address,
                    record,
                    position,
                    key.clone(),
                    value,
                    reply::Outcome::Verdict,
                ))
            }
            _ => None,
        };
        if !explains_verdict {
            (verdict.explanation, verdict.intercept, verdict.rest) = (None, None, None);
        }
        let mut headers = self.event(position, EventType::ReviewScored).headers();
        cloudevents::pass_on(&record.headers, &mut headers);
        let output = Outgoing::to(self.verdicts_topic.clone())
            .partition(record.partition)
            .key(key)
            .value(verdict.encode()?)
            .headers(headers);
        let outcome = Outcome::Verdict(verdict.label);
        let shadow_took = self.plan.shadow.filter(|shadow| shadow.takes(position));
        let shadow_took = shadow_took.map(|shadow| {
            let started = Instant::now();
            observation.shadow = Some(shadow.score(scratch, &review.text));
            started.elapsed()
        });
        let ending = Ending {
            outcome,
            output,
            reply: reply_of(address, answer),
            took: Duration::ZERO,
            observation: Some(observation),
        };
        Ok((ending, shadow_took))
    }

    fn plain<'v>(
        &'v self,
        scratch: &mut Scratch,
        review: &Review<'v>,
        position: &Position,
    ) -> Verdict<'v> {
        let score = self.model.score(scratch, &review.text);
        let identity = self.model.identity();
        Verdict {
            id: review.id_or(position),
            label: sentiment(score.label),
            probability: score.probability,
            score: score.score,
            model: ModelRef {
                name: Cow::Borrowed(&identity.name),
                version: Cow::Borrowed(&identity.version),
                sha256: Cow::Borrowed(&identity.sha256),
            },
            explanation: None,
            intercept: None,
            rest: None,
            source: position.clone(),
            scored_at: Cow::Borrowed(&self.scored_at),
        }
    }

    fn explained<'v>(
        &'v self,
        scratch: &mut Scratch,
        review: &Review<'v>,
        position: &Position,
    ) -> Verdict<'v> {
        let found = self.model.explain(scratch, &review.text, self.settings.explain_terms);
        let terms = found
            .terms
            .iter()
            .map(|term| TermContribution { term: Cow::Borrowed(term.term), weight: term.weight })
            .collect();
        Verdict {
            label: sentiment(found.score.label),
            probability: found.score.probability,
            score: found.score.score,
            explanation: Some(terms),
            intercept: Some(found.intercept),
            rest: Some(found.rest),
            ..self.plain(scratch, review, position)
        }
    }

    /// The record as it came, bytes, headers and time of writing untouched, with the reasons beside.
    fn dead_letter(
        &self,
        record: &Record,
        position: &Position,
        address: Option<&ReplyAddress>,
        rejection: &Rejection,
    ) -> Ending {
        let output = Outgoing {
            topic: self.dead_letters_topic.clone(),
            partition: Some(record.partition),
            key: record.key.clone(),
            value: record.value.clone(),
            headers: dead_letter::headers(
                record.headers.clone(),
                position,
                &self.settings.group,
                rejection,
            ),
            timestamp_ms: record.timestamp_ms,
        };
        let answer =
            address.filter(|address| !address.is_late(self.now_unix_ms)).and_then(|address| {
                let key = record.key.clone().unwrap_or_else(|| position.to_string().into_bytes());
                // A problem that cannot be written as JSON is no reason to lose the dead letter.
                let value = Problem::from(rejection).encode().ok()?;
                Some(self.answer(
                    address,
                    record,
                    position,
                    key,
                    value,
                    reply::Outcome::Problem(rejection),
                ))
            });
        Ending {
            outcome: Outcome::DeadLetter(rejection.kind),
            output,
            reply: reply_of(address, answer),
            took: Duration::ZERO,
            observation: None,
        }
    }

    fn answer(
        &self,
        address: &ReplyAddress,
        record: &Record,
        position: &Position,
        key: Vec<u8>,
        value: Vec<u8>,
        outcome: reply::Outcome<'_>,
    ) -> Outgoing {
        let mut headers = address.reply_headers(outcome);
        self.event(position, EventType::ReplySent).append_attributes(&mut headers);
        cloudevents::pass_on(&record.headers, &mut headers);
        Outgoing {
            topic: address.topic.as_str().into(),
            partition: address.partition,
            key: Some(key),
            value: Some(value),
            headers,
            timestamp_ms: None,
        }
    }

    /// The id is the review's position: processed twice, a record gives the same event twice.
    fn event(&self, position: &Position, event_type: EventType) -> Event {
        Event {
            id: position.to_string(),
            source: Cow::Borrowed(SOURCE),
            event_type,
            time: Cow::Owned(self.scored_at.clone()),
            content_type: Verdict::MEDIA_TYPE,
        }
    }
}

fn reply_of(address: Option<&ReplyAddress>, answer: Option<Outgoing>) -> Reply {
    match (address, answer) {
        (None, _) => Reply::NotAsked,
        (Some(_), None) => Reply::Expired,
        (Some(_), Some(answer)) => Reply::Answer(Box::new(answer)),
    }
}

fn sentiment(label: Label) -> Sentiment {
    match label {
        Label::Positive => Sentiment::Positive,
        Label::Negative => Sentiment::Negative,
    }
}
