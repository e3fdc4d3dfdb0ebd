//! A verdict as the page shows it: the label, how sure, which phrases, what would change it, and the
//! sum that is the score.

use verdict_messages::{Decision, Sentiment, TermContribution, Verdict};

use super::{
    flip::{Flip, flip},
    read::{Read, percent, read, signed},
    timeline::TimelineView,
};
use crate::{ids::ReviewId, timeline::Timeline};

// The list beside the text; all terms stand in the table below it.
const STRONGEST: usize = 6;

/// The values of `templates/verdict.html`.
#[derive(Debug)]
pub(crate) struct VerdictView<'a> {
    pub(super) verdict: &'a Verdict<'a>,
    pub(super) other: Sentiment,
    pub(super) heading: &'static str,
    pub(super) confidence: String,
    pub(super) probability: String,
    /// Where the gauge changes from negative to positive, from 0 to 100.
    pub(super) negative_width: String,
    /// The text with what decided marked, where this instance has it.
    pub(super) read: Option<Read<'a>>,
    pub(super) flip: Option<Flip>,
    /// For and against, when the verdict is explained.
    pub(super) sides: Vec<Side<'a>>,
    /// Of the intercept, of each term and of all weaker ones: what adds up to the score.
    pub(super) sum: Option<(String, Vec<Term<'a>>, String, String)>,
    pub(super) sha256: &'a str,
    pub(super) location: String,
    /// What happened to the review, where it was found in time.
    pub(super) timeline: Option<TimelineView>,
    /// Where the page of this verdict is.
    pub(super) page: String,
    /// Where the text can be changed.
    pub(super) change: String,
    /// What the reader has just said that it is.
    pub(super) labelled: Option<Sentiment>,
    /// What allows the reader to say so.
    pub(super) label_token: Option<&'a str>,
}

/// The strongest terms for one label.
#[derive(Debug)]
pub(super) struct Side<'a> {
    pub(super) label: Sentiment,
    pub(super) class: &'static str,
    pub(super) terms: Vec<Term<'a>>,
}

/// A term with its weight.
#[derive(Debug)]
pub(super) struct Term<'a> {
    pub(super) term: &'a str,
    pub(super) weight: String,
    /// Relative to the heaviest term, from 0 to 100.
    pub(super) width: String,
}

impl<'a> VerdictView<'a> {
    /// The verdict on `text`, where that is known, of which the reader said `labelled`, or may.
    pub(crate) fn new(
        text: Option<&'a str>,
        verdict: &'a Verdict<'a>,
        labelled: Option<Sentiment>,
        label_token: Option<&'a str>,
    ) -> Self {
        let terms = verdict.explanation.as_deref().unwrap_or_default();
        let heaviest = terms.iter().fold(0.0_f64, |most, term| most.max(term.weight.abs()));
        let term = |term: &'a TermContribution<'a>| Term {
            term: &term.term,
            weight: signed(term.weight),
            width: format!("{:.1}", 100.0 * term.weight.abs() / heaviest),
        };
        let side = |label, class, sign: f64| {
            let terms = terms.iter().filter(|term| term.weight * sign > 0.0);
            Side { label, class, terms: terms.take(STRONGEST).map(term).collect() }
        };
        let mut sides = Vec::new();
        if !terms.is_empty() {
            sides.push(side(Sentiment::Positive, "plus", 1.0));
            sides.push(side(Sentiment::Negative, "minus", -1.0));
        }
        let sum = verdict.intercept.zip(verdict.rest).map(|(intercept, rest)| {
            let terms = terms.iter().map(term).collect();
            (signed(intercept), terms, signed(rest), signed(verdict.score))
        });
        let read = text.map(|text| read(text, terms));
        let weights = read.as_ref().map_or_else(
            || terms.iter().map(|term| (term.term.to_string(), term.weight)).collect(),
            |read| read.weights.clone(),
        );
        let (heading, confidence) = match verdict.decision {
            _ if knows_nothing(verdict) => ("I know none of these words", any_text(verdict)),
            Some(Decision::Unsure) if sure(verdict) < LEANS => {
                ("Too close to call", leaning(verdict))
            }
            Some(Decision::Unsure) => (probably(verdict.label), leaning(verdict)),
            _ => (capitalised(&verdict.label), confidence(verdict)),
        };
        Self {
            verdict,
            other: match verdict.label {
                Sentiment::Positive => Sentiment::Negative,
                Sentiment::Negative => Sentiment::Positive,
            },
            heading,
            confidence,
            probability: percent(verdict.probability),
            negative_width: format!(
                "{:.2}",
                (100.0 * (1.0 - verdict.probability)).clamp(0.0, 100.0)
            ),
            read,
            flip: flip(verdict, weights),
            sides,
            sum,
            sha256: verdict.model.sha256.get(..12).unwrap_or(&verdict.model.sha256),
            location: ReviewId::new(&verdict.id).location(),
            timeline: None,
            change: super::address(&verdict.id).replacen("/r/", "/?from=", 1),
            page: super::address(&verdict.id),
            labelled,
            label_token,
        }
    }

    /// The same with what happened to the review.
    pub(crate) fn told(self, timeline: Option<&Timeline>) -> Self {
        Self { timeline: timeline.map(TimelineView::new), ..self }
    }

    /// One line: `Positive, 97.3 %`.
    pub(super) fn summary(&self) -> String {
        format!("{}, {}", capitalised(&self.verdict.label), percent(sure(self.verdict)))
    }

    /// The class that colours the section: that of the label, unless the model is unsure.
    pub(super) fn class(&self) -> &'static str {
        match self.verdict.label {
            _ if knows_nothing(self.verdict) => "unsure",
            _ if self.verdict.decision == Some(Decision::Unsure) => "unsure",
            Sentiment::Positive => "positive",
            Sentiment::Negative => "negative",
        }
    }
}

/// Whether the score is that of any text: no term of the model stands in this one.
pub(crate) fn knows_nothing(verdict: &Verdict<'_>) -> bool {
    verdict.known_terms == Some(0)
}

pub(super) fn capitalised(label: &Sentiment) -> &'static str {
    match label {
        Sentiment::Positive => "Positive",
        Sentiment::Negative => "Negative",
    }
}

/// The probability of the label.
fn sure(verdict: &Verdict<'_>) -> f64 {
    match verdict.label {
        Sentiment::Positive => verdict.probability,
        Sentiment::Negative => 1.0 - verdict.probability,
    }
}

fn confidence(verdict: &Verdict<'_>) -> String {
    let how = match sure(verdict) {
        sure if sure >= 0.95 => "Very clear",
        sure if sure >= 0.8 => "Clear",
        sure if sure >= 0.6 => "Leaning",
        _ => "Close to a coin toss",
    };
    let (label, sure) = (verdict.label, percent(sure(verdict)));
    format!("{how}: {label} with a probability of {sure}")
}

/// A text that is unsure leans to a side from here on.
const LEANS: f64 = 0.65;

fn probably(label: Sentiment) -> &'static str {
    match label {
        Sentiment::Positive => "Probably positive",
        Sentiment::Negative => "Probably negative",
    }
}

fn leaning(verdict: &Verdict<'_>) -> String {
    let (label, sure) = (verdict.label, percent(sure(verdict)));
    format!("It leans to {label}, {sure}: not sure enough to decide on a text of this length")
}

fn any_text(verdict: &Verdict<'_>) -> String {
    let (label, sure) = (verdict.label, percent(sure(verdict)));
    format!("What it says of any text without a word it knows: {label}, {sure}")
}
