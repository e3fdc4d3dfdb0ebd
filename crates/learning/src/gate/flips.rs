//! Reviews on which two models disagree: what would change on a promotion.

use crate::corpus::Corpus;
use crate::metrics::side;
use serde::Serialize;

/// A review that the candidate labels otherwise than the champion.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Flip {
    /// The review's id.
    pub id: String,
    /// `positive` or `negative`.
    pub truth: &'static str,
    /// P(positive) of the champion.
    pub champion: f64,
    /// P(positive) of the candidate.
    pub candidate: f64,
    /// The text, where it was asked for: review texts are not meant to end up in every log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// All flips, those of [`changed`] in its order.
#[must_use]
pub fn flips(reviews: &Corpus, champion: &[f64], candidate: &[f64], texts: bool) -> Vec<Flip> {
    let changed = changed(&reviews.ids, champion, candidate).into_iter();
    let flip = |i: usize| Flip {
        id: reviews.ids[i].clone(),
        truth: side(reviews.labels[i]),
        champion: champion[i],
        candidate: candidate[i],
        text: texts.then(|| reviews.texts[i].clone()),
    };
    changed.map(flip).collect()
}

/// The places of the reviews that get another label, the largest change of P(positive) first; equal
/// ones by id. Ids and both probabilities stand in the same order.
#[must_use]
pub fn changed(ids: &[String], champion: &[f64], candidate: &[f64]) -> Vec<usize> {
    let is_changed = |&i: &usize| (champion[i] >= 0.5) != (candidate[i] >= 0.5);
    let mut changed: Vec<usize> = (0..ids.len()).filter(is_changed).collect();
    let change = |i: usize| (champion[i] - candidate[i]).abs();
    changed.sort_by(|&a, &b| change(b).total_cmp(&change(a)).then_with(|| ids[a].cmp(&ids[b])));
    changed
}
