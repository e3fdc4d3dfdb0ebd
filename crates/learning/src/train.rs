//! The whole of training, from texts in memory to the bytes of a model.

use crate::bounds::{Check, ParamsError};
use crate::corpus::{Corpus, CorpusFacts};
use crate::learn::alike;
use crate::learn::calibrate::{CalibrateError, out_of_fold};
use crate::learn::columns::Columns;
use crate::learn::dense::{self, DenseError};
use crate::learn::facts::Facts;
use crate::learn::logistic::{self, Fit, FitError, LogisticParams};
use crate::learn::matrix::{Matrix, WindowRows};
use crate::learn::reference::TextReference;
use crate::learn::rows::{LocalRows, Rows};
use crate::learn::select::{SelectError, VocabularyParams, fit_vectorizer};
use crate::metrics::Metrics;
use crate::unseen::{Unseen, Wanted};
use rayon::prelude::*;
use serde_json::{Value, json};
use std::borrow::Cow;
use std::ops::Deref;
use verdict_sentiment::{ArtifactError, Model, ModelParts, Preprocessing, Reference, Vectorizer};

/// Parameters of a training; the default ones are those of scikit-learn's system that Verdict is
/// measured against: 20,000 terms, no windows.
///
/// ```
/// use verdict_learning::corpus::Corpus;
/// use verdict_learning::learn::logistic::LogisticParams;
/// use verdict_learning::train::TrainParams;
/// use verdict_sentiment::{Model, Scratch};
///
/// let reviews = (0..40).map(|i| match i % 2 {
///     0 => (format!("Warm and witty, number {i}"), true),
///     _ => (format!("Dull and clumsy, number {i}"), false),
/// });
/// let corpus: Corpus = reviews.collect();
/// let trained = TrainParams::default().check()?.fit(&corpus, "films")?;
/// let model = Model::from_bytes(&trained.artifact)?;
/// assert!(model.score(&mut Scratch::default(), "a witty film").probability > 0.5);
///
/// let logistic = LogisticParams { c: -0.5, ..LogisticParams::default() };
/// let error = TrainParams { logistic, ..TrainParams::default() }.check().unwrap_err();
/// assert_eq!(error.to_string(), "C must be > 0, got -0.5");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct TrainParams {
    /// Texts to terms.
    pub vocabulary: VocabularyParams,
    /// Terms to weights.
    pub logistic: LogisticParams,
    /// Which optimiser.
    pub solver: Solver,
    /// So many windows of one sentence, and as many of two, of each training review are further
    /// rows; at most 100.
    pub windows: u64,
    /// What each of them counts, where a review counts 1; at least 0.
    pub window_weight: f64,
    /// Folds of the calibration, 2 to 100; `None` takes the scores themselves for log-odds.
    pub folds: Option<usize>,
    /// Whether the calibration knows how many terms of a text are known; it needs windows.
    pub by_length: bool,
    /// Largest share of errors among the texts that the model decides about, above 0 and below 0.5;
    /// `None` decides about all that have a known term.
    pub target_error: Option<f64>,
    /// What the model's file keeps of them, as `about.params`.
    pub recorded: Value,
}

/// Which optimiser fits the weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Solver {
    /// argmin's L-BFGS over sparse rows.
    Lbfgs,
    /// linfa-logistic over dense rows, for small vocabularies.
    Linfa,
}

impl Default for TrainParams {
    fn default() -> Self {
        Self {
            vocabulary: VocabularyParams::default(),
            logistic: LogisticParams::default(),
            solver: Solver::Lbfgs,
            windows: 0,
            window_weight: 0.0,
            folds: Some(3),
            by_length: false,
            target_error: None,
            recorded: Value::Null,
        }
    }
}

