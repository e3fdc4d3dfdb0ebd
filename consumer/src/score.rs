//! Scoring one record: from bytes to an ending, as a value. Pure: the model and the time are
//! arguments.

use std::{borrow::Cow, sync::Arc, time::Duration};

use clap::ValueEnum;
use verdict_kafka_io::{Outgoing, Record};
use verdict_messages::{
    AllowedReplyTopics, Decision, ErrorKind, Headers, ModelRef, Position, Problem, Rejection,
    ReplyAddress, Review, Sentiment, TermContribution, UnsureReview, Verdict,
    cloudevents::{self, Event, EventType},
    dead_letter, headers, reply, time,
};
use verdict_sentiment::{Label, Model, Scratch};

use crate::observe::observation::Observation;

/// `ce_source` of everything the consumer writes.
const SOURCE: &str = "/verdict/consumer";
/// Most terms of an explanation, the strongest first.
const EXPLAINED_TERMS: usize = 64;

/// When verdicts list the terms that weighed most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Explain {
    /// Never
    Never,
    /// In replies, to who waits for one
    Replies,
    /// In replies and in every verdict
    Always,
}

/// What scoring a record depends on besides the model.
#[derive(Debug, Clone)]
pub struct ScoreSettings {
    /// Consumer group, named in dead letters.
    pub group: String,
    /// Topic of the verdicts.
    pub verdicts_topic: Arc<str>,
    /// Topic of the dead letters.
    pub dead_letters_topic: Arc<str>,
    /// Topics that replies may go to.
    pub reply_topics: AllowedReplyTopics,
    /// When verdicts list the terms that weighed most.
    pub explain: Explain,
    /// Topic of the reviews that the model is unsure about, if they are wanted.
    pub unsure_topic: Option<Arc<str>>,
    /// Longest review record in bytes.
    pub max_review_bytes: usize,
}

/// How a record ended. Every record has exactly one ending.
#[derive(Debug, Clone, PartialEq)]
pub struct Ending {
    /// A verdict or a dead letter.
    pub outcome: Outcome,
    /// The record that says so, for the partition of the same number as its review's.
    pub output: Outgoing,
    /// Whether the model is unsure about the review.
    pub is_unsure: bool,
    /// That review with its verdict, for people to label, when it is wanted.
    pub unsure: Option<Box<Outgoing>>,
    /// The answer to the requester, if there is one.
    pub reply: Reply,
    /// How long decoding and scoring took; zero until the pool has measured it.
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

/// What a requester gets.
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
    now_unix_ms: i64,
    read_at: Option<String>,
    scored_at: String,
}

impl<'a> Scorer<'a> {
    /// A scorer for one batch at `now_unix_ms` (milliseconds since 1970).
    #[must_use]
    pub fn new(model: &'a Model, settings: &'a ScoreSettings, now_unix_ms: i64) -> Self {
        let scored_at = time::rfc3339(now_unix_ms);
        Self { model, settings, now_unix_ms, read_at: None, scored_at }
    }

    /// The same for a batch whose first record was read so long before its scoring began.
    #[must_use]
    pub fn read_earlier(mut self, by: Duration) -> Self {
        let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.read_at = Some(time::rfc3339(self.now_unix_ms.saturating_sub(by)));
        self
    }

    /// The ending of one record. Total: any bytes give a verdict or a dead letter.
    pub fn score_record(&self, scratch: &mut Scratch, record: &Record) -> Ending {
        match ReplyAddress::from_headers(&record.headers, &self.settings.reply_topics) {
            // The address itself is wrong, so nobody gets an answer.
            Err(rejection) => self.dead_letter(record, None, &rejection),
            Ok(address) => self
                .verdict(scratch, record, address.as_ref())
                .unwrap_or_else(|rejection| self.dead_letter(record, address.as_ref(), &rejection)),
        }
    }

