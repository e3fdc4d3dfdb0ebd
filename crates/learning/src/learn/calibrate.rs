//! Calibration on out-of-fold scores: each review is scored by a model that has not seen it.

use super::folds::Folds;
use super::logistic::{LogisticParams, Targets, fit, fit_to, scores};
use super::matrix::{Matrix, MatrixBuilder, WindowRows};
use super::naive_bayes::Weighting;
use linfa::DatasetBase;
use linfa::traits::Fit as _;
use linfa_logistic::LogisticRegression;
use ndarray::{Array1, Array2};
use rayon::prelude::*;
use std::iter::once;
use verdict_sentiment::Calibration;

/// Why there is no calibration.
#[derive(Debug, thiserror::Error)]
pub enum CalibrateError {
    /// A fold could not be fitted.
    #[error("fitting fold {fold} of {folds}: {reason}")]
    Fold {
        /// Which, from 1.
        fold: usize,
        /// How many there are.
        folds: usize,
        /// What argmin said.
        reason: String,
    },
    /// The two parameters could not be fitted.
    #[error("fitting the calibration: {0}")]
    Platt(String),
    /// linfa could not fit the calibration by length.
    #[error("fitting the calibration")]
    Linfa(#[from] linfa_logistic::error::Error),
    /// More reviews of high score are negative than positive.
    #[error(
        "the features do not tell the classes apart: on reviews left out of the training the scores do not rise with the \
         labels, the calibration's slope must be above 0, got {slope}"
    )]
    Slope {
        /// The fitted slope.
        slope: f64,
    },
}

/// The score that each row, and each window, gets from the fit without its own fold.
///
/// # Errors
/// Where a fold cannot be fitted.
pub fn out_of_fold(
    matrix: &Matrix,
    labels: &[bool],
    windows: (&WindowRows, f64),
    params: &LogisticParams,
    folds: &Folds,
) -> Result<(Vec<f64>, Vec<f64>), CalibrateError> {
    type Scores = Vec<(usize, f64)>;
    let review = |window: usize| windows.0.review[window] as usize;
    let of_fold = |index| -> Result<(Scores, Scores), CalibrateError> {
        let fold = folds.fold(index);
        let fitted = fit(matrix, labels, windows, params, Some(fold));
        let fitted = fitted.map_err(|e| CalibrateError::Fold {
            fold: index + 1,
            folds: folds.n(),
            reason: e.to_string(),
        })?;
        let of_windows = scores(&windows.0.matrix, &fitted, |window| fold.has(review(window)));
        Ok((scores(matrix, &fitted, |row| fold.has(row)), of_windows))
    };
    let of_folds = (0..folds.n()).into_par_iter().map(of_fold).collect::<Result<Vec<_>, _>>()?;
    let mut all = (vec![0.0; matrix.n_rows], vec![0.0; windows.0.matrix.n_rows]);
    for (of_rows, of_windows) in of_folds {
        of_rows.into_iter().for_each(|(row, score)| all.0[row] = score);
        of_windows.into_iter().for_each(|(window, score)| all.1[window] = score);
    }
    Ok(all)
}

/// Fits `P(positive) = sigmoid(slope · score + offset)`.
///
/// Targets are not 0 and 1 but `1 / (negatives + 2)` and `(positives + 1) / (positives + 2)`, what
/// is to be expected of a review of each class after so many: without them scores that part the
/// classes would make few reviews certain.
///
/// Source: Platt, *Probabilistic outputs for support vector machines and comparisons to regularized
/// likelihood methods*, 1999.
///
/// # Errors
/// Where argmin gives up, or where the slope is not above 0.
pub fn platt(scores: &[f64], labels: &[bool]) -> Result<Calibration, CalibrateError> {
    let positive = labels.iter().filter(|&&label| label).count() as f64;
    let negative = labels.len() as f64 - positive;
    let targets =
        Targets { labels, of_class: [1.0 / (negative + 2.0), (positive + 1.0) / (positive + 2.0)] };
    let unit = unit(scores);
    let mut rows = MatrixBuilder::new(scores.len(), &[scores.len() as u32], &[1.0]);
    for score in scores {
        rows.row(once((0, 0.0)), score / unit);
    }
    // Practically without a penalty.
    let params = LogisticParams { c: 1e12, max_iter: 200, tol: 1e-10, weighting: Weighting::None };
    let fitted = fit_to(&rows.finish(), targets, None, &params, None, None);
    let fitted = fitted.map_err(|e| CalibrateError::Platt(e.to_string()))?;
    let slope = fitted.weights.iter().sum::<f64>() / unit;
    if slope > 0.0 {
        Ok(Calibration { slope, offset: fitted.intercept, long: None })
    } else {
        Err(CalibrateError::Slope { slope })
    }
}

/// The root mean square of scores: in units of it, tolerance and penalty mean the same for scores
/// of any size.
fn unit(scores: &[f64]) -> f64 {
    let squares: f64 = scores.iter().map(|score| score * score).sum();
    match (squares / scores.len() as f64).sqrt() {
        unit if unit > 0.0 => unit,
        _ => 1.0,
    }
}

/// Fits a calibration that knows the number of known terms of each text, see [`Calibration::long`]:
/// a logistic regression without an intercept, by linfa-logistic.
///
/// Its penalty, that of C = 1, is nothing beside thousands of texts. Beside few it does what the
/// targets of [`platt`] do: scores that part the classes make no certainty.
///
/// # Errors
/// Where linfa refuses, or where the probability would not rise with the score at every length.
pub fn by_length(
    scores: &[f64],
    n_terms: &[usize],
    labels: &[bool],
) -> Result<Calibration, CalibrateError> {
    let unit = unit(scores);
    let mut rows = Array2::zeros((scores.len(), 3));
    for ((mut row, score), &n) in rows.rows_mut().into_iter().zip(scores).zip(n_terms) {
        let [few, many] = Calibration::shares(n);
        row.assign(&ndarray::arr1(&[score / unit * few, score / unit * many, many]));
    }
    let fitted = LogisticRegression::default()
        .alpha(1.0)
        .with_intercept(false)
        .max_iterations(500)
        .gradient_tolerance(1e-7 * scores.len() as f64)
        .fit(&DatasetBase::new(rows, Array1::from(labels.to_vec())))?;
    // linfa calls the larger class positive.
    let sign = if fitted.labels().pos.class { 1.0 } else { -1.0 };
    // Of the precision of the weights: what lies beyond that of the fit is left out.
    let of = |at: usize, unit: f64| f64::from((sign * fitted.params()[at] / unit) as f32);
    let calibration =
        Calibration { slope: of(0, unit), offset: of(2, 1.0), long: Some(of(1, unit)) };
    match calibration.rises() {
        true => Ok(calibration),
        false => Err(CalibrateError::Slope { slope: calibration.slope }),
    }
}
