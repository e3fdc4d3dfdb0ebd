//! The page about the model: what a consumer and the monitor say of it.

use askama::Template;
use serde_json::Value;

use super::{
    at,
    curves::{Curves, curves},
    read::{percent, signed},
};

/// The values of `templates/model.html`.
#[derive(Debug, Template)]
#[template(path = "model.html")]
pub(crate) struct ModelPage {
    /// Name and version, when a consumer says them.
    name: Option<String>,
    facts: Vec<(&'static str, String)>,
    metrics: Vec<Metric>,
    /// For positive and for negative.
    sides: Vec<Side>,
    drift: Option<Drift>,
    shadow: Option<Vec<(&'static str, String)>>,
    live: Vec<Live>,
    /// The accuracy to expect without labels, or why it is withheld.
    expected: Option<String>,
    /// The part of errors that the model's decisions are to keep.
    target_error: Option<String>,
    /// Of the version that serves.
    curves: Option<Curves>,
    /// What could not be had, and why.
    missing: Vec<String>,
}

#[derive(Debug)]
struct Metric {
    name: &'static str,
    value: String,
    interval: String,
}

#[derive(Debug)]
struct Side {
    label: &'static str,
    class: &'static str,
    terms: Vec<(String, String, String)>,
}

#[derive(Debug)]
struct Drift {
    is_alarm: bool,
    threshold: String,
    window: String,
    features: Vec<(&'static str, String)>,
}

#[derive(Debug)]
struct Live {
    version: String,
    labelled: String,
    accuracy: String,
    brier: String,
    ece: String,
    coverage: String,
    decided_error: String,
}

const NONE: &str = "\u{2013}";

impl ModelPage {
    /// From what a consumer's `/model` and the monitor's `/live` say, or why they do not.
    pub(crate) fn new(model: Result<Value, String>, live: Result<Value, String>) -> Self {
        let missing = [&model, &live].into_iter().filter_map(|said| said.as_ref().err().cloned());
        let missing = missing.collect();
        let (model, live) = (model.unwrap_or_default(), live.unwrap_or_default());
        let versions = at(&live, "/versions").as_array().map(Vec::as_slice).unwrap_or_default();
        let serving = versions.iter().find(|of| at(of, "/version") == at(&model, "/model/version"));
        Self {
            name: text(at(&model, "/model/name"))
                .map(|name| format!("{name} {}", short(at(&model, "/model/version")))),
            facts: facts(&model),
            metrics: metrics(at(&model, "/card")),
            sides: sides(at(&model, "/card/strongest")),
            drift: drift(&model),
            shadow: shadow(at(&model, "/shadow")),
            live: versions.iter().map(live_row).collect(),
            expected: expected(&model),
            target_error: at(&model, "/model/target_error").as_f64().map(percent),
            curves: serving.and_then(|version| curves(at(version, "/calibration"))),
            missing,
        }
    }
}

/// The model that serves in one line, from a consumer's `/model`: name, accuracy, and drift.
pub(crate) fn serving(model: &Value) -> Option<String> {
    let name = text(at(model, "/model/name"))?;
    let mut parts = vec![format!("{name} {}", short(at(model, "/model/version")))];
    if let Some(accuracy) = at(model, "/card/out_of_fold/accuracy").as_f64() {
        parts.push(format!("accuracy {accuracy:.3}"));
    }
    if let Some(is_alarm) = at(model, "/drift/alarm").as_bool() {
        parts.push(if is_alarm { "reviews drift" } else { "no drift" }.to_owned());
    }
    Some(parts.join(", "))
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// A version or a checksum, at a length that is read.
fn short(value: &Value) -> String {
    text(value).unwrap_or_default().chars().take(12).collect()
}

fn decimal(value: &Value, digits: usize) -> String {
    value.as_f64().map_or_else(|| NONE.to_owned(), |value| format!("{value:.digits$}"))
}

fn facts(model: &Value) -> Vec<(&'static str, String)> {
    let card = at(model, "/card");
    let data = at(card, "/data");
    let reviews = text(at(data, "/n_reviews")).zip(text(at(data, "/n_positive")));
    let params = at(card, "/params");
    let range = at(params, "/feature_engineering/ngram_range").as_array();
    let words = range.and_then(|range| text(range.first()?).zip(text(range.last()?)));
    let facts = [
        ("Delivery", text(at(model, "/promise"))),
        ("SHA-256", text(at(model, "/model/sha256"))),
        ("Trained on", reviews.map(|(n, positive)| format!("{n} reviews, {positive} positive"))),
        ("Their SHA-256", text(at(data, "/sha256"))),
        (
            "Terms",
            text(at(model, "/model/terms")).map(|terms| match words {
                Some((from, to)) => format!("{terms}, of {from} to {to} words"),
                None => terms,
            }),
        ),
        ("Calibration", text(at(params, "/calibration/method"))),
    ];
    facts.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

fn metrics(card: &Value) -> Vec<Metric> {
    let names = [
        ("accuracy", "Accuracy"),
        ("precision", "Precision"),
        ("recall", "Recall"),
        ("f1", "F1"),
        ("auc", "Area under the ROC curve"),
        ("log_loss", "Log-loss"),
        ("brier", "Brier score"),
        ("ece", "Calibration error"),
    ];
    let metric = |(key, name): &(&str, &'static str)| {
        let value = at(card, &format!("/out_of_fold/{key}")).as_f64()?;
        let end = |end| at(card, &format!("/intervals/{key}/{end}")).as_f64();
        let interval = match (end(0), end(1)) {
            (Some(low), Some(high)) => format!("{low:.4} to {high:.4}"),
            _ => NONE.to_owned(),
        };
        Some(Metric { name, value: format!("{value:.4}"), interval })
    };
    names.iter().filter_map(metric).collect()
}

fn sides(strongest: &Value) -> Vec<Side> {
    let side = |label: &'static str, class| {
        let terms = strongest.get(label)?.as_array()?;
        let weights = terms.iter().filter_map(|term| at(term, "/weight").as_f64());
        let heaviest = weights.fold(0.0_f64, |most, weight| most.max(weight.abs()));
        let term = |term: &Value| {
            let weight = at(term, "/weight").as_f64()?;
            let width = format!("{:.1}", 100.0 * weight.abs() / heaviest);
            Some((text(at(term, "/term"))?, signed(weight), width))
        };
        Some(Side { label, class, terms: terms.iter().filter_map(term).collect() })
    };
    [side("positive", "plus"), side("negative", "minus")].into_iter().flatten().collect()
}

fn drift(model: &Value) -> Option<Drift> {
    let (drift, window) = (at(model, "/drift"), at(model, "/window"));
    let features = [
        ("probability", "Probability of positive"),
        ("tokens", "Length in words"),
        ("oov", "Unknown words"),
    ];
    let feature = |(key, name): (&str, &'static str)| {
        let feature = at(drift, "/features").get(key)?;
        Some((name, decimal(at(feature, "/psi"), 3)))
    };
    Some(Drift {
        is_alarm: at(drift, "/alarm").as_bool()?,
        threshold: decimal(at(drift, "/threshold"), 2),
        window: format!("{} of {}", text(at(window, "/reviews"))?, text(at(window, "/capacity"))?),
        features: features.into_iter().filter_map(feature).collect(),
    })
}

fn shadow(shadow: &Value) -> Option<Vec<(&'static str, String)>> {
    let name = text(at(shadow, "/name"))?;
    let facts = [
        ("Model", Some(format!("{name} {}", short(at(shadow, "/version"))))),
        ("Agrees on", text(at(shadow, "/agree"))),
        ("Disagrees on", text(at(shadow, "/disagree"))),
        ("Failed on", text(at(shadow, "/failed"))),
        ("Mean difference of the probability", Some(decimal(at(shadow, "/mean_difference"), 4))),
    ];
    Some(facts.into_iter().filter_map(|(name, value)| Some((name, value?))).collect())
}

fn expected(model: &Value) -> Option<String> {
    let expected = at(model, "/expected_accuracy");
    if let Some(why) = text(at(expected, "/withheld")) {
        return Some(format!("Expected accuracy, without labels: withheld: {why}."));
    }
    at(expected, "/estimate").as_f64()?;
    Some(format!(
        "Expected accuracy of the last {} reviews, without labels: {}; at least {} may serve.",
        text(at(model, "/window/reviews"))?,
        estimate(expected),
        decimal(at(expected, "/floor"), 3),
    ))
}

/// A value and its interval.
fn estimate(of: &Value) -> String {
    match (at(of, "/lower").as_f64(), at(of, "/upper").as_f64()) {
        (Some(low), Some(high)) => {
            format!("{} ({low:.3} to {high:.3})", decimal(at(of, "/estimate"), 3))
        }
        _ => NONE.to_owned(),
    }
}

fn live_row(version: &Value) -> Live {
    Live {
        version: short(at(version, "/version")),
        labelled: text(at(version, "/labelled")).unwrap_or_default(),
        accuracy: estimate(at(version, "/accuracy")),
        brier: estimate(at(version, "/brier")),
        ece: decimal(at(version, "/ece"), 3),
        coverage: estimate(at(version, "/coverage")),
        decided_error: estimate(at(version, "/decided_error")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_accuracy_that_is_withheld_says_why_and_one_that_is_not_there_nothing() {
        let why = "the window has 7 of 1000 reviews";
        let page = |model| ModelPage::new(Ok(model), Ok(Value::Null)).render().unwrap();
        let withheld = page(json!({ "expected_accuracy": { "withheld": why, "floor": 0.8 } }));
        let line = format!("<p>Expected accuracy, without labels: withheld: {why}.</p>");
        assert!(withheld.contains(&line), "{withheld}");
        assert!(!withheld.contains("<table>"), "{withheld}");
        // A consumer of before there was it.
        let before = page(json!({ "window": { "reviews": 1_000, "capacity": 1_000 } }));
        assert!(!before.contains("Expected accuracy"), "{before}");
    }
}