    /// The review in a record.
    pub(crate) fn review<'r>(&self, record: &'r Record) -> Result<Review<'r>, Rejection> {
        let value = record.value.as_deref();
        Review::from_record(value, &record.headers, self.settings.max_review_bytes)
    }

    /// The ending of a record that broke the scorer.
    pub(crate) fn internal(&self, record: &Record, detail: &str) -> Ending {
        let rejection = Rejection::new(ErrorKind::Internal, detail);
        let address =
            ReplyAddress::from_headers(&record.headers, &self.settings.reply_topics).ok().flatten();
        self.dead_letter(record, address.as_ref(), &rejection)
    }

    fn verdict(
        &self,
        scratch: &mut Scratch,
        record: &Record,
        address: Option<&ReplyAddress>,
    ) -> Result<Ending, Rejection> {
        let review = self.review(record)?;
        let position = record.position();
        let awaited = self.awaited(address);
        let explains_verdict = self.settings.explain == Explain::Always;
        let explains_reply = awaited.is_some() && self.settings.explain != Explain::Never;
        let explains = explains_verdict || explains_reply;
        let mut verdict = self.judge(scratch, &review, &position, explains);
        let observation = Observation::new(verdict.probability, scratch.seen());
        let key = verdict.id.as_bytes().to_vec();
        let answer = match awaited {
            None => None,
            Some(address) => {
                let headers = address.reply_headers(reply::Outcome::Verdict);
                Some(self.answer(address, record, headers, key.clone(), verdict.encode()?))
            }
        };
        if !explains_verdict {
            (verdict.explanation, verdict.intercept, verdict.rest) = (None, None, None);
        }
        let mut headers = self.event(&position, EventType::ReviewScored).headers();
        cloudevents::pass_on(&record.headers, &mut headers);
        let output = Outgoing::to(self.settings.verdicts_topic.clone())
            .partition(record.partition)
            .key(key)
            .value(verdict.encode()?)
            .headers(headers);
        let is_unsure = verdict.decision == Some(Decision::Unsure);
        let unsure = match &self.settings.unsure_topic {
            Some(topic) if is_unsure => {
                let value =
                    Some(UnsureReview { text: review.text, verdict: verdict.clone() }.encode()?);
                Some(Outgoing { topic: topic.clone(), value, ..output.clone() }.into())
            }
            _ => None,
        };
        Ok(Ending {
            outcome: Outcome::Verdict(verdict.label),
            output,
            is_unsure,
            unsure,
            reply: reply_of(address, answer),
            took: Duration::ZERO,
            observation: Some(observation),
        })
    }

    fn judge<'v>(
        &'v self,
        scratch: &mut Scratch,
        review: &Review<'v>,
        position: &Position,
        explains: bool,
    ) -> Verdict<'v> {
        let explanation =
            explains.then(|| self.model.explain(scratch, &review.text, EXPLAINED_TERMS));
        let score = match &explanation {
            Some(explanation) => explanation.score,
            None => self.model.score(scratch, &review.text),
        };
        let known_terms = scratch.columns().len();
        let decision = match self.model.decide(known_terms, score.probability) {
            verdict_sentiment::Decision::Positive => Decision::Positive,
            verdict_sentiment::Decision::Negative => Decision::Negative,
            verdict_sentiment::Decision::Unsure => Decision::Unsure,
        };
        let identity = self.model.identity();
        Verdict {
            id: review.id_or(position),
            label: sentiment(score.label),
            probability: score.probability,
            decision: Some(decision),
            score: score.score,
            model: ModelRef {
                name: Cow::Borrowed(&identity.name),
                version: Cow::Borrowed(&identity.version),
                sha256: Cow::Borrowed(&identity.sha256),
            },
            intercept: explanation.as_ref().map(|found| found.intercept),
            rest: explanation.as_ref().map(|found| found.rest),
            explanation: explanation.map(|found| {
                let terms = found.terms.iter();
                terms
                    .map(|it| TermContribution { term: Cow::Borrowed(it.term), weight: it.weight })
                    .collect()
            }),
            known_terms: u32::try_from(known_terms).ok(),
            source: position.clone(),
            read_at: self.read_at.as_deref().map(Cow::Borrowed),
            scored_at: Cow::Borrowed(&self.scored_at),
        }
    }

    /// The record as it came, bytes, headers and time of writing untouched, with the reasons
    /// beside.
    fn dead_letter(
        &self,
        record: &Record,
        address: Option<&ReplyAddress>,
        rejection: &Rejection,
    ) -> Ending {
        let position = record.position();
        let headers = record.headers.clone();
        let mut headers = dead_letter::headers(headers, &position, &self.settings.group, rejection);
        headers.push(headers::DLQ_TIME, self.scored_at.clone());
        let output = Outgoing {
            topic: self.settings.dead_letters_topic.clone(),
            partition: Some(record.partition),
            key: record.key.clone(),
            value: record.value.clone(),
            headers,
            timestamp_ms: record.timestamp_ms,
        };
        let answer = self.awaited(address).and_then(|address| {
            let key = record.key.clone().unwrap_or_else(|| position.to_string().into_bytes());
            // A problem that cannot be written as JSON is no reason to lose the dead letter.
            let value = Problem::from(rejection).encode().ok()?;
            let headers = address.reply_headers(reply::Outcome::Problem(rejection));
            Some(self.answer(address, record, headers, key, value))
        });
        Ending {
            outcome: Outcome::DeadLetter(rejection.kind),
            output,
            is_unsure: false,
            unsure: None,
            reply: reply_of(address, answer),
            took: Duration::ZERO,
            observation: None,
        }
    }

    /// The address of a requester who still waits.
    fn awaited<'r>(&self, address: Option<&'r ReplyAddress>) -> Option<&'r ReplyAddress> {
        address.filter(|address| !address.is_late(self.now_unix_ms))
    }

    fn answer(
        &self,
        address: &ReplyAddress,
        record: &Record,
        mut headers: Headers,
        key: Vec<u8>,
        value: Vec<u8>,
    ) -> Outgoing {
        self.event(&record.position(), EventType::ReplySent).append_attributes(&mut headers);
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

pub(crate) fn sentiment(label: Label) -> Sentiment {
    match label {
        Label::Positive => Sentiment::Positive,
        Label::Negative => Sentiment::Negative,
    }
}
