//! Logistic regression on sparse rows: argmin's L-BFGS over our objective.
//!
//! The problem is scikit-learn's: minimise `C · Σ log(1 + exp(-y·z)) + ½‖w‖²` over weights *w* and
//! an intercept that is not penalised. As there, the objective is divided by `C·n`, so that the
//! tolerance has the same meaning.

use super::folds::Fold;
use super::matrix::{Block, Matrix, Row, WindowRows};
use super::naive_bayes::Weighting;
use crate::bounds::Check;
use argmin::core::{
    ArgminError, CostFunction, Error, Executor, Gradient, IterState, KV, Problem, Solver, State,
    TerminationReason, TerminationStatus,
};
use argmin::solver::linesearch::MoreThuenteLineSearch;
use argmin::solver::quasinewton::LBFGS;
use ndarray::Array1;
use rayon::prelude::*;
use std::borrow::Cow;
use std::sync::Mutex;

/// Steps whose curvature L-BFGS remembers; SciPy's default too.
const MEMORY: usize = 10;

/// Parameters of the regression. The default ones are those of the default model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LogisticParams {
    /// Inverse strength of the penalty, above 0; `C` in messages.
    pub c: f64,
    /// Most iterations of L-BFGS, at least 1.
    pub max_iter: u64,
    /// Stop when no entry of the gradient of the mean loss is larger than this, as scikit-learn
    /// does. Above 0.
    pub tol: f64,
    /// How columns are weighed before the fit; the penalty is on the weights of the weighed ones.
    pub weighting: Weighting,
}

impl Default for LogisticParams {
    fn default() -> Self {
        Self { c: 10.0, max_iter: 1000, tol: 1e-4, weighting: Weighting::None }
    }
}

impl LogisticParams {
    pub(crate) fn check(&self, check: &mut Check) {
        let mut above_zero = |parameter: &str, number: f64| {
            check.that(number > 0.0 && number.is_finite(), parameter, "> 0", number);
        };
        above_zero("C", self.c);
        if let Weighting::NaiveBayes { smoothing } = self.weighting {
            above_zero("smoothing", smoothing);
        }
        above_zero("tol", self.tol);
        check.that(self.max_iter >= 1, "max_iter", "at least 1", self.max_iter);
    }
}

/// Weights and intercept.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// One weight for each column.
    pub weights: Vec<f64>,
    /// Log-odds of an empty row.
    pub intercept: f64,
    /// Iterations that it took.
    pub iterations: u64,
    /// Whether the tolerance was reached.
    pub converged: bool,
}

/// Fits all rows, or all but those of one fold; `windows` are further rows with their weight, where
/// a review has 1.
///
/// A fold's fit begins at zero too, not at the fit of all rows: stopped early, as scikit-learn's
/// tolerance does, it would still know the rows that it must not have seen.
///
/// # Errors
/// Where argmin gives up: the objective was not finite.
pub fn fit(
    matrix: &Matrix,
    labels: &[bool],
    windows: (&WindowRows, f64),
    params: &LogisticParams,
    without: Option<Fold<'_>>,
) -> Result<Fit, Error> {
    let ratios = params.weighting.ratios(matrix, labels, without);
    let targets = Targets { labels, of_class: [0.0, 1.0] };
    // Without windows the sums are those of the reviews alone, to the last bit.
    let windows = (windows.0.matrix.n_rows > 0).then_some(windows);
    fit_to(matrix, targets, windows, params, without, ratios)
}

/// The P(positive) that each row is fitted to: that of its class. 0 and 1 are the labels
/// themselves.
#[derive(Debug, Clone, Copy)]
pub(super) struct Targets<'a> {
    pub(super) labels: &'a [bool],
    /// Of the negative class and of the positive one.
    pub(super) of_class: [f64; 2],
}

/// Fits all rows, or all but those of one fold, to any targets.
pub(super) fn fit_to(
    matrix: &Matrix,
    targets: Targets<'_>,
    windows: Option<(&WindowRows, f64)>,
    params: &LogisticParams,
    without: Option<Fold<'_>>,
    ratios: Option<Vec<f64>>,
) -> Result<Fit, Error> {
    let objective = Objective::new(matrix, targets, windows, params.c, without, ratios.as_deref());
    let initial = objective.initial();
    let lbfgs = LBFGS::new(MoreThuenteLineSearch::new(), MEMORY);
    let solver = UntilFlat { lbfgs, scale: objective.scale.clone(), tol: params.tol };
    let result = Executor::new(&objective, solver)
        .configure(|state| state.param(initial).max_iters(params.max_iter))
        .ctrlc(false)
        .run()?;
    let state = result.state();
    let best = state
        .get_best_param()
        .ok_or(ArgminError::PotentialBug { text: "L-BFGS gave no result".to_owned() })?;
    let converged = matches!(
        state.get_termination_status(),
        TerminationStatus::Terminated(TerminationReason::SolverConverged)
    );
    let (mut by_rank, intercept) = objective.unscaled(best);
    if let Some(ratios) = &ratios {
        let weights = by_rank.iter_mut().zip(ratios);
        weights.for_each(|(weight, ratio)| *weight *= ratio);
    }
    Ok(Fit {
        weights: matrix.by_column(&by_rank),
        intercept,
        iterations: state.get_iter(),
        converged,
    })
}

