//! The whole of training, from texts in memory to the bytes of a model.

use crate::corpus::Corpus;
use crate::examples::EXAMPLES;
use crate::learn::calibrate::{CalibrateError, out_of_fold, platt};
use crate::learn::dense::{self, DenseError};
use crate::learn::logistic::{self, Fit};
use crate::learn::matrix::Matrix;
use crate::learn::select::{SelectError, fit_vectorizer};
use crate::metrics::Metrics;
use crate::params::{Params, Solver};
use serde_json::json;
use std::time::{Duration, Instant};
use verdict_sentiment::{ArtifactError, Calibration, Model, ModelParts};

/// A trained model and how it came about.
#[derive(Debug, Clone)]
pub struct Trained {
    /// The model file.
    pub artifact: Vec<u8>,
    /// Terms of the vocabulary.
    pub n_features: usize,
    /// Iterations of the optimiser.
    pub iterations: u64,
    /// Whether the optimiser reached its tolerance.
    pub converged: bool,
    /// Metrics on the training reviews, each scored by a model that has not seen it; `None` without a calibration.
    pub out_of_fold: Option<Metrics>,
    /// How long each step took.
    pub steps: Vec<(&'static str, Duration)>,
}

impl Trained {
    /// From texts in memory to the fitted model.
    #[must_use]
    pub fn took(&self) -> Duration {
        self.steps.iter().map(|(_, took)| *took).sum()
    }
}

/// Why training failed.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// There must be both classes.
    #[error("training needs both classes, got {positive} positive and {negative} negative reviews")]
    OneClass {
        /// Positive reviews.
        positive: usize,
        /// Negative reviews.
        negative: usize,
    },
    /// There must be a review of each class in all but any one fold.
    #[error(
        "calibration.folds must be at most the number of reviews of the rarer class, {rarer}, got {folds} (params.yaml)"
    )]
    Folds {
        /// Folds that were asked for.
        folds: usize,
        /// Reviews of the rarer class.
        rarer: usize,
    },
    /// No vocabulary.
    #[error(transparent)]
    Select(#[from] SelectError),
    /// argmin gave up.
    #[error("L-BFGS: {0}")]
    Optimiser(String),
    /// linfa gave up.
    #[error(transparent)]
    Dense(#[from] DenseError),
    /// No calibration.
    #[error(transparent)]
    Calibrate(#[from] CalibrateError),
    /// The result is not a model that a consumer would load.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
}

/// Trains a model called `name`. The same corpus, parameters and name give the same bytes.
///
/// # Errors
/// Where there is one class only, no vocabulary, or no finite optimum.
pub fn train(corpus: &Corpus, params: &Params, name: &str) -> Result<Trained, TrainError> {
    check_classes(corpus, params)?;
    let mut clock = Clock::default();
    let vectorizer = fit_vectorizer(&corpus.texts, &params.vocabulary)?;
    clock.lap("vocabulary");
    let matrix = Matrix::new(&vectorizer, &corpus.texts);
    clock.lap("vectorise");
    let fit = fit_weights(&matrix, &corpus.labels, params)?;
    clock.lap("fit");
    let (calibration, out_of_fold) = match params.calibration_folds {
        Some(folds) => {
            let scores = out_of_fold(&matrix, &corpus.labels, &params.logistic, folds)?;
            let calibration = platt(&scores, &corpus.labels)?;
            let probabilities: Vec<f64> = scores
                .iter()
                .map(|&score| calibration.probability(score))
                .collect();
            (
                calibration,
                Some(Metrics::new(&probabilities, &corpus.labels)),
            )
        }
        None => (Calibration::IDENTITY, None),
    };
    clock.lap("calibrate");
    let about = json!({
        "data": { "n_reviews": corpus.len(), "n_positive": n_positive(corpus), "sha256": corpus.sha256 },
        "fit": { "converged": fit.converged, "iterations": fit.iterations },
        "metrics": { "out_of_fold": out_of_fold },
        "params": params.raw,
    });
    let n_features = matrix.n_columns();
    let weights = fit.weights.iter().map(|&weight| weight as f32).collect();
    let parts = ModelParts {
        name: name.to_owned(),
        vectorizer,
        weights,
        intercept: fit.intercept,
        calibration,
        about,
    };
    let artifact = Model::encode(parts, EXAMPLES)?;
    clock.lap("encode");
    let Fit {
        iterations,
        converged,
        ..
    } = fit;
    Ok(Trained {
        artifact,
        n_features,
        iterations,
        converged,
        out_of_fold,
        steps: clock.laps,
    })
}

fn fit_weights(matrix: &Matrix, labels: &[bool], params: &Params) -> Result<Fit, TrainError> {
    match params.solver {
        Solver::Lbfgs => logistic::fit(matrix, labels, &params.logistic, None)
            .map_err(|e| TrainError::Optimiser(e.to_string())),
        Solver::Linfa => Ok(dense::fit(matrix, labels, &params.logistic)?),
    }
}

fn n_positive(corpus: &Corpus) -> usize {
    corpus.labels.iter().filter(|&&label| label).count()
}

fn check_classes(corpus: &Corpus, params: &Params) -> Result<(), TrainError> {
    let positive = n_positive(corpus);
    let negative = corpus.len() - positive;
    let rarer = positive.min(negative);
    if rarer == 0 {
        return Err(TrainError::OneClass { positive, negative });
    }
    match params.calibration_folds {
        Some(folds) if folds > rarer => Err(TrainError::Folds { folds, rarer }),
        _ => Ok(()),
    }
}

/// Times the steps.
struct Clock {
    last: Instant,
    laps: Vec<(&'static str, Duration)>,
}

impl Default for Clock {
    fn default() -> Self {
        Self {
            last: Instant::now(),
            laps: Vec::new(),
        }
    }
}

impl Clock {
    fn lap(&mut self, step: &'static str) {
        let now = Instant::now();
        self.laps.push((step, now - self.last));
        self.last = now;
    }
}
