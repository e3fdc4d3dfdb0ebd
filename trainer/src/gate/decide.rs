//! The decision itself.

use super::checks::{Checks, Reason};
use super::flips::{Flip, flips};
use super::mcnemar::McNemar;
use super::slices::{Share, Slice, slices_of};
use super::thresholds::Gate;
use crate::metrics::Metrics;
use crate::scoring::Reviews;
use serde::Serialize;
use verdict_sentiment::Model;

/// Whether to promote, and why. Serialises to `reports/promotion.json`.
#[derive(Debug, Clone, Serialize)]
pub struct Decision {
    /// Whether the candidate may serve: every check has passed.
    pub accepted: bool,
    /// Every check that was made, in order.
    pub reasons: Vec<Reason>,
    /// Reviews that both models were measured on.
    pub n_reviews: usize,
    /// Names them: SHA-256 over labels and texts.
    pub data_sha256: String,
    /// The model that asks.
    pub candidate: Measured,
    /// The model that serves; `None` for the first.
    pub champion: Option<Measured>,
    /// The test between them; `None` without a champion.
    pub mcnemar: Option<McNemar>,
    /// Kinds of reviews.
    pub slices: Vec<SliceResult>,
    /// Reviews whose label would change.
    pub n_flips: usize,
    /// The first of them, the largest change first.
    pub flips: Vec<Flip>,
    /// The bounds that were applied.
    pub gate: Gate,
}

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
    pub candidate: Option<Share>,
    /// Accuracy of the champion.
    pub champion: Option<Share>,
    /// The test between them.
    pub mcnemar: Option<McNemar>,
    /// Why these are not defined, where they are not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undefined: Option<&'static str>,
}

/// How much of the flips a decision carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FlipsWanted {
    /// So many at most.
    pub most: usize,
    /// With the texts.
    pub texts: bool,
}

impl Default for FlipsWanted {
    fn default() -> Self {
        Self { most: 50, texts: false }
    }
}

/// Decides whether `candidate` may take the place of `champion`, on reviews that neither was trained on.
///
/// Without a champion the candidate is held against the floors alone. A candidate whose bytes are the champion's is refused,
/// since there is nothing to promote. The same models, reviews and gate give the same decision, whatever the number of
/// threads.
#[must_use]
pub fn compare(
    champion: Option<&Model>,
    candidate: &Model,
    reviews: Reviews<'_>,
    gate: &Gate,
    wanted: FlipsWanted,
) -> Decision {
    let ours = Judged::new(candidate, reviews);
    let theirs = champion.map(|champion| Judged::new(champion, reviews));
    let slices = slice_results(reviews, &ours, theirs.as_ref());
    let mut checks = Checks::default();
    checks.by_itself(candidate, &ours.measured.metrics, reviews, gate);
    let mcnemar = theirs.as_ref().map(|theirs| {
        let test = McNemar::count(&theirs.right, &ours.right);
        checks.against(&ours.measured, &theirs.measured, &test, gate);
        checks.slices(&slices, gate);
        test
    });
    let mut flips = theirs.as_ref().map_or_else(Vec::new, |theirs| {
        flips(reviews, &theirs.probabilities, &ours.probabilities, wanted.texts)
    });
    let n_flips = flips.len();
    flips.truncate(wanted.most);
    Decision {
        accepted: checks.reasons.iter().all(|reason| reason.passed),
        reasons: checks.reasons,
        n_reviews: reviews.len(),
        data_sha256: reviews.sha256(),
        candidate: ours.measured,
        champion: theirs.map(|theirs| theirs.measured),
        mcnemar,
        slices,
        n_flips,
        flips,
        gate: *gate,
    }
}

/// A model's answers.
struct Judged {
    measured: Measured,
    probabilities: Vec<f64>,
    right: Vec<bool>,
}

impl Judged {
    fn new(model: &Model, reviews: Reviews<'_>) -> Self {
        let probabilities = reviews.probabilities(model);
        let identity = model.identity();
        Self {
            measured: Measured {
                name: identity.name.clone(),
                version: identity.version.clone(),
                sha256: identity.sha256.clone(),
                metrics: Metrics::new(&probabilities, reviews.labels()),
            },
            right: right(&probabilities, reviews.labels()),
            probabilities,
        }
    }
}

fn right(probabilities: &[f64], labels: &[bool]) -> Vec<bool> {
    probabilities.iter().zip(labels).map(|(&p, &label)| (p >= 0.5) == label).collect()
}

fn slice_results(reviews: Reviews<'_>, ours: &Judged, theirs: Option<&Judged>) -> Vec<SliceResult> {
    let slices: Vec<Vec<Slice>> = reviews.texts().iter().map(|text| slices_of(text)).collect();
    let of = |slice: Slice, right: &[bool]| -> Vec<bool> {
        right
            .iter()
            .zip(&slices)
            .filter(|(_, slices)| slices.contains(&slice))
            .map(|(&right, _)| right)
            .collect()
    };
    let share = |right: &[bool]| Share::new(right.iter().filter(|&&x| x).count(), right.len());
    Slice::ALL
        .into_iter()
        .map(|slice| {
            let candidate = of(slice, &ours.right);
            let champion = theirs.map(|theirs| of(slice, &theirs.right));
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
