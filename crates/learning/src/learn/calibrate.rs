//! Calibration on out-of-fold scores: each review is scored by a model that has not seen it.

use super::columns::Columns;
use super::facts::Facts;
use super::folds::Folds;
use super::logistic::{Fit, LogisticParams, fit_to, scores_by};
use super::matrix::MatrixBuilder;
use super::naive_bayes::Weighting;
use super::rows::{LocalRows, Rows, RowsError};
use linfa::DatasetBase;
use linfa::traits::Fit as _;
use linfa_logistic::LogisticRegression;
use ndarray::{Array1, Array2};
use std::iter::once;
use verdict_sentiment::Calibration;

/// Why there is no calibration.
#[derive(Debug, thiserror::Error)]
pub enum CalibrateError {
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

/// The score that each review, and each window, gets from the fit without its own fold; `windows`
/// has the row of each one's review.
///
/// # Errors
/// Where the rows do not answer.
pub fn out_of_fold(
    rows: &dyn Rows,
    facts: &Facts,
    folds: &Folds,
    fits: &[Fit],
) -> Result<(Vec<f64>, Vec<f64>), RowsError> {
    let asked = (0..).zip(fits).map(|(fold, fit)| scores_by(fit, rows.columns(), Some(fold)));
    let mut all = (vec![0.0; facts.labels.len()], vec![0.0; facts.windows.len()]);
    for (fold, of_fold) in
        rows.answer(Some(folds), &asked.collect::<Vec<_>>())?.into_iter().enumerate()
    {
        let fold = folds.fold(fold);
        let reviews = (0..all.0.len()).filter(|&row| fold.has(row));
        reviews.zip(of_fold.numbers).for_each(|(row, score)| all.0[row] = score);
        let in_fold = |&window: &usize| fold.has(facts.windows[window].0 as usize);
        let windows = (0..all.1.len()).filter(in_fold);
        windows.zip(of_fold.of_windows).for_each(|(window, score)| all.1[window] = score);
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
    let targets = [1.0 / (negative + 2.0), (positive + 1.0) / (positive + 2.0)];
    let unit = unit(scores);
    let mut rows = MatrixBuilder::new(scores.len(), Columns::new(&[scores.len() as u32], &[1.0]));
    for (row, score) in scores.iter().enumerate() {
        rows.row(row, once((0, 0.0)), score / unit);
    }
    // Practically without a penalty.
    let params = LogisticParams { c: 1e12, max_iter: 200, tol: 1e-10, weighting: Weighting::None };
    let fitted = fit_to(&LocalRows::of_reviews(&rows.finish(), labels), targets, &params);
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