impl TrainParams {
    /// Checks every bound.
    ///
    /// # Errors
    /// All parameters that are out of their bounds.
    pub fn check(self) -> Result<CheckedTrainParams, ParamsError> {
        let mut check = Check::default();
        self.vocabulary.check(&mut check);
        self.logistic.check(&mut check);
        check.that(self.windows <= 100, "windows", "at most 100", self.windows);
        let weight = self.window_weight;
        check.that(weight >= 0.0 && weight.is_finite(), "window_weight", "at least 0", weight);
        let is_alone = self.windows == 0 || self.solver == Solver::Lbfgs;
        check.that(is_alone, "windows", "0 where the solver is linfa", self.windows);
        let has_windows = self.windows > 0 || !self.by_length;
        let bound = "at least 1 where the calibration knows the length";
        check.that(has_windows, "windows", bound, self.windows);
        if let Some(target) = self.target_error {
            let holds = target > 0.0 && target < 0.5;
            check.that(holds, "target_error", "above 0 and below 0.5", target);
            let bound = "null where there is no calibration";
            check.that(self.folds.is_some(), "target_error", bound, target);
        }
        if let Some(folds) = self.folds {
            check.that((2..=100).contains(&folds), "folds", "between 2 and 100", folds);
        }
        check.finish(CheckedTrainParams(self))
    }
}

/// Parameters that are within their bounds.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckedTrainParams(TrainParams);

impl Deref for CheckedTrainParams {
    type Target = TrainParams;

    fn deref(&self) -> &TrainParams {
        &self.0
    }
}

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
    /// Metrics on the training reviews, each scored by a model that has not seen it; `None` without
    /// a calibration.
    pub out_of_fold: Option<Metrics>,
}

