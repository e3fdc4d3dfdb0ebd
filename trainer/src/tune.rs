//! Parameters chosen by random search with cross-validation, on training reviews only.
//!
//! Source: Bergstra and Bengio, *Random Search for Hyper-Parameter Optimization*, JMLR 2012. The first trial is what the
//! parameters say; each other one draws a point of the space. A trial that is behind the best by more than [`BEHIND`] after
//! some of its folds is given up, and the search ends when nothing better has come for so many trials.

pub mod space;

use crate::corpus::Corpus;
use crate::learn::logistic;
use crate::learn::matrix::Matrix;
use crate::learn::select::fit_vectorizer;
use crate::metrics::Metrics;
use crate::params::{Params, RawParams};
use crate::train::{TrainError, preprocess};
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
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
            (
                "feature_engineering.min_df",
                Range::Choice(vec![json!(2), json!(3)]),
            ),
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
        for (key, value, least) in [
            ("trials", self.trials, 1),
            ("folds", self.folds, 2),
            ("patience", self.patience, 1),
        ] {
            if value < least {
                let bound = if least == 2 {
                    "at least 2"
                } else {
                    "at least 1"
                };
                problems.push((format!("tune.{key}"), bound, value.to_string()));
            }
        }
        for (key, range) in &self.ranges {
            if let Some(bound) = range.problem() {
                problems.push((
                    format!("tune.ranges.{key}"),
                    bound,
                    json!(range).to_string(),
                ));
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
    /// Mean accuracy of these folds.
    pub accuracy: f64,
    /// Mean log-loss of these folds; before calibration.
    pub log_loss: f64,
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
/// Where the first trial, what the parameters say, cannot be trained.
pub fn search(
    corpus: &Corpus,
    base: &Params,
    how: &Search,
    with: impl Fn(&RawParams, &Point) -> anyhow::Result<Params>,
    mut on_trial: impl FnMut(&Trial) -> anyhow::Result<()>,
) -> anyhow::Result<Params> {
    let mut rng = ChaCha8Rng::seed_from_u64(how.seed);
    let mut best: Option<(Trial, Params)> = None;
    let mut without_better = 0;
    for number in 0..how.trials {
        let point = match number {
            0 => Point::new(),
            _ => space::draw(&how.ranges, &mut rng),
        };
        let best_folds = best
            .as_ref()
            .map(|(trial, _)| trial.fold_accuracy.as_slice());
        let ran = with(&base.raw, &point).and_then(|params| {
            let folds = cross_validate(corpus, &params, how.folds, best_folds)?;
            Ok((params, folds))
        });
        let mut trial = Trial {
            trial: number,
            point,
            fold_accuracy: Vec::new(),
            accuracy: 0.0,
            log_loss: f64::MAX,
            given_up: false,
            error: None,
            best: false,
        };
        match ran {
            Err(error) if number == 0 => return Err(error),
            // Some corners of a space have no model, such as a vocabulary that is empty.
            Err(error) => trial.error = Some(format!("{error:#}")),
            Ok((params, folds)) => {
                let mean = |of: fn(&Metrics) -> f64| {
                    folds.iter().map(of).sum::<f64>() / folds.len().max(1) as f64
                };
                trial.accuracy = mean(|fold| fold.accuracy);
                trial.log_loss = mean(|fold| fold.log_loss);
                trial.fold_accuracy = folds.iter().map(|fold| fold.accuracy).collect();
                trial.given_up = folds.len() < how.folds;
                let is_better = best
                    .as_ref()
                    .is_none_or(|(best, _)| trial.accuracy.total_cmp(&best.accuracy).is_gt());
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

/// The fold of each row: contiguous blocks of each class, as scikit-learn's `StratifiedKFold` without shuffling makes them.
///
/// Reviews of one film have ids in a row. In blocks a fold holds films that its model has not read of, as a test split does;
/// with rows dealt out in turn it would be asked about films that it knows, and prefer a model that remembers them.
fn blocks(labels: &[bool], folds: usize) -> Vec<usize> {
    let size = |class: bool| {
        labels
            .iter()
            .filter(|&&label| label == class)
            .count()
            .max(1)
    };
    let sizes = [size(false), size(true)];
    let mut seen = [0_usize; 2];
    labels
        .iter()
        .map(|&label| {
            let class = usize::from(label);
            seen[class] += 1;
            (seen[class] - 1) * folds / sizes[class]
        })
        .collect()
}

/// Metrics of each fold, by a model that has seen neither its texts nor its labels; fewer where it fell behind.
fn cross_validate(
    corpus: &Corpus,
    params: &Params,
    folds: usize,
    best: Option<&[f64]>,
) -> Result<Vec<Metrics>, TrainError> {
    let texts = preprocess(&params.vocabulary.options.analyzer, &corpus.texts);
    let fold_of = blocks(&corpus.labels, folds);
    let mut done: Vec<Metrics> = Vec::with_capacity(folds);
    for fold in 0..folds {
        let part = |inside: bool| {
            let rows = (0..texts.len()).filter(|&row| (fold_of[row] == fold) == inside);
            let rows: Vec<usize> = rows.collect();
            let labels: Vec<bool> = rows.iter().map(|&row| corpus.labels[row]).collect();
            let texts: Vec<&str> = rows.iter().map(|&row| texts[row].as_str()).collect();
            (texts, labels)
        };
        let (train, train_labels) = part(false);
        let (held_out, labels) = part(true);
        let vectorizer = fit_vectorizer(&train, &params.after_preprocessing())?;
        let fit = logistic::fit(
            &Matrix::new(&vectorizer, &train),
            &train_labels,
            &params.logistic,
            None,
        )
        .map_err(|e| TrainError::Optimiser(e.to_string()))?;
        let rows = Matrix::new(&vectorizer, &held_out);
        let probabilities: Vec<f64> = logistic::scores_of_all(&rows, &fit)
            .into_iter()
            .map(verdict_sentiment::sigmoid)
            .collect();
        done.push(Metrics::new(&probabilities, &labels));
        let so_far = |accuracies: &[f64]| {
            let same: Vec<f64> = accuracies.iter().take(done.len()).copied().collect();
            same.iter().sum::<f64>() / same.len().max(1) as f64
        };
        let ours: Vec<f64> = done.iter().map(|fold| fold.accuracy).collect();
        if best.is_some_and(|best| so_far(&ours) + BEHIND < so_far(best)) {
            break;
        }
    }
    Ok(done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_are_blocks_of_each_class() {
        let labels: Vec<bool> = (0..18).map(|row| row >= 6).collect();
        let folds = blocks(&labels, 3);
        assert_eq!(folds[..6], [0, 0, 1, 1, 2, 2]);
        assert_eq!(folds[6..], [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2]);
    }
}
