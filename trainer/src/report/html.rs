//! One page that holds the whole report: no script, no font, no file beside it. Prints.

use super::evaluation::{Evaluation, ThresholdRow};
use super::length::{LengthRow, by_length};
use super::{about, charts, markup};
use askama::Template;
use serde_json::Value;
use std::borrow::Borrow;
use verdict_learning::measures::Measures;
use verdict_learning::metrics::shown;
use verdict_messages::Span;
use verdict_sentiment::{Calibration, Model, NgramRange, TermWeight};

/// Renders the page. It holds sentences of the reviews, so it is not for a repository.
#[must_use]
pub fn page(evaluation: &Evaluation<'_>) -> String {
    let parts = evaluation.model.parts();
    let page = Page {
        evaluation,
        model: evaluation.model,
        measures: &evaluation.measures,
        range: parts.vectorizer.options().ngram_range,
        calibration: parts.calibration,
    };
    page.to_string()
}

/// `templates/report.html`.
#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    evaluation: &'a Evaluation<'a>,
    model: &'a Model,
    measures: &'a Measures,
    range: NgramRange,
    calibration: Calibration,
}

impl Page<'_> {
    /// Title and value of each metric, and why it is not defined if it is not.
    fn tiles(&self) -> Vec<(&'static str, String, Option<&'static str>)> {
        let titles = [
            "Accuracy",
            "Precision",
            "Recall",
            "F1",
            "Area under ROC",
            "Log-loss, nats",
            "Brier score",
            "Calibration error",
        ];
        let undefined = self.measures.metrics.undefined();
        let named = titles.into_iter().zip(self.measures.metrics.named());
        named
            .map(|(title, (name, value))| (title, shown(value), undefined.get(name).copied()))
            .collect()
    }

    fn pictures(&self) -> [String; 4] {
        [charts::roc, charts::precision_recall, charts::reliability, charts::confusion]
            .map(|chart| chart(self.evaluation))
    }

    /// Whether no other threshold has a better F1.
    fn is_best(&self, row: &ThresholdRow) -> bool {
        let all = self.evaluation.thresholds.iter().filter_map(|row| row.confusion.f1());
        let best = all.fold(0.0, f64::max);
        best > 0.0 && row.confusion.f1() == Some(best)
    }

    fn by_length(&self) -> impl Iterator<Item = LengthRow> {
        by_length(self.measures)
    }

    fn about(&self, pointer: &str) -> String {
        about::text(self.model, pointer)
    }

    fn params(&self) -> impl Iterator<Item = (String, &Value)> {
        about::leaves(self.model.parts().about.get("params"))
    }
}

// The templates pass a field by reference and a result by value: hence `Borrow`.

fn grouped(n: impl Borrow<usize>) -> String {
    markup::grouped(*n.borrow())
}

/// The class of what speaks for or against positive.
fn side(weight: impl Borrow<f64>) -> &'static str {
    if *weight.borrow() > 0.0 { "pro" } else { "con" }
}

fn highlight<'t>(text: &'t str, terms: &[TermWeight<'_>]) -> Vec<Span<'t>> {
    verdict_messages::highlight(text, terms.iter().map(|term| (term.term, term.weight)))
}

/// The line breaks of the web pages that reviews are taken from, two of which are a paragraph; the
/// style keeps lines.
fn with_line_breaks(text: &str) -> String {
    text.replace("<br /><br />", "\n").replace("<br />", "\n")
}
