//! `solver: linfa`: linfa-logistic on dense rows, for small vocabularies, and the oracle of the
//! sparse solver.

use super::logistic::{Fit, LogisticParams};
use super::matrix::Matrix;
use super::rows::{LocalRows, Question, Rows as _};
use linfa::DatasetBase;
use linfa::traits::Fit as _;
use linfa_logistic::LogisticRegression;
use ndarray::{Array1, Array2};

/// Most cells of a dense matrix: 2 GiB of `f64`.
pub const MAX_CELLS: usize = 1 << 28;

/// Why linfa has no result.
#[derive(Debug, thiserror::Error)]
pub enum DenseError {
    /// The dense matrix would be too large.
    #[error(
        "solver linfa is dense: reviews × terms must be at most {MAX_CELLS}, got {rows} × {columns}"
    )]
    TooLarge {
        /// Reviews.
        rows: usize,
        /// Terms.
        columns: usize,
    },
    /// linfa refused.
    #[error("linfa-logistic cannot fit")]
    Linfa(#[from] linfa_logistic::error::Error),
}

/// Fits all rows with linfa-logistic; `tol` is the length of the gradient of the objective divided
/// by `C·n`.
///
/// # Errors
/// Where the dense matrix would be too large, or where linfa refuses, for instance labels of one
/// class only.
pub fn fit(matrix: &Matrix, labels: &[bool], params: &LogisticParams) -> Result<Fit, DenseError> {
    let (rows, columns) = (matrix.n_rows, matrix.columns.len());
    if rows.saturating_mul(columns) > MAX_CELLS {
        return Err(DenseError::TooLarge { rows, columns });
    }
    let local = LocalRows::of_reviews(matrix, labels);
    let ask =
        |about| local.answer(None, &[Question { about, fold: None }]).map(|mut all| all.remove(0));
    let ratios = params.weighting.ratios(&matrix.columns, ask).unwrap_or_default();
    let ratios = ratios.map(|by_rank| matrix.columns.by_column(&by_rank));
    let ratios = ratios.unwrap_or_else(|| vec![1.0; columns]);
    let mut dense = Array2::<f64>::zeros((rows, columns));
    let csr = matrix.to_csr();
    for (row, bounds) in csr.indptr.windows(2).enumerate() {
        for cell in bounds[0] as usize..bounds[1] as usize {
            let column = csr.indices[cell] as usize;
            dense[(row, column)] = csr.data[cell] * ratios[column];
        }
    }
    // linfa minimises `Σ loss + ½·alpha·‖w‖²`: n times what our solver does, with `alpha = 1/C`.
    let tolerance = params.tol * labels.len() as f64;
    let targets = Array1::from(labels.to_vec());
    let fitted = LogisticRegression::default()
        .alpha(1.0 / params.c)
        .max_iterations(params.max_iter)
        .gradient_tolerance(tolerance.max(f64::MIN_POSITIVE))
        .fit(&DatasetBase::new(dense, targets))?;
    // linfa calls the larger class positive.
    let sign = if fitted.labels().pos.class { 1.0 } else { -1.0 };
    let weights = fitted.params().iter().zip(ratios);
    Ok(Fit {
        weights: weights.map(|(weight, ratio)| sign * weight * ratio).collect(),
        intercept: sign * fitted.intercept(),
        iterations: 0,
        converged: true,
    })
}
