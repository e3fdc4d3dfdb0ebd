//! Training as the commands do it: every step timed, errors with the keys of params.yaml.

use crate::memory;
use crate::params::Params;
use anyhow::Context;
use std::ops::Deref;
use std::time::{Duration, Instant};
use verdict_learning::corpus::Corpus;
use verdict_learning::learn::calibrate::CalibrateError;
use verdict_learning::learn::dense::DenseError;
use verdict_learning::learn::select::SelectError;
use verdict_learning::train::{TrainError, Trained};

/// A model, and how long each step of its training took.
#[derive(Debug, Clone)]
pub struct Timed {
    trained: Trained,
    /// The steps in their order.
    pub steps: Vec<(&'static str, Duration)>,
}

impl Timed {
    /// From texts in memory to the bytes of the model.
    #[must_use]
    pub fn took(&self) -> Duration {
        self.steps.iter().map(|(_, took)| *took).sum()
    }
}

impl Deref for Timed {
    type Target = Trained;

    fn deref(&self) -> &Trained {
        &self.trained
    }
}

/// Trains a model called `name`.
///
/// # Errors
/// Those of training, with the keys that they are about.
pub fn train(corpus: &Corpus, params: &Params, name: &str) -> anyhow::Result<Timed> {
    memory::warn_unless_it_fits(corpus.texts.iter().map(|text| text.len() as u64).sum());
    let mut last = Instant::now();
    let mut steps = Vec::new();
    let trained = params.train.fit_in_steps(corpus, name, |step| {
        let now = Instant::now();
        steps.push((step, now - last));
        last = now;
    });
    Ok(Timed { trained: trained.map_err(|error| with_keys(error, "calibration"))?, steps })
}

/// The error with the keys of params.yaml that it is about; `folds` is the section of the folds.
pub fn with_keys(error: TrainError, folds: &str) -> anyhow::Error {
    let keys = match &error {
        TrainError::Folds { .. } => return anyhow::anyhow!("{folds}.{error} (params.yaml)"),
        TrainError::Select(SelectError::Empty { .. }) => "feature_engineering.min_df, max_df",
        TrainError::Select(SelectError::Bounds { .. }) => "feature_engineering.max_df, min_df",
        TrainError::Dense(DenseError::TooLarge { .. }) => {
            "params.yaml: model_building.solver; use lbfgs, or lower feature_engineering.max_features"
        }
        TrainError::Calibrate(CalibrateError::Slope { .. }) => {
            "params.yaml: feature_engineering.min_df, max_df and max_features say which terms count; \
             calibration.method: none trains all the same"
        }
        _ => return error.into(),
    };
    anyhow::anyhow!("{error} ({keys})")
}

/// Runs `work` in a pool of so many threads; 0 is one for each core.
pub(crate) fn in_pool<T: Send>(
    threads: usize,
    work: impl FnOnce() -> T + Send,
) -> anyhow::Result<T> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    Ok(pool.with_context(|| format!("starting {threads} threads"))?.install(work))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_training_name_the_keys_that_they_are_about() {
        let (min_df, max_df) = (9.0, 3.0);
        for (error, key) in [
            (TrainError::Folds { folds: 3, rarer: 1 }, "tune.folds must be at most"),
            (TrainError::Folds { folds: 3, rarer: 1 }, "got 3 (params.yaml)"),
            (SelectError::Empty { n_documents: 1, min_df, max_df }.into(), "min_df, max_df)"),
            (SelectError::Bounds { min_df, max_df }.into(), "(feature_engineering.max_df, min_df)"),
            (DenseError::TooLarge { rows: 1, columns: 1 }.into(), "model_building.solver"),
            (CalibrateError::Slope { slope: -1.0 }.into(), "calibration.method: none"),
        ] {
            let text = with_keys(error, "tune").to_string();
            assert!(text.contains(key), "{key} in {text}");
        }
    }
}
