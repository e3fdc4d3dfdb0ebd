//! Reviews on which two models disagree: what would change on a promotion.

use crate::corpus::Reviews;
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

/// All flips, the largest change of probability first; equal ones by id.
#[must_use]
pub fn flips(reviews: Reviews<'_>, champion: &[f64], candidate: &[f64], texts: bool) -> Vec<Flip> {
    let mut flips: Vec<Flip> = champion
        .iter()
        .zip(candidate)
        .enumerate()
        .filter(|&(_, (&champion, &candidate))| (champion >= 0.5) != (candidate >= 0.5))
        .map(|(i, (&champion, &candidate))| Flip {
            id: reviews.ids()[i].clone(),
            truth: side(reviews.labels()[i]),
            champion,
            candidate,
            text: texts.then(|| reviews.texts()[i].clone()),
        })
        .collect();
    let change = |flip: &Flip| (flip.champion - flip.candidate).abs();
    flips.sort_by(|a, b| change(b).total_cmp(&change(a)).then_with(|| a.id.cmp(&b.id)));
    flips
}
