//! Parameters chosen by random search with cross-validation, on training reviews only. All trials
//! have the same folds, which follow from the texts and not from their order.
//!
//! Source: Bergstra and Bengio, *Random Search for Hyper-Parameter Optimization*, JMLR 2012. The
//! first trial is what the parameters say; each other one draws a point of the space. A trial that
//! is behind the best by more than [`BEHIND`] after some of its folds is given up, and the search
//! ends when nothing better has come for so many trials.

mod space;

pub use space::{Point, Range, Space, draw};

use crate::bounds::{Check, ParamsError};
use crate::corpus::{Corpus, text_key};
use crate::learn::folds::Folds;
use crate::learn::logistic::{self, FitError};
use crate::learn::matrix::Matrix;
use crate::learn::rows::{LocalRows, Rows as _};
use crate::metrics::Metrics;
use crate::train::{CheckedTrainParams, TrainError, check_classes};
use crate::windows::Length;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::Serialize;
use serde_json::json;
use verdict_sentiment::sigmoid;

/// Accuracy by which a trial may be behind the best one after the same folds.
pub const BEHIND: f64 = 0.01;

/// How to search.
#[derive(Debug, Clone, PartialEq)]
pub struct Search {
    /// Most trials, at least 1.
    pub trials: usize,
    /// Folds of the cross-validation, at least 2.
    pub folds: usize,
    /// The search ends after so many trials in a row that brought nothing better, at least 1.
    pub patience: usize,
    /// Seed of the draws.
    pub seed: u64,
    /// What is measured: windows of the held-out reviews, or the reviews themselves.
    pub windows: Option<Length>,
    /// What is searched.
    pub ranges: Space,
}

impl Search {
    /// The search, if its numbers and ranges make one.
    ///
    /// # Errors
    /// All that is out of its bounds.
    pub fn check(self) -> Result<Self, ParamsError> {
        let mut check = Check::default();
        check.that(self.trials >= 1, "trials", "at least 1", self.trials);
        check.that(self.folds >= 2, "folds", "at least 2", self.folds);
        check.that(self.patience >= 1, "patience", "at least 1", self.patience);
        for (key, range) in &self.ranges {
            if let Some(bound) = range.problem() {
                check.that(false, &format!("ranges.{key}"), bound, json!(range));
            }
        }
        check.finish(self)
    }
}

/// One trial.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Trial {
    /// Number, from 0.
    pub trial: usize,
    /// What was drawn; nothing in the first trial.
    pub point: Point,
    /// Accuracy of each fold that was run.
    pub fold_accuracy: Vec<f64>,
    /// Mean accuracy of these folds; `None` where none was run, as the next one.
    pub accuracy: Option<f64>,
    /// Mean log-loss of these folds; before calibration.
    pub log_loss: Option<f64>,
    /// Whether it was given up before the last fold.
    pub given_up: bool,
    /// Why there is no result, where there is none.
    pub error: Option<String>,
    /// Whether it is the best so far.
    pub best: bool,
}

/// A search under way: [`ask`](Tuner::ask) for a point, [`measure`](Tuner::measure) its parameters,
/// [`record`](Tuner::record) what came of it, until there is no point any more.
///
/// ```
/// use verdict_learning::corpus::Corpus;
/// use verdict_learning::learn::logistic::LogisticParams;
/// use verdict_learning::train::TrainParams;
/// use verdict_learning::tune::{Range, Search, Tuner};
///
/// let reviews = (0..40).map(|i| (["a witty film", "a dull film"][i % 2].to_owned(), i % 2 == 0));
/// let corpus: Corpus = reviews.collect();
/// let ranges = [("C".to_owned(), Range::LogUniform([0.1, 100.0]))].into();
/// let search = Search { trials: 3, folds: 2, patience: 3, seed: 42, windows: None, ranges }.check()?;
/// let mut tuner = Tuner::new(&corpus, &search)?;
/// while let Some(point) = tuner.ask() {
///     let mut logistic = LogisticParams::default();
///     if let Some(c) = point.get("C").and_then(|value| value.as_f64()) {
///         logistic.c = c;
///     }
///     let params = TrainParams { logistic, ..TrainParams::default() }.check()?;
///     let measured = tuner.measure(&params).map_err(|error| error.to_string());
///     tuner.record(point, measured);
/// }
/// assert_eq!(tuner.best().and_then(|trial| trial.accuracy), Some(1.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Tuner<'a> {
    corpus: &'a Corpus,
    search: &'a Search,
    folds: Folds,
    rng: ChaCha8Rng,
    n_trials: usize,
    without_better: usize,
    best: Option<Trial>,
}

