//! Logistic regression on sparse rows: argmin's L-BFGS over our objective.
//!
//! The problem is scikit-learn's: minimise `C · Σ log(1 + exp(-y·z)) + ½‖w‖²` over weights *w* and
//! an intercept that is not penalised. As there, the objective is divided by `C·n`, so that the
//! tolerance has the same meaning.

use super::columns::Columns;
use super::folds::Folds;
use super::naive_bayes::Weighting;
use super::rows::{About, Answer, Question, Rows, RowsError, Weights};
use crate::bounds::Check;
use argmin::core::{
    ArgminError, CostFunction, Error, Executor, Gradient, IterState, KV, Problem, Solver, State,
    TerminationReason, TerminationStatus,
};
use argmin::solver::linesearch::MoreThuenteLineSearch;
use argmin::solver::quasinewton::LBFGS;
use ndarray::Array1;
use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::mpsc;

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

/// Why a fit failed.
#[derive(Debug, thiserror::Error)]
pub enum FitError {
    /// argmin gave up: the objective was not finite.
    #[error("L-BFGS: {0}")]
    Optimiser(String),
    /// The rows did not answer.
    #[error("asking the rows: {0}")]
    Rows(RowsError),
}

/// Fits all rows.
///
/// # Errors
/// Where argmin gives up, or where rows do not answer.
pub fn fit(rows: &dyn Rows, params: &LogisticParams) -> Result<Fit, FitError> {
    fit_to(rows, [0.0, 1.0], params)
}

/// Fits all rows to these P(positive) of the negative class and of the positive one.
pub(super) fn fit_to(
    rows: &dyn Rows,
    targets: [f64; 2],
    params: &LogisticParams,
) -> Result<Fit, FitError> {
    let fits = fit_each(rows, None, &[None], targets, params)?;
    fits.into_iter().next().ok_or_else(|| FitError::Optimiser("no fit".to_owned()))
}

/// The fits of rows to their labels: of all rows for `None`, of those outside a fold for its number.
///
/// A fold's fit begins at zero too, not at the fit of all rows: stopped early, as scikit-learn's
/// tolerance does, it would still know the rows that it must not have seen.
///
/// # Errors
/// As [`fit`].
pub fn fit_folds(
    rows: &dyn Rows,
    folds: &Folds,
    which: &[Option<u32>],
    params: &LogisticParams,
) -> Result<Vec<Fit>, FitError> {
    fit_each(rows, Some(folds), which, [0.0, 1.0], params)
}

/// All fits go on together, each in a thread that asks and waits: one pass over the rows answers
/// all of them.
fn fit_each(
    rows: &dyn Rows,
    folds: Option<&Folds>,
    which: &[Option<u32>],
    targets: [f64; 2],
    params: &LogisticParams,
) -> Result<Vec<Fit>, FitError> {
    let columns = rows.columns();
    let (to_rows, asked) = mpsc::channel::<(usize, Option<Question>)>();
    std::thread::scope(|scope| {
        let mut to_fits = Vec::new();
        let mut fits = Vec::new();
        for (number, &fold) in which.iter().enumerate() {
            let (to_fit, answered) = mpsc::channel();
            to_fits.push(to_fit);
            let ended = Ended(number, to_rows.clone());
            fits.push(scope.spawn(move || {
                let ask = |about| {
                    let question = Question { about, fold };
                    ended.1.send((number, Some(question))).map_err(|_| unanswered())?;
                    answered.recv().map_err(|_| unanswered())
                };
                fit_one(columns, &ask, targets, params)
            }));
        }
        drop(to_rows);
        let mut under_way = which.len();
        while under_way > 0 {
            let mut questions = BTreeMap::new();
            while questions.len() < under_way {
                match asked.recv() {
                    Ok((number, Some(question))) => _ = questions.insert(number, question),
                    Ok((_, None)) | Err(_) => under_way -= 1,
                }
            }
            let (numbers, questions): (Vec<_>, Vec<_>) = questions.into_iter().unzip();
            if !questions.is_empty() {
                let answers = rows.answer(folds, &questions).map_err(FitError::Rows)?;
                for (number, answer) in numbers.into_iter().zip(answers) {
                    to_fits[number]
                        .send(answer)
                        .map_err(|_| FitError::Rows("a fit ended".into()))?;
                }
            }
        }
        let ended = fits.into_iter().map(|fit| match fit.join() {
            Ok(fit) => fit.map_err(|error| FitError::Optimiser(error.to_string())),
            Err(panic) => std::panic::resume_unwind(panic),
        });
        ended.collect()
    })
}

/// Says that a fit has ended, however it did.
struct Ended(usize, mpsc::Sender<(usize, Option<Question>)>);

impl Drop for Ended {
    fn drop(&mut self) {
        // Nobody listens any more where the rows have failed.
        self.1.send((self.0, None)).ok();
    }
}

