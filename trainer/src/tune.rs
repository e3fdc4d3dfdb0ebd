//! Parameters chosen by random search with cross-validation, on training reviews only. All trials have the same folds, which
//! follow from the texts and not from their order.
//!
//! Source: Bergstra and Bengio, *Random Search for Hyper-Parameter Optimization*, JMLR 2012. The first trial is what the
//! parameters say; each other one draws a point of the space. A trial that is behind the best by more than [`BEHIND`] after
//! some of its folds is given up, and the search ends when nothing better has come for so many trials.

pub mod space;

use crate::corpus::{Corpus, text_key};
use crate::learn::folds::Folds;
use crate::learn::logistic;
use crate::learn::matrix::Matrix;
use crate::learn::select::fit_vectorizer;
use crate::metrics::Metrics;
use crate::params::{Params, RawParams};
use crate::train::{TrainError, check_classes, preprocess};
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::json;
use space::{Point, Range, Space};

/// Accuracy by which a trial may be behind the best one after the same folds.
pub const BEHIND: f64 = 0.01;

/// How to search.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Search {
    /// Most trials.
    pub trials: usize,
    /// Folds of the cross-validation.
    pub folds: usize,
    /// The search ends after so many trials in a row that brought nothing better.
    pub patience: usize,
    /// Seed of the draws.
    pub seed: u64,
    /// What is searched.
    pub ranges: Space,
}

impl Default for Search {
    fn default() -> Self {
        let ranges = [
            ("model_building.C", Range::LogUniform([20.0, 2000.0])),
            ("model_building.smoothing", Range::LogUniform([0.02, 2.0])),
            (
                "feature_engineering.ngram_range",
                Range::Choice(vec![json!([1, 2]), json!([1, 3]), json!([1, 4])]),
            ),
            ("feature_engineering.min_df", Range::Choice(vec![json!(2), json!(3)])),
        ];
        Self {
            trials: 20,
            folds: 3,
            patience: 10,
            seed: 42,
            ranges: ranges.map(|(key, range)| (key.to_owned(), range)).into(),
        }
    }
}

impl Search {
    /// What is wrong with it: key, bound, value.
    #[must_use]
    pub fn problems(&self) -> Vec<(String, &'static str, String)> {
        let mut problems = Vec::new();
        for (key, value, least) in
            [("trials", self.trials, 1), ("folds", self.folds, 2), ("patience", self.patience, 1)]
        {
            if value < least {
                let bound = if least == 2 { "at least 2" } else { "at least 1" };
                problems.push((format!("tune.{key}"), bound, value.to_string()));
            }
        }
        for (key, range) in &self.ranges {
            if let Some(bound) = range.problem() {
                problems.push((format!("tune.ranges.{key}"), bound, json!(range).to_string()));
            }
        }
        problems
    }
}

/// One trial.
#[derive(Debug, Clone, PartialEq, Serialize)]
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

/// Searches and gives the parameters of the best trial; `on_trial` sees each.
///
/// # Errors
/// Where there are too few reviews of a class for the folds, or where the first trial, what the parameters say, cannot be
/// trained.
pub fn search(
    corpus: &Corpus,
    base: &Params,
    how: &Search,
    with: impl Fn(&RawParams, &Point) -> anyhow::Result<Params>,
    mut on_trial: impl FnMut(&Trial) -> anyhow::Result<()>,
) -> anyhow::Result<Params> {
    check_classes(&corpus.labels, Some(("tune.folds", how.folds)))?;
    let keys: Vec<u64> = corpus.texts.par_iter().map(|text| text_key(text)).collect();
    let folds = Folds::new(&keys, &corpus.labels, how.folds);
    let mut rng = ChaCha8Rng::seed_from_u64(how.seed);
    let mut best: Option<(Trial, Params)> = None;
    let mut without_better = 0;
    for number in 0..how.trials {
        let point = match number {
            0 => Point::new(),
            _ => space::draw(&how.ranges, &mut rng),
        };
        let best_folds = best.as_ref().map(|(trial, _)| trial.fold_accuracy.as_slice());
        let ran = with(&base.raw, &point).and_then(|params| {
            let measured = cross_validate(corpus, &params, &folds, best_folds)?;
            Ok((params, measured))
        });
        let mut trial = Trial {
            trial: number,
            point,
            fold_accuracy: Vec::new(),
            accuracy: None,
            log_loss: None,
            given_up: false,
            error: None,
            best: false,
        };
        match ran {
            Err(error) if number == 0 => return Err(error),
            // Some corners of a space have no model, such as a vocabulary that is empty.
            Err(error) => trial.error = Some(format!("{error:#}")),
            Ok((params, measured)) => {
                trial.fold_accuracy = measured.iter().filter_map(|fold| fold.accuracy).collect();
                trial.accuracy = mean(&trial.fold_accuracy);
                let log_loss: Vec<f64> = measured.iter().filter_map(|fold| fold.log_loss).collect();
                trial.log_loss = mean(&log_loss);
                trial.given_up = measured.len() < how.folds;
                let is_better =
                    best.as_ref().is_none_or(|(best, _)| trial.accuracy > best.accuracy);
                trial.best = is_better && !trial.given_up;
                if trial.best {
                    best = Some((trial.clone(), params));
                }
            }
        }
        on_trial(&trial)?;
        without_better = if trial.best { 0 } else { without_better + 1 };
        if without_better >= how.patience {
            break;
        }
    }
    best.map(|(_, params)| params)
        .ok_or_else(|| anyhow::anyhow!("tune.trials must be at least 1, got 0"))
}

/// Metrics of each fold, by a model that has seen neither its texts nor its labels; fewer where it fell behind.
fn cross_validate(
    corpus: &Corpus,
    params: &Params,
    folds: &Folds,
    best: Option<&[f64]>,
) -> Result<Vec<Metrics>, TrainError> {
    let texts = preprocess(&params.vocabulary.options.analyzer, &corpus.texts);
    let mut done: Vec<Metrics> = Vec::with_capacity(folds.n());
    for index in 0..folds.n() {
        let fold = folds.fold(index);
        let part = |inside: bool| {
            let rows = (0..texts.len()).filter(|&row| fold.has(row) == inside);
            let rows: Vec<usize> = rows.collect();
            let labels: Vec<bool> = rows.iter().map(|&row| corpus.labels[row]).collect();
            let texts: Vec<&str> = rows.iter().map(|&row| texts[row].as_str()).collect();
            (texts, labels)
        };
        let (train, train_labels) = part(false);
        let (held_out, labels) = part(true);
        let vectorizer = fit_vectorizer(&train, &params.after_preprocessing())?;
        let fit =
            logistic::fit(&Matrix::new(&vectorizer, &train), &train_labels, &params.logistic, None)
                .map_err(|e| TrainError::Optimiser(e.to_string()))?;
        let rows = Matrix::new(&vectorizer, &held_out);
        let probabilities: Vec<f64> = logistic::scores_of_all(&rows, &fit)
            .into_iter()
            .map(verdict_sentiment::sigmoid)
            .collect();
        done.push(Metrics::new(&probabilities, &labels));
        let ours: Vec<f64> = done.iter().filter_map(|fold| fold.accuracy).collect();
        let theirs = best.and_then(|best| mean(best.get(..ours.len())?));
        if let (Some(ours), Some(theirs)) = (mean(&ours), theirs)
            && ours + BEHIND < theirs
        {
            break;
        }
    }
    Ok(done)
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}
