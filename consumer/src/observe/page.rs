//! `/model`: what is observed, as JSON.

use std::sync::{Arc, Mutex};

use serde_json::{Map, Value, json};
use verdict_learning::{drift::Window, estimate::Estimate};
use verdict_sentiment::{Identity, Model};

use super::{
    alarm::Alarm,
    card::card,
    expected::{expected_accuracy, floor},
    shadow::{Comparison, Shadow},
    state::{Serving, State, TERMS, label, lock},
    terms::TermSample,
};

/// The page as it is now. Terms are ranked outside of the lock, which the loop may be waiting
/// for.
pub(super) fn render(state: &Mutex<State>) -> String {
    let (mut page, sample) = read(&lock(state));
    if let Some((sample, model)) = sample {
        page.insert("terms".to_owned(), terms(&sample, &model));
    }
    let model = lock(state).serving.as_ref().map(|serving| Arc::clone(&serving.model));
    page.insert("card".to_owned(), model.map(|model| card(&model)).unwrap_or_default());
    format!("{:#}\n", Value::Object(page))
}

type Sample = (TermSample, Arc<Model>);

fn read(state: &State) -> (Map<String, Value>, Option<Sample>) {
    let serving = state.serving.as_ref();
    let window = serving.and_then(|serving| serving.window.as_ref());
    let shadow = state.shadow.as_ref();
    let page = [
        ("model", serving.map(model)),
        ("promise", state.promise.map(Value::from)),
        ("window", window.map(counts)),
        ("drift", window.and_then(|window| drift(window, &state.alarm))),
        ("expected_accuracy", serving.map(|serving| expected(serving, &state.alarm))),
        ("terms", Some(json!([]))),
        ("shadow", shadow.map(|shadow| compared(shadow, &state.comparison))),
    ];
    let page = page.map(|(name, part)| (name.to_owned(), part.unwrap_or_default()));
    let sample =
        window.and(serving).map(|serving| (serving.sample.clone(), Arc::clone(&serving.model)));
    (page.into_iter().collect(), sample)
}

fn model(serving: &Serving) -> Value {
    let Identity { name, version, sha256 } = serving.model.identity();
    json!({
        "name": name,
        "version": version,
        "sha256": sha256,
        "terms": serving.model.n_terms(),
        // Null for a model without a reference.
        "trained_on": serving.trained_on,
        // Null for a model that decides whatever it knows a word of.
        "target_error": serving.model.decision_rule().map(|rule| rule.target_error),
    })
}

fn counts(window: &Window) -> Value {
    json!({
        "reviews": window.len(),
        "capacity": window.capacity(),
        "mean_probability": window.mean_probability(),
        "mean_tokens": window.mean_tokens(),
        "oov_ratio": window.oov_ratio(),
    })
}

fn drift(window: &Window, alarm: &Alarm) -> Option<Value> {
    let features = window.readings().map(|reading| {
        let feature = json!({
            // Null without a review in the window.
            "psi": reading.psi,
            "training_mean": reading.reference.mean(),
            "edges": reading.reference.edges(),
            "training": reading.reference.counts(),
            "window": reading.counts,
        });
        (label(reading.feature).as_str().to_owned(), feature)
    });
    let features: Map<String, Value> = features.collect();
    (!features.is_empty()).then(|| {
        json!({
            "threshold": alarm.threshold(),
            "alarm": alarm.is_raised(),
            "features": features,
        })
    })
}

fn expected(serving: &Serving, alarm: &Alarm) -> Value {
    let floor = floor(&serving.model);
    match expected_accuracy(&serving.model, serving.window.as_ref(), alarm) {
        Ok(Estimate { value, low, high }) => {
            json!({ "estimate": value, "lower": low, "upper": high, "floor": floor })
        }
        Err(why) => json!({ "withheld": why.to_string(), "floor": floor }),
    }
}

fn terms(sample: &TermSample, model: &Model) -> Value {
    let shifts = sample.shifts(model, TERMS).into_iter().map(|shift| {
        json!({
            "term": shift.term,
            "window_df": shift.window_df,
            "training_df": shift.training_df,
            "shift": shift.shift,
        })
    });
    shifts.collect()
}

fn compared(shadow: &Shadow, comparison: &Comparison) -> Value {
    let Identity { name, version, sha256 } = shadow.identity();
    let examples = comparison.examples.iter().rev().map(|example| {
        json!({
            "source": example.source,
            "id": example.id,
            "serving": { "version": example.version, "probability": example.serving },
            "shadow": { "version": version, "probability": example.shadow },
        })
    });
    json!({
        "name": name,
        "version": version,
        "sha256": sha256,
        "share": shadow.share(),
        "agree": comparison.agree,
        "disagree": comparison.disagree,
        "failed": comparison.failed,
        "mean_difference": comparison.mean_difference(),
        "examples": examples.collect::<Value>(),
    })
}