impl<'a> Tuner<'a> {
    /// Deals the reviews of `corpus` out to folds.
    ///
    /// # Errors
    /// Where there are too few reviews of a class for the folds.
    pub fn new(corpus: &'a Corpus, search: &'a Search) -> Result<Self, TrainError> {
        check_classes(&corpus.labels, Some(search.folds))?;
        let keys: Vec<u64> = corpus.texts.par_iter().map(|text| text_key(text)).collect();
        Ok(Self {
            corpus,
            search,
            folds: Folds::new(&keys, &corpus.labels, search.folds),
            rng: ChaCha8Rng::seed_from_u64(search.seed),
            n_trials: 0,
            without_better: 0,
            best: None,
        })
    }

    /// The point of the next trial, the first one without a value; `None` where the search ends.
    pub fn ask(&mut self) -> Option<Point> {
        let Search { trials, patience, ranges, .. } = self.search;
        if self.n_trials >= *trials || self.without_better >= *patience {
            return None;
        }
        Some(if self.n_trials == 0 { Point::new() } else { space::draw(ranges, &mut self.rng) })
    }

    /// Metrics of each fold, by a model that has seen neither its texts nor its labels; fewer where
    /// the parameters fall behind the best ones.
    ///
    /// # Errors
    /// Those of training.
    pub fn measure(&self, params: &CheckedTrainParams) -> Result<Vec<Metrics>, TrainError> {
        let texts = params.preprocess(&self.corpus.texts);
        let mut done: Vec<Metrics> = Vec::with_capacity(self.folds.n());
        for index in 0..self.folds.n() {
            let fold = self.folds.fold(index);
            let part = |inside: bool| -> (Vec<&str>, Vec<bool>) {
                let rows = (0..texts.len()).filter(|&row| fold.has(row) == inside);
                rows.map(|row| (texts[row].as_str(), self.corpus.labels[row])).unzip()
            };
            let (train, train_labels) = part(false);
            let (mut held_out, mut labels) = part(true);
            if let Some(length) = self.search.windows {
                let windows = held_out.iter().zip(&labels);
                (held_out, labels) = windows
                    .filter_map(|(text, &label)| Some((length.draw(text, 0)?, label)))
                    .unzip();
            }
            let vectorizer = params.fit_vectorizer(&train)?;
            let rows = Matrix::new(&vectorizer, &train);
            let windows = params.window_rows(&vectorizer, &train);
            let (matrix, windows, weight) = (&rows, Some(&windows), params.window_weight);
            let rows = LocalRows { matrix, labels: &train_labels, windows, weight };
            let fit = logistic::fit(&rows, &params.logistic)?;
            let held_out = Matrix::new(&vectorizer, &held_out);
            let asked = [logistic::scores_by(&fit, &held_out.columns, None)];
            let answers = LocalRows::of_reviews(&held_out, &labels).answer(None, &asked);
            let scores = answers.map_err(FitError::Rows)?.remove(0).numbers;
            let probabilities: Vec<f64> = scores.into_iter().map(sigmoid).collect();
            done.push(Metrics::new(&probabilities, &labels));
            let ours = accuracies(&done);
            let best = self.best.as_ref().and_then(|best| best.fold_accuracy.get(..ours.len()));
            if let (Some(ours), Some(best)) = (mean(&ours), best.and_then(mean))
                && ours + BEHIND < best
            {
                break;
            }
        }
        Ok(done)
    }

    /// Ends the trial of a point: with the metrics of its folds, or with why there are none. Some
    /// corners of a space have no model, such as a vocabulary that is empty.
    pub fn record(&mut self, point: Point, measured: Result<Vec<Metrics>, String>) -> Trial {
        let mut trial = Trial { trial: self.n_trials, point, ..Trial::default() };
        match measured {
            Err(error) => trial.error = Some(error),
            Ok(folds) => {
                trial.fold_accuracy = accuracies(&folds);
                trial.accuracy = mean(&trial.fold_accuracy);
                let log_loss: Vec<f64> = folds.iter().filter_map(|fold| fold.log_loss).collect();
                trial.log_loss = mean(&log_loss);
                trial.given_up = folds.len() < self.search.folds;
                let best = self.best.as_ref();
                let is_better = best.is_none_or(|best| trial.accuracy > best.accuracy);
                trial.best = is_better && !trial.given_up;
            }
        }
        self.n_trials += 1;
        self.without_better = if trial.best { 0 } else { self.without_better + 1 };
        if trial.best {
            self.best = Some(trial.clone());
        }
        trial
    }

    /// The best trial so far.
    #[must_use]
    pub fn best(&self) -> Option<&Trial> {
        self.best.as_ref()
    }
}

fn accuracies(folds: &[Metrics]) -> Vec<f64> {
    folds.iter().filter_map(|fold| fold.accuracy).collect()
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}