type Lbfgs =
    LBFGS<MoreThuenteLineSearch<Array1<f64>, Array1<f64>, f64>, Array1<f64>, Array1<f64>, f64>;
type LbfgsState = IterState<Array1<f64>, Array1<f64>, (), (), (), f64>;

/// L-BFGS that stops as SciPy's does for scikit-learn: when no entry of the gradient, in the
/// variables before scaling, is larger than the tolerance. argmin's own criterion is the gradient's
/// length in the scaled ones.
struct UntilFlat {
    lbfgs: Lbfgs,
    scale: Vec<f64>,
    tol: f64,
}

impl Solver<&Objective<'_>, LbfgsState> for UntilFlat {
    fn name(&self) -> &str {
        "L-BFGS"
    }

    fn init(
        &mut self,
        problem: &mut Problem<&Objective<'_>>,
        state: LbfgsState,
    ) -> Result<(LbfgsState, Option<KV>), Error> {
        self.lbfgs.init(problem, state)
    }

    fn next_iter(
        &mut self,
        problem: &mut Problem<&Objective<'_>>,
        state: LbfgsState,
    ) -> Result<(LbfgsState, Option<KV>), Error> {
        self.lbfgs.next_iter(problem, state)
    }

    fn terminate(&mut self, state: &LbfgsState) -> TerminationStatus {
        let largest = state.get_gradient().map_or(f64::INFINITY, |gradient| {
            gradient.iter().zip(&self.scale).map(|(g, scale)| (g / scale).abs()).fold(0.0, f64::max)
        });
        if largest <= self.tol {
            TerminationStatus::Terminated(TerminationReason::SolverConverged)
        } else {
            TerminationStatus::NotTerminated
        }
    }
}

/// The objective in scaled variables `u = w / scale`, one for each rank of the matrix and at last
/// the intercept.
///
/// `scale` is `1 / √h` with `h` the diagonal of the Hessian at zero, so the first step of L-BFGS,
/// along the plain gradient, is already a good one: rare and frequent terms move at once by what
/// each needs. On IMDB this takes 15 iterations.
struct Objective<'a> {
    matrix: &'a Matrix,
    targets: Targets<'a>,
    windows: Option<(&'a WindowRows, f64)>,
    without: Option<Fold<'a>>,
    /// Factor of each column, by rank: its idf, times its ratio where columns are weighed.
    factors: Cow<'a, [f64]>,
    scale: Vec<f64>,
    /// Strength of the penalty after the division by `C·n`.
    penalty: f64,
    n_rows: f64,
    /// argmin asks for cost and gradient one after the other; one pass over the rows gives both.
    last: Mutex<Option<Evaluation>>,
}

struct Evaluation {
    at: Array1<f64>,
    cost: f64,
    gradient: Array1<f64>,
}

impl<'a> Objective<'a> {
    fn new(
        matrix: &'a Matrix,
        targets: Targets<'a>,
        windows: Option<(&'a WindowRows, f64)>,
        c: f64,
        without: Option<Fold<'a>>,
        ratios: Option<&[f64]>,
    ) -> Self {
        let factors: Cow<'a, [f64]> = match ratios {
            None => Cow::Borrowed(&matrix.column_factors),
            Some(ratios) => {
                let pairs = matrix.column_factors.iter().zip(ratios);
                Cow::Owned(pairs.map(|(factor, ratio)| factor * ratio).collect())
            }
        };
        let takes = |&row: &usize| !without.is_some_and(|fold| fold.has(row));
        let mut n_rows = (0..matrix.n_rows).filter(takes).count() as f64;
        if let Some((windows, weight)) = windows {
            let reviews = windows.review.iter().map(|&review| review as usize);
            n_rows += weight * reviews.filter(takes).count() as f64;
        }
        let penalty = 1.0 / (c * n_rows);
        let mut objective = Self {
            matrix,
            targets,
            windows,
            without,
            factors,
            scale: Vec::new(),
            penalty,
            n_rows,
            last: Mutex::new(None),
        };
        objective.scale = objective.scales();
        objective
    }

    fn scales(&self) -> Vec<f64> {
        let (_, squares) = self.over_rows(|row, _, sums| {
            row.add_squares_to(sums);
            0.0
        });
        // At zero each row's curvature is p(1-p) = 1/4.
        let of_column = |(&squares, &factor): (&f64, &f64)| {
            let curvature = squares * factor * factor / (4.0 * self.n_rows);
            1.0 / (curvature + self.penalty).sqrt()
        };
        let intercept = 2.0;
        squares.iter().zip(&*self.factors).map(of_column).chain([intercept]).collect()
    }

    fn initial(&self) -> Array1<f64> {
        Array1::zeros(self.scale.len())
    }

