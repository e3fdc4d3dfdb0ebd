//! The verdict: what the consumer says about a review.

use std::{borrow::Cow, fmt};

use serde::{Deserialize, Serialize};

use crate::{ErrorKind, Position, Rejection, json};

/// Positive or negative: the two classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Sentiment {
    /// The reviewer liked it.
    Positive,
    /// The reviewer did not.
    Negative,
}

impl Sentiment {
    /// The forms that [`from_label`](Self::from_label) reads, for messages.
    pub const LABELS: &str = "positive or negative (or pos/neg, 1/0, 1.0/0.0, true/false)";

    /// The class that a label names, as people and their tools write it: a word, a truth value, or a number that is 1
    /// or 0 (pandas writes 1.0 and 0.0 where a column once had a gap). Case and surrounding space do not matter.
    ///
    /// It is the one list of labels, for files of any layout, records and HTTP.
    pub fn from_label(label: &str) -> Option<Self> {
        let label = label.trim();
        let is = |names: [&str; 3]| names.iter().any(|name| label.eq_ignore_ascii_case(name));
        let is_number = label.bytes().all(|byte| matches!(byte, b'0' | b'1' | b'.'));
        if is(["positive", "pos", "true"]) {
            Some(Self::Positive)
        } else if is(["negative", "neg", "false"]) {
            Some(Self::Negative)
        } else {
            let number = label.parse::<f64>().ok().filter(|_| is_number)?;
            [(1.0, Self::Positive), (0.0, Self::Negative)]
                .into_iter()
                .find(|(of, _)| number.total_cmp(of).is_eq())
                .map(|(_, class)| class)
        }
    }

    /// The class as it stands on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Positive => "positive",
            Self::Negative => "negative",
        }
    }
}

impl fmt::Display for Sentiment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A verdict on topic [`VERDICTS`](crate::topic::VERDICTS), keyed by review id; also the value of a successful reply.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[schemars(
    description = "What the consumer says about a review: the value of a record on the topic of verdicts, keyed by review id, and of a successful reply."
)]
pub struct Verdict<'a> {
    /// Id of the review.
    #[serde(borrow)]
    pub id: Cow<'a, str>,
    /// The class: positive when the probability is at least one half.
    pub label: Sentiment,
    /// Calibrated probability that the review is positive, 0 to 1.
    pub probability: f64,
    /// Log-odds.
    pub score: f64,
    /// The model version that says so.
    #[serde(borrow)]
    pub model: ModelRef<'a>,
    /// The terms that weighed most, strongest first. `intercept + rest +` the sum of these weights is exactly `score`.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub explanation: Option<Vec<TermContribution<'a>>>,
    /// The score of a review without any known term; present with `explanation`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intercept: Option<f64>,
    /// Sum of the weights of the terms that `explanation` leaves out; present with `explanation`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rest: Option<f64>,
    /// The record that held the review. Readers that must not count twice remember this.
    pub source: Position,
    /// When it was scored, RFC 3339 in UTC with milliseconds.
    #[serde(borrow)]
    pub scored_at: Cow<'a, str>,
}

/// A model version, named so that it can be found and checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ModelRef<'a> {
    /// Model name.
    #[serde(borrow)]
    pub name: Cow<'a, str>,
    /// Version within the name.
    #[serde(borrow)]
    pub version: Cow<'a, str>,
    /// SHA-256 of the artifact, lower-case hexadecimal.
    #[serde(borrow)]
    pub sha256: Cow<'a, str>,
}

/// What one term of a review added to its score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TermContribution<'a> {
    /// The term: one or more words.
    #[serde(borrow)]
    pub term: Cow<'a, str>,
    /// What it added, in log-odds: above 0 speaks for positive.
    pub weight: f64,
}

impl<'a> Verdict<'a> {
    /// `content-type` of a verdict.
    pub const MEDIA_TYPE: &'static str = "application/json";

    /// A verdict from the value of a record.
    ///
    /// # Errors
    /// `schema` when the value is not this message.
    pub fn decode(value: &'a [u8]) -> Result<Self, Rejection> {
        json::from_slice(value).map_err(|error| Rejection::schema(format!("verdict: {error}")))
    }

    /// The value of a record.
    ///
    /// # Errors
    /// None that is known; what the JSON writer reports is passed on as `internal`.
    pub fn encode(&self) -> Result<Vec<u8>, Rejection> {
        to_json(self)
    }

