//! All that a model is measured by on reviews it has not seen, whole ones and pieces of them.

use crate::corpus::Corpus;
use crate::metrics::{Confusion, Metrics};
use crate::scoring::Decided;
use crate::windows::{self, Length};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use verdict_sentiment::Model;

/// [`Metrics`] with the counts that they come from, in JSON beside each other, and those on short
/// pieces of the reviews.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measures {
    /// The metrics.
    #[serde(flatten)]
    pub metrics: Metrics,
    /// Reviews that are positive.
    pub n_positive: usize,
    /// Reviews that are negative.
    pub n_negative: usize,
    /// Reviews by truth and answer.
    #[serde(flatten)]
    pub confusion: Confusion,
    /// On one window of each length from each review, by [`windows::measure`]; not in files of
    /// before they were measured.
    #[serde(default)]
    pub windows: BTreeMap<Length, Metrics>,
    /// What the model decides about the reviews.
    #[serde(default)]
    pub decided: Decided,
    /// What it decides about the windows.
    #[serde(default)]
    pub windows_decided: BTreeMap<Length, Decided>,
}

impl Measures {
    /// Computes everything, and gives P(positive) of each review too, in their order.
    #[must_use]
    pub fn with_probabilities(model: &Model, reviews: &Corpus) -> (Self, Vec<f64>) {
        let labels = &reviews.labels;
        let (decided, probabilities) = Decided::with_probabilities(model, &reviews.texts, labels);
        let confusion = Confusion::at(0.5, &probabilities, labels);
        let measured = windows::measure(model, reviews);
        let measures = Self {
            metrics: Metrics::new(&probabilities, labels),
            n_positive: confusion.tp + confusion.fn_,
            n_negative: confusion.fp + confusion.tn,
            confusion,
            windows: measured.iter().map(|(&length, &(metrics, _))| (length, metrics)).collect(),
            decided,
            windows_decided: measured
                .into_iter()
                .map(|(length, (_, made))| (length, made))
                .collect(),
        };
        (measures, probabilities)
    }
}
