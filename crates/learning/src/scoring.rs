//! What a model says of many texts.

use crate::estimate::Estimate;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use verdict_sentiment::{Decision, Model, Score, Scratch};

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

/// How many texts a model decides about, and how many of these wrongly.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    /// All texts.
    pub texts: u64,
    /// Those that are not `unsure`.
    pub decided: u64,
    /// Those of them that are the other side.
    pub wrong: u64,
}

impl Decided {
    /// What a model decides about texts, where `true` is positive, and P(positive) of each.
    #[must_use]
    pub fn with_probabilities(
        model: &Model,
        texts: &[impl AsRef<str> + Sync],
        labels: &[bool],
    ) -> (Self, Vec<f64>) {
        let of_text = |scratch: &mut Scratch, text: &_| {
            let probability = model.score(scratch, AsRef::as_ref(text)).probability;
            (probability, model.decide(scratch.columns().len(), probability))
        };
        let of_texts = texts.par_iter().map_init(Scratch::default, of_text);
        let (probabilities, decisions): (Vec<f64>, Vec<Decision>) = of_texts.unzip();
        let mut sums = Self { texts: texts.len() as u64, ..Self::default() };
        for (decision, &is_positive) in decisions.into_iter().zip(labels) {
            let is_wrong = match decision {
                Decision::Unsure => continue,
                Decision::Positive => !is_positive,
                Decision::Negative => is_positive,
            };
            sums.decided += 1;
            sums.wrong += u64::from(is_wrong);
        }
        (sums, probabilities)
    }

    /// Share of the texts that is decided; `None` of nothing.
    #[must_use]
    pub fn coverage(self) -> Option<Estimate> {
        Estimate::fraction(self.decided, self.texts)
    }

    /// Share of errors among what is decided; `None` where nothing is.
    #[must_use]
    pub fn error(self) -> Option<Estimate> {
        Estimate::fraction(self.wrong, self.decided)
    }
}
