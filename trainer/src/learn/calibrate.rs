//! Platt calibration on out-of-fold scores: each review is scored by a model that has not seen it.

use super::dense::{DenseError, fit_dense};
use super::logistic::{Fold, LogisticParams, fit, scores};
use super::matrix::Matrix;
use super::naive_bayes::Weighting;
use ndarray::Array2;
use rayon::prelude::*;
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
    /// linfa could not fit the two parameters.
    #[error(transparent)]
    Platt(#[from] DenseError),
    /// More reviews of high score are negative than positive.
    #[error(
        "out-of-fold scores do not rise with the labels: the calibration's slope must be above 0, got {slope} \
         (params.yaml: calibration.method; none leaves it out)"
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
    folds: usize,
) -> Result<Vec<f64>, CalibrateError> {
    let of_fold = |index| -> Result<Vec<(usize, f64)>, CalibrateError> {
        let fold = Fold { index, of: folds };
        let fitted = fit(matrix, labels, params, Some(fold));
        let fitted = fitted.map_err(|e| CalibrateError::Fold {
            fold: index + 1,
            folds,
            reason: e.to_string(),
        })?;
        Ok(scores(matrix, &fitted, fold))
    };
    let of_folds = (0..folds)
        .into_par_iter()
        .map(of_fold)
        .collect::<Result<Vec<_>, _>>()?;
    let mut all = vec![0.0; matrix.n_rows];
    for (row, score) in of_folds.into_iter().flatten() {
        all[row] = score;
    }
    Ok(all)
}

/// Fits `P(positive) = sigmoid(slope · score + offset)` by linfa-logistic, practically without a penalty.
///
/// # Errors
/// Where linfa refuses, or where the slope is not above 0.
pub fn platt(scores: &[f64], labels: &[bool]) -> Result<Calibration, CalibrateError> {
    let params = LogisticParams {
        c: 1e9,
        max_iter: 200,
        tol: 1e-10,
        weighting: Weighting::None,
    };
    let rows = Array2::from_shape_fn((scores.len(), 1), |(row, _)| scores[row]);
    let fitted = fit_dense(rows, labels, &params)?;
    let slope = fitted.weights.first().copied().unwrap_or_default();
    if slope > 0.0 {
        Ok(Calibration {
            slope,
            offset: fitted.intercept,
        })
    } else {
        Err(CalibrateError::Slope { slope })
    }
}
