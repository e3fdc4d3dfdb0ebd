//! What a model says of many texts.

use crate::corpus::Reviews;
use rayon::prelude::*;
use verdict_sentiment::{Model, Score, Scratch};

/// Scores texts on all threads of the pool, in their order.
#[must_use]
pub fn score_all(model: &Model, texts: &[String]) -> Vec<Score> {
    texts
        .par_iter()
        .map_init(Scratch::default, |scratch, text| model.score(scratch, text))
        .collect()
}

impl Reviews<'_> {
    /// P(positive) of each review, in `f64` and in their order, whatever the number of threads.
    #[must_use]
    pub fn probabilities(&self, model: &Model) -> Vec<f64> {
        score_all(model, self.texts()).iter().map(|score| score.probability).collect()
    }
}
