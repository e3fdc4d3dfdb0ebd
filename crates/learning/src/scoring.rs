//! What a model says of many texts.

use crate::estimate::Estimate;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use verdict_sentiment::{Decision, Label, Model, Score, Scratch};

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
    /// What a model decides about texts, where `true` is positive.
    #[must_use]
    pub fn new(model: &Model, texts: &[impl AsRef<str> + Sync], labels: &[bool]) -> Self {
        let of_text = |scratch: &mut Scratch, (text, &label): (&_, &bool)| {
            let score = model.score(scratch, AsRef::as_ref(text));
            let decision = model.decide(scratch.columns().len(), score.probability);
            let is_decided = decision != Decision::Unsure;
            let is_wrong = is_decided && (score.label == Label::Positive) != label;
            (u64::from(is_decided), u64::from(is_wrong))
        };
        let of_texts = texts.par_iter().zip(labels).map_init(Scratch::default, of_text);
        let (decided, wrong) = of_texts.reduce(|| (0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
        Self { texts: texts.len() as u64, decided, wrong }
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
