//! The models on the reviews of a decision.

use super::mcnemar::McNemar;
use super::slices::{Slice, slices_of};
use crate::corpus::Corpus;
use crate::estimate::Estimate;
use crate::metrics::Metrics;
use crate::scoring::{self, probabilities};
use crate::windows::{Length, drawn};
use serde::Serialize;
use verdict_sentiment::Model;

/// A model and how well it does.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Measured {
    /// What it is called.
    pub name: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of its file.
    pub sha256: String,
    /// On the reviews of the decision.
    pub metrics: Metrics,
}

/// Both models on the reviews of one kind.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SliceResult {
    /// Which kind.
    pub slice: Slice,
    /// Reviews of that kind.
    pub n: usize,
    /// Accuracy of the candidate; `None` where there is no review of that kind, as the next two.
    pub candidate: Option<Estimate>,
    /// Accuracy of the champion.
    pub champion: Option<Estimate>,
    /// The test between them.
    pub mcnemar: Option<McNemar>,
    /// Why these are not defined, where they are not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undefined: Option<&'static str>,
}

/// A model's answers.
pub(super) struct Judged {
    pub(super) measured: Measured,
    pub(super) probabilities: Vec<f64>,
    pub(super) right: Vec<bool>,
    /// Of the windows of each length, in the order of [`Length::ALL`].
    windows: [Vec<bool>; 3],
}

impl Judged {
    pub(super) fn new(model: &Model, reviews: &Corpus) -> Self {
        let probabilities = probabilities(model, &reviews.texts);
        let identity = model.identity();
        Self {
            measured: Measured {
                name: identity.name.clone(),
                version: identity.version.clone(),
                sha256: identity.sha256.clone(),
                metrics: Metrics::new(&probabilities, &reviews.labels),
            },
            right: right(&probabilities, &reviews.labels),
            windows: Length::ALL.map(|length| {
                let (texts, labels) = drawn(reviews, length);
                right(&scoring::probabilities(model, &texts), &labels)
            }),
            probabilities,
        }
    }
}

fn right(probabilities: &[f64], labels: &[bool]) -> Vec<bool> {
    probabilities.iter().zip(labels).map(|(&p, &label)| (p >= 0.5) == label).collect()
}

pub(super) fn slice_results(
    reviews: &Corpus,
    ours: &Judged,
    theirs: Option<&Judged>,
) -> Vec<SliceResult> {
    let slices: Vec<Vec<Slice>> = reviews.texts.iter().map(|text| slices_of(text)).collect();
    let of = |slice: Slice, judged: &Judged| -> Vec<bool> {
        if let Some(length) = slice.window() {
            return judged.windows[length as usize].clone();
        }
        judged
            .right
            .iter()
            .zip(&slices)
            .filter(|(_, slices)| slices.contains(&slice))
            .map(|(&right, _)| right)
            .collect()
    };
    let share = |right: &[bool]| {
        let k = right.iter().filter(|&&right| right).count();
        Estimate::fraction(k as u64, right.len() as u64)
    };
    Slice::ALL
        .into_iter()
        .map(|slice| {
            let candidate = of(slice, ours);
            let champion = theirs.map(|theirs| of(slice, theirs));
            SliceResult {
                slice,
                n: candidate.len(),
                candidate: share(&candidate),
                champion: champion.as_deref().and_then(share),
                mcnemar: champion
                    .filter(|champion| !champion.is_empty())
                    .map(|champion| McNemar::count(&champion, &candidate)),
                undefined: candidate.is_empty().then_some("no review is of this kind"),
            }
        })
        .collect()
}
