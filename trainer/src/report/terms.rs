//! The terms that speak most for each side.

use serde::Serialize;
use verdict_sentiment::Model;

/// A term of the vocabulary and its weight.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Term {
    /// Tokens joined by spaces.
    pub term: String,
    /// What a row value of one adds to the log-odds.
    pub weight: f32,
    /// `positive` or `negative`.
    pub side: &'static str,
}

/// At most `n` terms of each side, the positive ones first, strongest first; equal ones in the
/// order of their text.
#[must_use]
pub fn strongest(model: &Model, n: usize) -> (Vec<Term>, Vec<Term>) {
    let parts = model.parts();
    let terms = parts.vectorizer.vocabulary().terms();
    let mut all: Vec<(&str, f32)> = terms.zip(parts.weights.iter().copied()).collect();
    all.sort_by(|(a, x), (b, y)| y.abs().total_cmp(&x.abs()).then_with(|| a.cmp(b)));
    let side = |side: &'static str, sign: f32| {
        all.iter()
            .filter(|&&(_, weight)| weight * sign > 0.0)
            .take(n)
            .map(|&(term, weight)| Term { term: term.to_owned(), weight, side })
            .collect()
    };
    (side("positive", 1.0), side("negative", -1.0))
}