impl Trained {
    pub(crate) fn new(artifact: Vec<u8>, n_features: usize, fitted: Fitted) -> Self {
        let Fitted { fit, unseen } = fitted;
        let Fit { iterations, converged, .. } = fit;
        Self { artifact, n_features, iterations, converged, out_of_fold: unseen.out_of_fold }
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
    #[error("folds must be at most the number of reviews of the rarer class, {rarer}, got {folds}")]
    Folds {
        /// Folds that were asked for.
        folds: usize,
        /// Reviews of the rarer class.
        rarer: usize,
    },
    /// No vocabulary.
    #[error(transparent)]
    Select(#[from] SelectError),
    /// No optimum, or no answer.
    #[error(transparent)]
    Fit(#[from] FitError),
    /// linfa gave up.
    #[error(transparent)]
    Dense(#[from] DenseError),
    /// linfa would need all rows in one process.
    #[error(
        "solver linfa needs all reviews in one process, and these are spread over many; use lbfgs"
    )]
    LinfaSpread,
    /// No calibration.
    #[error(transparent)]
    Calibrate(#[from] CalibrateError),
    /// The result is not a model that a consumer would load.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
}

impl CheckedTrainParams {
    /// The same with another preprocessing, which has no bounds.
    #[must_use]
    pub fn with_preprocessing(mut self, preprocessing: Preprocessing) -> Self {
        self.0.vocabulary.options.analyzer.preprocessing = preprocessing;
        self
    }

    /// Trains a model called `name`. The same corpus, parameters and name give the same bytes.
    ///
    /// # Errors
    /// Where there is one class only or a fold without one of them, no vocabulary, no finite
    /// optimum, or no calibration; where the name is none that a model may have.
    pub fn fit(&self, corpus: &Corpus, name: &str) -> Result<Trained, TrainError> {
        self.fit_in_steps(corpus, name, |_| {})
    }

    /// As [`fit`](Self::fit); `done` gets the name of each step that ends: `preprocess` (where
    /// there is something to do), `vocabulary`, `vectorise`, `fit`, `calibrate` and `encode`.
    ///
    /// # Errors
    /// Those of [`fit`](Self::fit).
    pub fn fit_in_steps(
        &self,
        corpus: &Corpus,
        name: &str,
        mut done: impl FnMut(&'static str),
    ) -> Result<Trained, TrainError> {
        check_classes(&corpus.labels, self.folds)?;
        let texts = self.preprocess(&corpus.texts);
        if matches!(texts, Cow::Owned(_)) {
            done("preprocess");
        }
        let vectorizer = self.fit_vectorizer(&texts)?;
        done("vocabulary");
        let (matrix, seen) = Matrix::of_training(&vectorizer, &texts);
        let windows = self.window_rows(&vectorizer, &texts);
        done("vectorise");
        drop(texts);
        let fitted = self.fit_local(&matrix, &windows, &corpus.labels, &mut done)?;
        let n_features = matrix.columns.len();
        let texts = TextReference::new(&seen);
        let artifact = self.encode(vectorizer, &fitted, &corpus.facts(), texts.as_ref(), name)?;
        done("encode");
        Ok(Trained::new(artifact, n_features, fitted))
    }

    /// The texts as they are split into tokens; the same ones where there is no preprocessing.
    #[must_use]
    pub fn preprocess<'a>(&self, texts: &'a [String]) -> Cow<'a, [String]> {
        let analyzer = &self.vocabulary.options.analyzer;
        if analyzer.preprocessing.is_none() {
            return Cow::Borrowed(texts);
        }
        Cow::Owned(texts.par_iter().map(|text| analyzer.preprocess(text)).collect())
    }

    /// Fits the vectoriser on texts that are preprocessed.
    ///
    /// # Errors
    /// Where no term is left, or where the bounds on document frequencies contradict each other.
    pub fn fit_vectorizer(
        &self,
        texts: &[impl AsRef<str> + Sync],
    ) -> Result<Vectorizer, TrainError> {
        Ok(fit_vectorizer(texts, &self.vocabulary.after_preprocessing())?)
    }

    /// The rows of the windows of texts that are preprocessed; none where none are asked for.
    #[must_use]
    pub fn window_rows(
        &self,
        vectorizer: &Vectorizer,
        texts: &[impl AsRef<str> + Sync],
    ) -> WindowRows {
        WindowRows::new(vectorizer, texts, self.windows)
    }

    /// Fits weights and calibration to the rows of reviews and of their windows; `done` gets `fit`
    /// and `calibrate`.
    ///
    /// # Errors
    /// Where there is one class only, or no finite optimum.
    pub fn fit_local(
        &self,
        matrix: &Matrix,
        windows: &WindowRows,
        labels: &[bool],
        done: impl FnMut(&'static str),
    ) -> Result<Fitted, TrainError> {
        let windows = (windows.matrix.n_rows > 0).then_some(windows);
        let rows = LocalRows { matrix, labels, windows, weight: self.window_weight };
        let facts = Facts::new(&rows, self.first_rare(&matrix.columns, labels.len()));
        let dense = match self.solver {
            Solver::Lbfgs => None,
            Solver::Linfa => Some(dense::fit(matrix, labels, &self.logistic)?),
        };
        self.fit_rows(&rows, &facts, dense, done)
    }

    /// The first rank of the terms that [`Facts::rare`] has of each of so many reviews.
    #[must_use]
    pub fn first_rare(&self, columns: &Columns, n_reviews: usize) -> u32 {
        match self.by_length {
            true => alike::first_rare(columns, n_reviews),
            false => u32::MAX,
        }
    }

    /// As [`fit_local`](Self::fit_local), of rows wherever they are; `fit` has the weights where
    /// another solver has fitted them.
    ///
    /// # Errors
    /// Where there is one class only, no finite optimum, or no answer.
    pub fn fit_rows(
        &self,
        rows: &dyn Rows,
        facts: &Facts,
        fit: Option<Fit>,
        mut done: impl FnMut(&'static str),
    ) -> Result<Fitted, TrainError> {
        check_classes(&facts.labels, self.folds)?;
        let all = fit.is_none().then_some(None);
        let Some(folds) = self.folds else {
            let fit = fit.map_or_else(|| logistic::fit(rows, &self.logistic), Ok)?;
            done("fit");
            return Ok(Fitted { fit, unseen: Unseen::default() });
        };
        let Self(TrainParams { by_length, target_error, .. }) = *self;
        let wanted = Wanted { folds, by_length, target_error };
        let folds = wanted.folds(facts, rows.columns());
        let which: Vec<_> = (0..folds.n() as u32).map(Some).chain(all).collect();
        let mut fits = logistic::fit_folds(rows, &folds, &which, &self.logistic)?;
        let of_folds: Vec<Fit> = fits.drain(..folds.n()).collect();
        let fit = fits.pop().or(fit).ok_or_else(|| FitError::Optimiser("no fit".to_owned()))?;
        done("fit");
        let scores = out_of_fold(rows, facts, &folds, &of_folds).map_err(FitError::Rows)?;
        let unseen = Unseen::new(wanted, facts, (&scores.0, &scores.1))?;
        done("calibrate");
        Ok(Fitted { fit, unseen })
    }

    /// The bytes of the model: the vectoriser with its preprocessing put back, the weights, and how
    /// it came about. `data` are the training reviews in numbers, `texts` what they looked like.
    ///
    /// # Errors
    /// Where the result is not a model that a consumer would load.
    pub fn encode(
        &self,
        vectorizer: Vectorizer,
        fitted: &Fitted,
        data: &CorpusFacts,
        texts: Option<&TextReference>,
        name: &str,
    ) -> Result<Vec<u8>, TrainError> {
        let options = &self.vocabulary.options;
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
        let Fitted { fit, unseen } = fitted;
        let Unseen { calibration, out_of_fold, probability, decision } = unseen;
        let reference = texts.map(|texts| Reference {
            probability: probability.clone(),
            tokens: texts.tokens.clone(),
            oov: texts.oov.clone(),
        });
        let mut about = json!({
            "data": data,
            "fit": { "converged": fit.converged, "iterations": fit.iterations },
            "metrics": { "out_of_fold": out_of_fold },
            "params": self.recorded,
            "reference": reference,
        });
        // A model without one has no key for it, and keeps its bytes.
        if let (Some(decision), Some(about)) = (decision, about.as_object_mut()) {
            about.insert("decision".to_owned(), json!(decision));
        }
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
}

/// Weights and calibration.
#[derive(Debug, Clone)]
pub struct Fitted {
    /// The weights.
    pub fit: Fit,
    /// What came of the reviews that were left out.
    pub unseen: Unseen,
}

/// There must be both classes, and a review of each class in every fold.
pub(crate) fn check_classes(labels: &[bool], folds: Option<usize>) -> Result<(), TrainError> {
    let positive = labels.iter().filter(|&&label| label).count();
    let negative = labels.len() - positive;
    let rarer = positive.min(negative);
    if rarer == 0 {
        return Err(TrainError::OneClass { positive, negative });
    }
    match folds {
        Some(folds) if folds > rarer => Err(TrainError::Folds { folds, rarer }),
        _ => Ok(()),
    }
}

/// Texts that every model carries with its scores, so that whoever loads it computes them again:
/// both sides, negation, every kind of character, nothing at all.
pub const EXAMPLES: &[&str] = &[
    "",
    "A wonderful film. The acting is superb and I loved every minute of it.",
    "What a waste of time: the worst plot I have seen in years, and the acting was terrible.",
    "Not bad at all, but not great either; the second half drags.",
    "I can't recommend this. I didn't laugh once, and I wanted to.",
    "Excellent, excellent, EXCELLENT! 10/10 would watch again.",
    "<br />Boring.<br /><br />Poorly directed, badly written, 1 out of 10.",
    "Amélie is a café-crème of a film: naïve, über-sweet, ΟΔΥΣΣΕΥΣ would weep. 美しい映画 🎬 ½ \u{0}\u{7f}",
    "the the the the the the the the the the the the the the the the the the the the the the the the",
];
