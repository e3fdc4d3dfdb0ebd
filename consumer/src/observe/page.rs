//! `/model`: what is watched, as JSON.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex},
};

use serde::Serialize;
use verdict_messages::Position;
use verdict_sentiment::Identity;

use super::{
    shadow::Disagreement,
    state::{State, TERMS, lock},
    terms::TermSample,
    watcher::label,
};

#[derive(Serialize)]
struct Page {
    model: Option<Model>,
    window: Option<Window>,
    drift: Option<Drift>,
    terms: Vec<Term>,
    shadow: Option<Shadow>,
}

#[derive(Serialize)]
struct Model {
    name: String,
    version: String,
    sha256: String,
    terms: usize,
    /// Training reviews of the reference; null for a model without one.
    trained_on: Option<u64>,
}

#[derive(Serialize)]
struct Window {
    reviews: usize,
    capacity: usize,
    mean_probability: Option<f64>,
    mean_tokens: Option<f64>,
    oov_ratio: Option<f64>,
}

#[derive(Serialize)]
struct Drift {
    threshold: f64,
    alarm: bool,
    features: BTreeMap<&'static str, Feature>,
}

#[derive(Serialize)]
struct Feature {
    /// Null without a review in the window.
    psi: Option<f64>,
    training_mean: f64,
    edges: Vec<f64>,
    training: Vec<u64>,
    window: Vec<u32>,
}

#[derive(Serialize)]
struct Term {
    term: String,
    window_df: f64,
    training_df: f64,
    shift: f64,
}

#[derive(Serialize)]
struct Shadow {
    name: String,
    version: String,
    sha256: String,
    share: f64,
    agree: u64,
    disagree: u64,
    failed: u64,
    mean_difference: Option<f64>,
    examples: Vec<Example>,
}

#[derive(Serialize)]
struct Example {
    source: Position,
    id: String,
    serving: Scored,
    shadow: Scored,
}

#[derive(Serialize)]
struct Scored {
    version: String,
    probability: f64,
}

/// The page as it is now. The terms are ranked outside of the lock, which the loop may be waiting for.
pub(super) fn render(state: &Arc<Mutex<State>>) -> String {
    let (mut page, sample) = read(&lock(state));
    if let Some((sample, model)) = sample {
        let shifts = sample.shifts(&model, TERMS);
        page.terms = shifts
            .into_iter()
            .map(|shift| Term {
                term: shift.term.to_owned(),
                window_df: shift.window_df,
                training_df: shift.training_df,
                shift: shift.shift,
            })
            .collect();
    }
    serde_json::to_string_pretty(&page)
        .map_or_else(|error| format!("{{\"error\":\"{error}\"}}\n"), |text| text + "\n")
}

type Sample = (TermSample, Arc<verdict_sentiment::Model>);

fn read(state: &State) -> (Page, Option<Sample>) {
    let serving = state.serving.as_ref();
    let window = serving.and_then(|serving| serving.window.as_ref());
    let page = Page {
        model: serving.map(|serving| {
            let identity = serving.model.identity();
            Model {
                name: identity.name.clone(),
                version: identity.version.clone(),
                sha256: identity.sha256.clone(),
                terms: serving.model.n_terms(),
                trained_on: serving.trained_on,
            }
        }),
        window: window.map(|window| Window {
            reviews: window.len(),
            capacity: window.capacity(),
            mean_probability: window.mean_probability(),
            mean_tokens: window.mean_tokens(),
            oov_ratio: window.oov_ratio(),
        }),
        drift: window.filter(|window| window.readings().next().is_some()).map(|window| Drift {
            threshold: state.alarm.threshold(),
            alarm: state.alarm.is_raised(),
            features: window
                .readings()
                .map(|reading| {
                    let feature = Feature {
                        psi: reading.psi,
                        training_mean: reading.reference.mean(),
                        edges: reading.reference.edges().to_vec(),
                        training: reading.reference.counts().to_vec(),
                        window: reading.counts.to_vec(),
                    };
                    (label(reading.feature).as_str(), feature)
                })
                .collect(),
        }),
        terms: Vec::new(),
        shadow: state.shadow.as_ref().map(|shadow| Shadow {
            name: shadow.identity().name.clone(),
            version: shadow.identity().version.clone(),
            sha256: shadow.identity().sha256.clone(),
            share: shadow.share(),
            agree: state.tally.agree,
            disagree: state.tally.disagree,
            failed: state.tally.failed,
            mean_difference: state.tally.mean_difference(),
            examples: examples(&state.tally.examples, shadow.identity()),
        }),
    };
    let sample =
        window.and(serving).map(|serving| (serving.sample.clone(), Arc::clone(&serving.model)));
    (page, sample)
}

fn examples(examples: &VecDeque<Disagreement>, shadow: &Identity) -> Vec<Example> {
    let examples = examples.iter().rev().map(|example| Example {
        source: example.source.clone(),
        id: example.id.clone(),
        serving: Scored { version: example.version.clone(), probability: example.serving },
        shadow: Scored { version: shadow.version.clone(), probability: example.shadow },
    });
    examples.collect()
}
