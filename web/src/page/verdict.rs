//! A verdict as the page shows it: the label, how sure, which words, and the sum that is the score.

use verdict_messages::{Sentiment, TermContribution, Verdict, highlight};

use crate::problems::location;

// The list beside the text; all terms stand in the table below it.
const STRONGEST: usize = 8;

/// The values of `templates/verdict.html`.
#[derive(Debug)]
pub(crate) struct VerdictView<'a> {
    pub(super) verdict: &'a Verdict<'a>,
    pub(super) other: Sentiment,
    pub(super) confidence: String,
    pub(super) probability: String,
    /// Where the gauge changes from negative to positive, from 0 to 100.
    pub(super) negative_width: String,
    pub(super) text: Vec<Span<'a>>,
    /// For and against, when the verdict is explained.
    pub(super) sides: Vec<Side<'a>>,
    /// Of the intercept, of each term and of all weaker ones: what adds up to the score.
    pub(super) sum: Option<(String, Vec<Term<'a>>, String, String)>,
    pub(super) sha256: &'a str,
    pub(super) location: String,
}

/// A piece of the text.
#[derive(Debug)]
pub(super) struct Span<'a> {
    pub(super) text: &'a str,
    /// Class and weight of a marked word.
    pub(super) mark: Option<(&'static str, String)>,
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
    /// The verdict on `text`.
    pub(crate) fn new(text: &'a str, verdict: &'a Verdict<'a>) -> Self {
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
        Self {
            verdict,
            other: match verdict.label {
                Sentiment::Positive => Sentiment::Negative,
                Sentiment::Negative => Sentiment::Positive,
            },
            confidence: confidence(verdict),
            probability: percent(verdict.probability),
            negative_width: format!(
                "{:.2}",
                (100.0 * (1.0 - verdict.probability)).clamp(0.0, 100.0)
            ),
            text: marked(text, terms),
            sides,
            sum,
            sha256: verdict.model.sha256.get(..12).unwrap_or(&verdict.model.sha256),
            location: location(&verdict.id),
        }
    }

    /// One line: `Positive, 97.3 %`.
    pub(super) fn summary(&self) -> String {
        format!("{}, {}", capitalised(&self.verdict.label), percent(sure(self.verdict)))
    }

    pub(super) fn has_marks(&self) -> bool {
        self.text.iter().any(|span| span.mark.is_some())
    }
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

fn marked<'a>(text: &'a str, terms: &[TermContribution<'_>]) -> Vec<Span<'a>> {
    let spans = highlight(text, terms.iter().map(|term| (&*term.term, term.weight)));
    let weights = spans.iter().filter_map(|span| span.weight);
    let strongest = weights.fold(0.0_f64, |strongest, weight| strongest.max(weight.abs()));
    let mark = |weight| Some((strength(weight, strongest)?, signed(weight)));
    spans
        .into_iter()
        .map(|span| Span { text: span.text, mark: span.weight.and_then(mark) })
        .collect()
}

/// The class of a marked word: sign and one of four strengths, relative to the strongest word.
/// Words that weigh hardly anything beside it are not marked: with every "the" underlined nobody
/// would see what matters.
fn strength(weight: f64, strongest: f64) -> Option<&'static str> {
    let [first, second, third, fourth] =
        if weight > 0.0 { ["p1", "p2", "p3", "p4"] } else { ["n1", "n2", "n3", "n4"] };
    match weight.abs() / strongest {
        share if share > 0.66 => Some(fourth),
        share if share > 0.33 => Some(third),
        share if share > 0.15 => Some(second),
        share if share > 0.07 => Some(first),
        _ => None,
    }
}

/// Never "100 %" or "0 %": no model is that sure.
pub(super) fn percent(probability: f64) -> String {
    let percent = probability * 100.0;
    if percent > 99.9 {
        "over 99.9 %".to_owned()
    } else if percent < 0.1 {
        "under 0.1 %".to_owned()
    } else {
        format!("{percent:.1} %")
    }
}

/// With its sign, and a real minus.
fn signed(weight: f64) -> String {
    if weight < 0.0 { format!("\u{2212}{:.3}", -weight) } else { format!("+{weight:.3}") }
}
