//! The review log, as the trainer reads it: what a record says, and which reviews are labelled.

use crate::errors;
use crate::texts;
use pyo3::prelude::*;
use pyo3::types::PyList;
use serde_json::json;
use std::sync::{Mutex, PoisonError};
use verdict_learning::corpus::{Corpus, Split};
use verdict_messages::review_log::{self, LabelEvent, ReviewEvent};
use verdict_messages::{Headers, Position};
use verdict_params::{RawDataIngestion, RawParams};

/// Headers of a record, as Spark has them.
type Pairs = Vec<(String, Option<Vec<u8>>)>;

/// Id, text and whether it is positive of a labelled review.
type Labelled = (String, String, bool);

/// Labelled reviews, and what is said of them, as JSON.
type Found = (Vec<Labelled>, String);

/// Of which review a record of the topic of labels is, and whether it calls it positive; `None` for
/// the latter takes a label back. Nothing for what is no label.
#[pyfunction]
pub(crate) fn label_event(
    key: Option<&[u8]>,
    value: Option<&[u8]>,
) -> Option<(String, Option<bool>)> {
    let LabelEvent { id, positive } = LabelEvent::of(key, value).ok()?;
    Some((id, positive))
}

/// Of which review a record of the topic of reviews is, and its text; `None` for the latter erases
/// it. Nothing for what is no review. `at` is topic, partition and offset.
#[pyfunction]
pub(crate) fn review_event(
    key: Option<&[u8]>,
    value: Option<&[u8]>,
    headers: Option<Pairs>,
    at: (String, i32, i64),
) -> Option<(String, Option<String>)> {
    let mut known = Headers::new();
    for (name, value) in headers.unwrap_or_default() {
        match value {
            Some(value) => known.push(name, value),
            None => known.push_null(name),
        }
    }
    let position = Position { topic: at.0.into(), partition: at.1, offset: at.2 };
    let ReviewEvent { id, text } = ReviewEvent::of(key, value, &known, &position).ok()?;
    Some((id, text))
}

/// What params.yaml says beside training, as JSON: `split` as a manifest has it, and the model's
/// `name`.
#[pyfunction]
pub(crate) fn settings(params: &str) -> PyResult<String> {
    let raw = RawParams::from_yaml(params, "params.yaml").map_err(errors::model)?;
    let RawDataIngestion { split, test_size, seed, .. } = &raw.data_ingestion;
    let split = json!({ "by": split, "test_size": test_size, "seed": seed });
    Ok(json!({ "split": split, "name": raw.model_registration.name }).to_string())
}

/// Whether each text is held out; `split` is JSON.
#[pyfunction]
pub(crate) fn holds_out(list: &Bound<'_, PyList>, split: &str) -> PyResult<Vec<bool>> {
    let split: Split = serde_json::from_str(split).map_err(errors::model)?;
    Ok(texts::texts(list)?.iter().map(|text| split.holds_out(text)).collect())
}

/// Labelled reviews in the order of their ids, and what a manifest says of them, as JSON.
#[pyfunction]
pub(crate) fn corpus_facts(reviews: Vec<Labelled>) -> PyResult<Found> {
    let corpus = Corpus::with_ids(reviews);
    let facts = serde_json::to_string(&corpus.facts()).map_err(errors::model)?;
    let Corpus { ids, texts, labels, .. } = corpus;
    let reviews = ids.into_iter().zip(texts).zip(labels);
    Ok((reviews.map(|((id, text), label)| (id, text, label)).collect(), facts))
}

/// Reviews and labels of some ids, joined.
#[pyclass(frozen, module = "verdict._native")]
#[derive(Default)]
pub(crate) struct Join(Mutex<review_log::Join>);

impl Join {
    fn with<T>(&self, of: impl FnOnce(&mut review_log::Join) -> T) -> T {
        of(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[pymethods]
impl Join {
    #[new]
    fn new() -> Self {
        Self::default()
    }

    /// Takes the next label; without an id, what is no label.
    fn label(&self, id: Option<String>, positive: Option<bool>) {
        self.with(|join| join.label(id.map(|id| LabelEvent { id, positive })));
    }

    /// Takes the next review; without an id, what is no review.
    fn review(&self, id: Option<String>, text: Option<String>) {
        self.with(|join| join.review(id.map(|id| ReviewEvent { id, text })));
    }

    /// Id, text and label of each labelled review, and what was seen, as JSON.
    fn finish(&self) -> PyResult<Found> {
        let (reviews, counts) = self.with(std::mem::take).finish();
        Ok((reviews, serde_json::to_string(&counts).map_err(errors::model)?))
    }
}
