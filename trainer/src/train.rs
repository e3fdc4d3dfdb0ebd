//! The whole of training, from texts in memory to the bytes of a model.

use crate::corpus::Corpus;
use crate::examples::EXAMPLES;
use crate::ingest::manifest::CorpusFacts;
use crate::learn::calibrate::{CalibrateError, out_of_fold, platt};
use crate::learn::dense::{self, DenseError};
use crate::learn::folds::Folds;
use crate::learn::logistic::{self, Fit};
use crate::learn::matrix::Matrix;
use crate::learn::reference::{N_BINS, TextReference};
use crate::learn::select::{SelectError, fit_vectorizer};
use crate::metrics::Metrics;
use crate::params::{Params, Solver};
use rayon::prelude::*;
use serde_json::json;
use std::borrow::Cow;
use std::time::{Duration, Instant};
use verdict_sentiment::{
    Analyzer, ArtifactError, Bins, Calibration, Model, ModelParts, Reference, Vectorizer,
};

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
    /// There must be a review of each class in each fold, as scikit-learn asks for too.
    #[error(
        "{key} must be at most the number of reviews of the rarer class, {rarer}, got {folds} (params.yaml)"
    )]
    Folds {
        /// Which parameter.
        key: &'static str,
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
    let mut clock = Clock::default();
    check_classes(&corpus.labels, calibration_folds(params))?;
    let texts = preprocess(&params.vocabulary.options.analyzer, &corpus.texts);
    if matches!(texts, Cow::Owned(_)) {
        clock.lap("preprocess");
    }
    let vectorizer = fit_vectorizer(&texts, &params.after_preprocessing())?;
    clock.lap("vocabulary");
    let (matrix, seen) = Matrix::of_training(&vectorizer, &texts);
    clock.lap("vectorise");
    drop(texts);
    let fitted = fit(&matrix, &corpus.labels, params, &mut clock)?;
    let n_features = matrix.n_columns();
    let facts = Facts { data: &CorpusFacts::of(corpus), texts: &TextReference::new(&seen) };
    let artifact = encode(vectorizer, &fitted, params, facts, name)?;
    clock.lap("encode");
    let Fitted { fit, out_of_fold, .. } = fitted;
    Ok(Trained {
        artifact,
        n_features,
        iterations: fit.iterations,
        converged: fit.converged,
        out_of_fold,
        steps: clock.laps,
    })
}

/// The texts as they are split into tokens; the same ones where there is no preprocessing.
#[must_use]
pub fn preprocess<'a>(analyzer: &Analyzer, texts: &'a [String]) -> Cow<'a, [String]> {
    if analyzer.preprocessing.is_none() {
        return Cow::Borrowed(texts);
    }
    let preprocessed = texts.par_iter().map(|text| analyzer.preprocess(text));
    Cow::Owned(preprocessed.collect())
}

/// Weights and calibration.
#[derive(Debug, Clone)]
pub struct Fitted {
    /// The weights.
    pub fit: Fit,
    /// From log-odds to probability.
    pub calibration: Calibration,
    /// Metrics of the out-of-fold scores; `None` without a calibration.
    pub out_of_fold: Option<Metrics>,
    /// How the out-of-fold probabilities are distributed; `None` without a calibration.
    pub probability: Option<Bins>,
}

/// Fits weights and calibration to the rows of a matrix.
///
/// # Errors
/// Where there is one class only, or no finite optimum.
pub fn fit(
    matrix: &Matrix,
    labels: &[bool],
    params: &Params,
    clock: &mut Clock,
) -> Result<Fitted, TrainError> {
    check_classes(labels, calibration_folds(params))?;
    let fit = match params.solver {
        Solver::Lbfgs => logistic::fit(matrix, labels, &params.logistic, None)
            .map_err(|e| TrainError::Optimiser(e.to_string()))?,
        Solver::Linfa => dense::fit(matrix, labels, &params.logistic)?,
    };
    clock.lap("fit");
    let (calibration, out_of_fold, probability) = match params.calibration_folds {
        Some(n) => {
            let folds = Folds::new(&matrix.row_keys(), labels, n);
            let scores = out_of_fold(matrix, labels, &params.logistic, &folds)?;
            let calibration = platt(&scores, labels)?;
            let probabilities = scores.iter().map(|&score| calibration.probability(score));
            let probabilities: Vec<f64> = probabilities.collect();
            (
                calibration,
                Some(Metrics::new(&probabilities, labels)),
                Bins::of_equal_mass(&probabilities, N_BINS),
            )
        }
        None => (Calibration::IDENTITY, None, None),
    };
    clock.lap("calibrate");
    Ok(Fitted { fit, calibration, out_of_fold, probability })
}

/// What is told of the training reviews in the model.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// Which they were.
    pub data: &'a CorpusFacts,
    /// What they looked like; `None` where there was no review.
    pub texts: &'a Option<TextReference>,
}

/// The bytes of the model: the vectoriser with its preprocessing put back, the weights, and how it came about.
///
/// # Errors
/// Where the result is not a model that a consumer would load.
pub fn encode(
    vectorizer: Vectorizer,
    fitted: &Fitted,
    params: &Params,
    facts: Facts<'_>,
    name: &str,
) -> Result<Vec<u8>, TrainError> {
    let options = &params.vocabulary.options;
    let vectorizer = match options.analyzer.preprocessing.is_none() {
        true => vectorizer,
        false => Vectorizer::new(
            vectorizer.vocabulary().clone(),
            options.clone(),
            vectorizer.n_documents(),
            vectorizer.document_frequency().to_vec(),
        )
        .map_err(SelectError::from)?,
    };
    let Fitted { fit, calibration, out_of_fold, probability } = fitted;
    let reference = facts.texts.as_ref().map(|texts| Reference {
        probability: probability.clone(),
        tokens: texts.tokens.clone(),
        oov: texts.oov.clone(),
    });
    let about = json!({
        "data": facts.data,
        "fit": { "converged": fit.converged, "iterations": fit.iterations },
        "metrics": { "out_of_fold": out_of_fold },
        "params": params.raw.recorded(),
        "reference": reference,
    });
    let parts = ModelParts {
        name: name.to_owned(),
        vectorizer,
        weights: fit.weights.iter().map(|&weight| weight as f32).collect(),
        intercept: fit.intercept,
        calibration: *calibration,
        about,
    };
    Ok(Model::encode(parts, EXAMPLES)?)
}

fn calibration_folds(params: &Params) -> Option<(&'static str, usize)> {
    let folds = params.calibration_folds?;
    Some(("calibration.folds", folds))
}

/// There must be both classes, and where there are `folds`, named by their key, a review of each class in every fold.
pub(crate) fn check_classes(
    labels: &[bool],
    folds: Option<(&'static str, usize)>,
) -> Result<(), TrainError> {
    let positive = labels.iter().filter(|&&label| label).count();
    let negative = labels.len() - positive;
    let rarer = positive.min(negative);
    if rarer == 0 {
        return Err(TrainError::OneClass { positive, negative });
    }
    match folds {
        Some((key, folds)) if folds > rarer => Err(TrainError::Folds { key, folds, rarer }),
        _ => Ok(()),
    }
}

/// Times the steps.
#[derive(Debug)]
pub struct Clock {
    last: Instant,
    laps: Vec<(&'static str, Duration)>,
}

impl Default for Clock {
    fn default() -> Self {
        Self { last: Instant::now(), laps: Vec::new() }
    }
}

impl Clock {
    /// The step that ends now.
    pub fn lap(&mut self, step: &'static str) {
        let now = Instant::now();
        self.laps.push((step, now - self.last));
        self.last = now;
    }
}
