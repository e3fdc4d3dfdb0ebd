//! The verdict: what the consumer says about a review.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::{Decision, Position, Sentiment, json::json_message};

json_message!(Verdict<'a>, "verdict");
json_message!(UnsureReview<'a>, "unsure review");

/// A verdict on topic [`VERDICTS`](crate::topic::VERDICTS), keyed by review id; also the value of a
/// successful reply.
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
    /// The label where the model is sure enough to keep its target of errors, else `unsure`. Absent
    /// in verdicts of before there was it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
    /// Log-odds.
    pub score: f64,
    /// The model version that says so.
    #[serde(borrow)]
    pub model: ModelRef<'a>,
    /// The heaviest terms, strongest first. `intercept + rest +` their sum is exactly `score`.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub explanation: Option<Vec<TermContribution<'a>>>,
    /// The score of a review without any known term; present with `explanation`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intercept: Option<f64>,
    /// Sum of the weights of the terms that `explanation` leaves out; present with `explanation`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rest: Option<f64>,
    /// Terms of the review, each once, that the model knows. With none of them the verdict says
    /// nothing about the text: it is that of any text. Absent in verdicts of before there was it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known_terms: Option<u32>,
    /// The record that held the review. Readers that must not count twice remember this.
    pub source: Position,
    /// When the first review of its batch was read, RFC 3339 in UTC with milliseconds. Absent in
    /// verdicts of before there was it.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub read_at: Option<Cow<'a, str>>,
    /// When it was scored: the batch was read, and its scoring began. RFC 3339 in UTC with
    /// milliseconds.
    #[serde(borrow)]
    pub scored_at: Cow<'a, str>,
}

/// A review that the model is unsure about, on topic [`UNSURE`](crate::topic::UNSURE), keyed by its
/// id, for people to label: the next model learns most from such labels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct UnsureReview<'a> {
    /// The text of the review.
    #[serde(borrow)]
    pub text: Cow<'a, str>,
    /// The verdict on it.
    #[serde(borrow)]
    pub verdict: Verdict<'a>,
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

impl Verdict<'_> {
    /// `content-type` of a verdict.
    pub const MEDIA_TYPE: &'static str = "application/json";

    /// `intercept + rest +` the sum of the listed weights, when there is an explanation. Equal to
    /// `score`, to the bit.
    pub fn explained_score(&self) -> Option<f64> {
        let listed: f64 = self.explanation.as_ref()?.iter().map(|term| term.weight).sum();
        Some(self.intercept? + self.rest? + listed)
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
            decision: Some(Decision::Unsure),
            score: 1.125,
            model: ModelRef { name: "sentiment".into(), version: "1".into(), sha256: "ab".into() },
            explanation: None,
            intercept: None,
            rest: None,
            known_terms: Some(7),
            source: Position::new("reviews", 3, 41),
            read_at: Some("2026-01-02T03:04:04.990Z".into()),
            scored_at: "2026-01-02T03:04:05.000Z".into(),
        }
    }

    #[test]
    fn a_verdict_is_written_as_the_contract_shows_it() {
        let expected = concat!(
            r#"{"id":"r1","label":"positive","probability":0.75,"decision":"unsure","score":1.125,"#,
            r#""model":{"name":"sentiment","version":"1","sha256":"ab"},"known_terms":7,"#,
            r#""source":{"topic":"reviews","partition":3,"offset":41},"#,
            r#""read_at":"2026-01-02T03:04:04.990Z","scored_at":"2026-01-02T03:04:05.000Z"}"#,
        );
        assert_eq!(std::str::from_utf8(&verdict().encode().unwrap()).unwrap(), expected);
    }

    #[test]
    fn a_verdict_of_before_is_read() {
        let json = String::from_utf8(verdict().encode().unwrap()).unwrap();
        let read_at = r#""read_at":"2026-01-02T03:04:04.990Z","#;
        let before = json.replace(r#""known_terms":7,"#, "").replace(read_at, "");
        assert_eq!(before.len() + read_at.len() + 16, json.len());
        let read = Verdict::decode(before.as_bytes()).unwrap();
        assert_eq!((read.known_terms, read.read_at), (None, None));
    }

    #[test]
    fn an_explanation_adds_up_after_its_journey() {
        let terms = [("great", 0.5), ("not bad", 0.25)];
        let terms = terms.map(|(term, weight)| TermContribution { term: term.into(), weight });
        let explained = Verdict {
            explanation: Some(terms.into()),
            intercept: Some(0.125),
            rest: Some(0.25),
            ..verdict()
        };
        let json = explained.encode().unwrap();
        let read = Verdict::decode(&json).unwrap();
        assert_eq!(read, explained);
        assert_eq!(read.explained_score().map(f64::to_bits), Some(read.score.to_bits()));
        assert!(matches!(read.id, Cow::Borrowed(_)));
        assert_eq!(verdict().explained_score(), None, "without an explanation");
    }
}
