//! Platt calibration on out-of-fold scores: each review is scored by a model that has not seen it.

use super::folds::Folds;
use super::logistic::{LogisticParams, Targets, fit, fit_to, scores};
use super::matrix::{Matrix, MatrixBuilder};
use super::naive_bayes::Weighting;
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

/// The score that each row gets from the fit without its own fold.
///
/// # Errors
/// Where a fold cannot be fitted.
pub fn out_of_fold(
    matrix: &Matrix,
    labels: &[bool],
    params: &LogisticParams,
    folds: &Folds,
) -> Result<Vec<f64>, CalibrateError> {
    let of_fold = |index| -> Result<Vec<(usize, f64)>, CalibrateError> {
        let fold = folds.fold(index);
        let fitted = fit(matrix, labels, params, Some(fold));
        let fitted = fitted.map_err(|e| CalibrateError::Fold {
            fold: index + 1,
            folds: folds.n(),
            reason: e.to_string(),
        })?;
        Ok(scores(matrix, &fitted, |row| fold.has(row)))
    };
    let of_folds = (0..folds.n()).into_par_iter().map(of_fold).collect::<Result<Vec<_>, _>>()?;
    let mut all = vec![0.0; matrix.n_rows];
    for (row, score) in of_folds.into_iter().flatten() {
        all[row] = score;
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
    // In units of their root mean square, so that tolerance and penalty mean the same for scores of
    // any size.
    let squares: f64 = scores.iter().map(|score| score * score).sum();
    let unit = match (squares / scores.len() as f64).sqrt() {
        unit if unit > 0.0 => unit,
        _ => 1.0,
    };
    let mut rows = MatrixBuilder::new(scores.len(), &[scores.len() as u32], &[1.0]);
    for score in scores {
        rows.row(once((0, 0.0)), score / unit);
    }
    // Practically without a penalty.
    let params = LogisticParams { c: 1e12, max_iter: 200, tol: 1e-10, weighting: Weighting::None };
    let fitted = fit_to(&rows.finish(), targets, &params, None, None);
    let fitted = fitted.map_err(|e| CalibrateError::Platt(e.to_string()))?;
    let slope = fitted.weights.iter().sum::<f64>() / unit;
    if slope > 0.0 {
        Ok(Calibration { slope, offset: fitted.intercept })
    } else {
        Err(CalibrateError::Slope { slope })
    }
}