    /// Weights by rank, and the intercept.
    fn unscaled(&self, u: &Array1<f64>) -> (Vec<f64>, f64) {
        let mut weights: Vec<f64> = u.iter().zip(&self.scale).map(|(u, scale)| u * scale).collect();
        let intercept = weights.pop().unwrap_or_default();
        (weights, intercept)
    }

    fn evaluate(&self, u: &Array1<f64>) -> Evaluation {
        let (weights, intercept) = self.unscaled(u);
        let factors = &*self.factors;
        let products: Vec<f64> =
            weights.iter().zip(factors).map(|(weight, factor)| weight * factor).collect();
        let at_intercept = weights.len();
        let Targets { labels, of_class } = self.targets;
        let (loss, mut gradient) = self.over_rows(|row, review, gradient| {
            let score = row.dot(&products) + intercept;
            let (loss, slope) = logistic_loss(score, of_class[usize::from(labels[review])]);
            row.add_to(gradient, slope);
            gradient[at_intercept] += slope;
            loss
        });
        let mut cost = loss / self.n_rows;
        for ((g, weight), factor) in gradient.iter_mut().zip(&weights).zip(factors) {
            cost += 0.5 * self.penalty * weight * weight;
            *g = *g * factor / self.n_rows + self.penalty * weight;
        }
        gradient[at_intercept] /= self.n_rows;
        gradient.iter_mut().zip(&self.scale).for_each(|(g, scale)| *g *= scale);
        Evaluation { at: u.clone(), cost, gradient: gradient.into() }
    }

    /// The sums over all rows, those of windows times their weight; `f` gets each row and the
    /// review it is of.
    fn over_rows(&self, f: impl Fn(Row<'_>, usize, &mut [f64]) -> f64 + Sync) -> (f64, Vec<f64>) {
        let takes = |row| !self.without.is_some_and(|fold| fold.has(row));
        let n = self.matrix.n_columns() + 1;
        let (mut sum, mut sums) =
            self.matrix.sum_over(n, takes, |row, sums| f(row, row.number, sums));
        if let Some((windows, weight)) = self.windows {
            let review = |row: usize| windows.review[row] as usize;
            let (of_windows, more) = windows.matrix.sum_over(
                n,
                |row| takes(review(row)),
                |row, sums| f(row, review(row.number), sums),
            );
            sum += weight * of_windows;
            sums.iter_mut().zip(more).for_each(|(sum, more)| *sum += weight * more);
        }
        (sum, sums)
    }

    fn at<T>(&self, u: &Array1<f64>, take: impl Fn(&Evaluation) -> T) -> T {
        let mut last = self.last.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match &*last {
            Some(evaluation) if evaluation.at == *u => take(evaluation),
            _ => take(last.insert(self.evaluate(u))),
        }
    }
}

/// `t·log(1 + e⁻ᶻ) + (1 − t)·log(1 + eᶻ)` of a row of score *z* and target *t*, and its slope. No
/// term cancels another, so that rows that are right and sure still have a slope.
///
/// Source: Lin, Lin and Weng, *A note on Platt's probabilistic outputs for support vector
/// machines*, 2007.
#[inline]
fn logistic_loss(score: f64, target: f64) -> (f64, f64) {
    let e = libm::exp(-score.abs());
    let (near, far) = (1.0 / (1.0 + e), e / (1.0 + e));
    let (positive, negative) = if score >= 0.0 { (near, far) } else { (far, near) };
    let against = 1.0 - target;
    let loss = libm::log1p(e) + target * (-score).max(0.0) + against * score.max(0.0);
    (loss, against * positive - target * negative)
}

impl CostFunction for &Objective<'_> {
    type Param = Array1<f64>;
    type Output = f64;

    fn cost(&self, u: &Array1<f64>) -> Result<f64, Error> {
        let cost = self.at(u, |evaluation| evaluation.cost);
        if cost.is_finite() {
            Ok(cost)
        } else {
            Err(ArgminError::ConditionViolated { text: "the loss is not finite".to_owned() }.into())
        }
    }
}

impl Gradient for &Objective<'_> {
    type Param = Array1<f64>;
    type Gradient = Array1<f64>;

    fn gradient(&self, u: &Array1<f64>) -> Result<Array1<f64>, Error> {
        Ok(self.at(u, |evaluation| evaluation.gradient.clone()))
    }
}

/// The number and the score, in log-odds, of each row that `takes` says so, in their order.
#[must_use]
pub fn scores(
    matrix: &Matrix,
    fit: &Fit,
    takes: impl Fn(usize) -> bool + Sync,
) -> Vec<(usize, f64)> {
    let by_rank = matrix.column_of_rank.iter().map(|&column| fit.weights[column as usize]);
    let products: Vec<f64> =
        by_rank.zip(&matrix.column_factors).map(|(weight, factor)| weight * factor).collect();
    let of_block = |block: &Block| -> Vec<(usize, f64)> {
        let rows = block.rows().filter(|row| takes(row.number));
        rows.map(|row| (row.number, row.dot(&products) + fit.intercept)).collect()
    };
    matrix.blocks.par_iter().map(of_block).collect::<Vec<_>>().concat()
}
