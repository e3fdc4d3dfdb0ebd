//! What a model says of many texts.

use rayon::prelude::*;
use verdict_sentiment::{Model, Score, Scratch};

/// Scores texts on all threads of the pool, in their order.
#[must_use]
pub fn score_all(model: &Model, texts: &[impl AsRef<str> + Sync]) -> Vec<Score> {
    texts
        .par_iter()
        .map_init(Scratch::default, |scratch, text| model.score(scratch, text.as_ref()))
        .collect()
}

/// P(positive) of each text, in their order, whatever the number of threads.
#[must_use]
pub fn probabilities(model: &Model, texts: &[impl AsRef<str> + Sync]) -> Vec<f64> {
    score_all(model, texts).iter().map(|score| score.probability).collect()
}