    /// `intercept + rest +` the sum of the listed weights, when there is an explanation. Equal to `score`, to the bit.
    pub fn explained_score(&self) -> Option<f64> {
        let listed: f64 = self.explanation.as_ref()?.iter().map(|term| term.weight).sum();
        Some(self.intercept? + self.rest? + listed)
    }

    /// The same verdict, owning all that it holds.
    pub fn into_owned(self) -> Verdict<'static> {
        Verdict {
            id: Cow::Owned(self.id.into_owned()),
            label: self.label,
            probability: self.probability,
            score: self.score,
            model: ModelRef {
                name: Cow::Owned(self.model.name.into_owned()),
                version: Cow::Owned(self.model.version.into_owned()),
                sha256: Cow::Owned(self.model.sha256.into_owned()),
            },
            explanation: self
                .explanation
                .map(|terms| terms.into_iter().map(TermContribution::into_owned).collect()),
            intercept: self.intercept,
            rest: self.rest,
            source: self.source,
            scored_at: Cow::Owned(self.scored_at.into_owned()),
        }
    }
}

impl TermContribution<'_> {
    fn into_owned(self) -> TermContribution<'static> {
        TermContribution { term: Cow::Owned(self.term.into_owned()), weight: self.weight }
    }
}

/// `message` as JSON in one allocation for most messages.
pub(crate) fn to_json<T: Serialize>(message: &T) -> Result<Vec<u8>, Rejection> {
    let mut json = Vec::with_capacity(448);
    match serde_json::to_writer(&mut json, message) {
        Ok(()) => Ok(json),
        Err(error) => Err(Rejection::new(
            ErrorKind::Internal,
            format!("message cannot be written as JSON: {error}"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict() -> Verdict<'static> {
        Verdict {
            id: "r1".into(),
            label: Sentiment::Positive,
            probability: 0.75,
            score: 1.125,
            model: ModelRef { name: "sentiment".into(), version: "1".into(), sha256: "ab".into() },
            explanation: None,
            intercept: None,
            rest: None,
            source: Position::new("reviews", 3, 41),
            scored_at: "2026-01-02T03:04:05.000Z".into(),
        }
    }

    #[test]
    fn a_label_is_a_word_a_truth_value_or_one_and_nought() {
        for (labels, class) in [
            (
                &["positive", " Positive ", "pos", "POS", "1", "1.0", "01", "1.", "true", "True"][..],
                Some(Sentiment::Positive),
            ),
            (
                &["negative", "NEG", "0", "0.0", "00", "0.", "false", "FALSE"],
                Some(Sentiment::Negative),
            ),
            (
                &[
                    "", " ", "2", "0.5", "2.0", "-1", "-0", "+1", "1e0", "nan", "NaN", "inf", ".",
                    "1.0.0", "neutral", "yes", "t", "None", "null", "[1]",
                ],
                None,
            ),
        ] {
            for label in labels {
                assert_eq!(Sentiment::from_label(label), class, "{label:?}");
            }
        }
    }

    #[test]
    fn a_verdict_is_written_as_the_contract_shows_it() {
        let expected = concat!(
            r#"{"id":"r1","label":"positive","probability":0.75,"score":1.125,"#,
            r#""model":{"name":"sentiment","version":"1","sha256":"ab"},"#,
            r#""source":{"topic":"reviews","partition":3,"offset":41},"scored_at":"2026-01-02T03:04:05.000Z"}"#,
        );
        assert_eq!(std::str::from_utf8(&verdict().encode().unwrap()).unwrap(), expected);
    }

    #[test]
    fn an_explanation_adds_up_after_its_journey() {
        let terms = [("great", 0.5), ("not bad", 0.25)];
        let explained = Verdict {
            explanation: Some(
                terms
                    .iter()
                    .map(|(term, weight)| TermContribution {
                        term: (*term).into(),
                        weight: *weight,
                    })
                    .collect(),
            ),
            intercept: Some(0.125),
            rest: Some(0.25),
            ..verdict()
        };
        let json = explained.encode().unwrap();
        let read = Verdict::decode(&json).unwrap();
        assert_eq!(read, explained);
        assert_eq!(read.explained_score().map(f64::to_bits), Some(read.score.to_bits()));
        assert!(matches!(read.id, Cow::Borrowed(_)));
        assert_eq!(read.clone().into_owned(), explained);
    }

    #[test]
    fn a_verdict_without_explanation_has_no_explained_score() {
        assert_eq!(verdict().explained_score(), None);
    }
}