/// What a fit ends with where the rows have failed; the rows' own error is the one that is told.
fn unanswered() -> Error {
    ArgminError::PotentialBug { text: "the rows did not answer".to_owned() }.into()
}

/// One fit, of the rows that `ask` asks.
fn fit_one(
    columns: &Columns,
    ask: &dyn Fn(About) -> Result<Answer, Error>,
    targets: [f64; 2],
    params: &LogisticParams,
) -> Result<Fit, Error> {
    let ratios = params.weighting.ratios(columns, ask)?;
    let objective = Objective::new(columns, ask, targets, params.c, ratios.as_deref())?;
    let initial = Array1::zeros(objective.scale.len());
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
        weights: columns.by_column(&by_rank),
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
    ask: &'a dyn Fn(About) -> Result<Answer, Error>,
    targets: [f64; 2],
    /// Factor of each column, by rank: its idf, times its ratio where columns are weighed.
    factors: Cow<'a, [f64]>,
    scale: Vec<f64>,
    /// Strength of the penalty after the division by `C·n`.
    penalty: f64,
    n_rows: f64,
    /// argmin asks for cost and gradient one after the other; one pass over the rows gives both.
    last: RefCell<Option<Evaluation>>,
}

struct Evaluation {
    at: Array1<f64>,
    cost: f64,
    gradient: Array1<f64>,
}

impl<'a> Objective<'a> {
    fn new(
        columns: &'a Columns,
        ask: &'a dyn Fn(About) -> Result<Answer, Error>,
        targets: [f64; 2],
        c: f64,
        ratios: Option<&[f64]>,
    ) -> Result<Self, Error> {
        let factors: Cow<'a, [f64]> = match ratios {
            None => Cow::Borrowed(&columns.factors),
            Some(ratios) => {
                let pairs = columns.factors.iter().zip(ratios);
                Cow::Owned(pairs.map(|(factor, ratio)| factor * ratio).collect())
            }
        };
        let Answer { total: n_rows, numbers: squares, .. } = ask(About::Squares)?;
        let penalty = 1.0 / (c * n_rows);
        // At zero each row's curvature is p(1-p) = 1/4.
        let of_column = |(&squares, &factor): (&f64, &f64)| {
            let curvature = squares * factor * factor / (4.0 * n_rows);
            1.0 / (curvature + penalty).sqrt()
        };
        let intercept = 2.0;
        let scale = squares.iter().zip(&*factors).map(of_column).chain([intercept]).collect();
        Ok(Self { ask, targets, factors, scale, penalty, n_rows, last: RefCell::default() })
    }

    /// Weights by rank, and the intercept.
    fn unscaled(&self, u: &Array1<f64>) -> (Vec<f64>, f64) {
        let mut weights: Vec<f64> = u.iter().zip(&self.scale).map(|(u, scale)| u * scale).collect();
        let intercept = weights.pop().unwrap_or_default();
        (weights, intercept)
    }

    fn evaluate(&self, u: &Array1<f64>) -> Result<Evaluation, Error> {
        let (weights, intercept) = self.unscaled(u);
        let factors = &*self.factors;
        let products = weights.iter().zip(factors).map(|(weight, factor)| weight * factor);
        let at = Weights { products: products.collect(), intercept };
        let Answer { total: loss, numbers: mut gradient, .. } =
            (self.ask)(About::Loss { at, targets: self.targets })?;
        let mut cost = loss / self.n_rows;
        for ((g, weight), factor) in gradient.iter_mut().zip(&weights).zip(factors) {
            cost += 0.5 * self.penalty * weight * weight;
            *g = *g * factor / self.n_rows + self.penalty * weight;
        }
        gradient[weights.len()] /= self.n_rows;
        gradient.iter_mut().zip(&self.scale).for_each(|(g, scale)| *g *= scale);
        Ok(Evaluation { at: u.clone(), cost, gradient: gradient.into() })
    }

    fn at<T>(&self, u: &Array1<f64>, take: impl Fn(&Evaluation) -> T) -> Result<T, Error> {
        let mut last = self.last.borrow_mut();
        Ok(match &*last {
            Some(evaluation) if evaluation.at == *u => take(evaluation),
            _ => take(last.insert(self.evaluate(u)?)),
        })
    }
}

impl CostFunction for &Objective<'_> {
    type Param = Array1<f64>;
    type Output = f64;

    fn cost(&self, u: &Array1<f64>) -> Result<f64, Error> {
        let cost = self.at(u, |evaluation| evaluation.cost)?;
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
        self.at(u, |evaluation| evaluation.gradient.clone())
    }
}

/// The question for the scores, in log-odds, by a fit: of all rows, or of those of a fold.
#[must_use]
pub fn scores_by(fit: &Fit, columns: &Columns, fold: Option<u32>) -> Question {
    let weights = columns.by_rank(&fit.weights);
    let products = weights.iter().zip(&columns.factors).map(|(weight, factor)| weight * factor);
    let at = Weights { products: products.collect(), intercept: fit.intercept };
    Question { about: About::Scores(at), fold }
}
