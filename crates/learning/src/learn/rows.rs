//! What a fit asks of all rows, and what they answer.
//!
//! A fit never sees a row: it asks for sums over all of them, so they may be in this process
//! ([`LocalRows`]) or anywhere else that answers ([`Rows`]). A block of rows is summed up from its
//! first row to its last, and the blocks in their order, so every such place gives the same bits.

use super::columns::Columns;
use super::folds::Folds;
use super::matrix::{Block, Matrix, WindowRows};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Rows that answer.
pub trait Rows {
    /// Their columns.
    fn columns(&self) -> &Columns;

    /// The answer to each question; `folds` are those that questions are about.
    ///
    /// # Errors
    /// Where the rows cannot be reached.
    fn answer(&self, folds: Option<&Folds>, asked: &[Question]) -> Result<Vec<Answer>, RowsError>;
}

/// Why rows did not answer; none that are in this process.
pub type RowsError = Box<dyn std::error::Error + Send + Sync>;

/// A question to all rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Question {
    /// What is asked.
    pub about: About,
    /// A fold: sums are over the rows outside it, scores of those in it.
    pub fold: Option<u32>,
}

/// What is asked of rows. Values lack the factors of their columns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum About {
    /// The sum of the squares of each column's values, and how many rows there are.
    Squares,
    /// The sum of each column's values over the reviews of one class, without their windows.
    OfClass(bool),
    /// The sum of the logistic losses, and of their slopes for each column and the intercept.
    Loss {
        /// Where.
        at: Weights,
        /// The P(positive) that each row is fitted to: of the negative class and of the positive
        /// one. 0 and 1 are the labels themselves.
        targets: [f64; 2],
    },
    /// The score of each row, in log-odds.
    Scores(Weights),
}

/// Weights by rank, multiplied with the factors of their columns, and the intercept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Weights {
    /// The products.
    pub products: Vec<f64>,
    /// Log-odds of an empty row.
    pub intercept: f64,
}

/// The answer to a [`Question`]; by default that of no rows.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// Sum of the losses, or number of rows; windows count their weight.
    pub total: f64,
    /// Sums, one for each column and one for the intercept; or the scores of reviews.
    pub numbers: Vec<f64>,
    /// The scores of windows; no sums.
    pub of_windows: Vec<f64>,
}

/// What all answers are made with.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Shape {
    /// Number of columns.
    pub n_columns: usize,
    /// What a window counts, where a review counts 1.
    pub window_weight: f64,
}

/// Rows of neighbouring reviews and of their windows.
#[derive(Debug, Clone, Copy)]
pub struct Part<'a> {
    /// The rows of the reviews.
    pub reviews: &'a Block,
    /// Their labels.
    pub labels: &'a [bool],
    /// The rows of their windows.
    pub windows: Option<&'a Block>,
    /// The row of the review that each is a window of.
    pub review: &'a [u32],
}

/// The answer of one block to a question: of its parts in their order.
#[must_use]
pub fn of_block<'a>(
    question: &Question,
    folds: Option<&Folds>,
    shape: Shape,
    parts: impl Iterator<Item = Part<'a>>,
) -> Answer {
    let is_scores = matches!(question.about, About::Scores(_));
    let outside = |row: usize| match (question.fold, folds) {
        (Some(fold), Some(folds)) => !folds.fold(fold as usize).has(row),
        _ => true,
    };
    let asked = |row: usize| question.fold.is_none() || outside(row) != is_scores;
    let empty = || if is_scores { Vec::new() } else { vec![0.0; shape.n_columns + 1] };
    let mut answer = Answer { numbers: empty(), ..Answer::default() };
    let mut of_windows = Answer::default();
    for part in parts {
        let Part { reviews, labels, windows, review } = part;
        for row in reviews.rows().filter(|row| asked(row.number)) {
            question.about.add(row, labels[row.number - reviews.first_row], &mut answer);
        }
        if matches!(question.about, About::OfClass(_)) {
            continue;
        }
        for (row, &review) in windows.into_iter().flat_map(Block::rows).zip(review) {
            let review = review as usize;
            if asked(review) {
                if of_windows.numbers.is_empty() {
                    of_windows.numbers = empty();
                }
                let label = labels[review - reviews.first_row];
                question.about.add(row, label, &mut of_windows);
            }
        }
    }
    if is_scores {
        answer.of_windows = of_windows.numbers;
    } else {
        // Without windows the sums are those of the reviews alone, to the last bit.
        answer.total += shape.window_weight * of_windows.total;
        let sums = answer.numbers.iter_mut().zip(of_windows.numbers);
        sums.for_each(|(sum, more)| *sum += shape.window_weight * more);
    }
    answer
}

impl About {
    #[inline]
    fn add(&self, row: super::matrix::Row<'_>, label: bool, answer: &mut Answer) {
        let sums = &mut answer.numbers;
        match self {
            Self::Squares => {
                row.add_squares_to(sums);
                answer.total += 1.0;
            }
            Self::OfClass(class) if *class == label => row.add_to(sums, 1.0),
            Self::OfClass(_) => {}
            Self::Loss { at, targets } => {
                let score = row.dot(&at.products) + at.intercept;
                let (loss, slope) = logistic_loss(score, targets[usize::from(label)]);
                row.add_to(sums, slope);
                sums[at.products.len()] += slope;
                answer.total += loss;
            }
            Self::Scores(at) => sums.push(row.dot(&at.products) + at.intercept),
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

/// Adds up the answers of the blocks, which come in their order.
pub fn in_order(asked: &[Question], blocks: impl IntoIterator<Item = Vec<Answer>>) -> Vec<Answer> {
    let mut all = vec![Answer::default(); asked.len()];
    for block in blocks {
        for ((all, answer), question) in all.iter_mut().zip(block).zip(asked) {
            if matches!(question.about, About::Scores(_)) || all.numbers.is_empty() {
                all.numbers.extend(answer.numbers);
                all.of_windows.extend(answer.of_windows);
            } else {
                all.numbers.iter_mut().zip(answer.numbers).for_each(|(sum, more)| *sum += more);
            }
            all.total += answer.total;
        }
    }
    all
}

/// Rows in this process.
#[derive(Debug, Clone, Copy)]
pub struct LocalRows<'a> {
    /// The reviews.
    pub matrix: &'a Matrix,
    /// Their labels.
    pub labels: &'a [bool],
    /// Their windows.
    pub windows: Option<&'a WindowRows>,
    /// What a window counts, where a review counts 1.
    pub weight: f64,
}

impl<'a> LocalRows<'a> {
    /// Reviews without windows.
    #[must_use]
    pub fn of_reviews(matrix: &'a Matrix, labels: &'a [bool]) -> Self {
        Self { matrix, labels, windows: None, weight: 0.0 }
    }

    /// The blocks in their order.
    pub fn parts(&self) -> Vec<Part<'a>> {
        let Self { matrix, labels, windows, .. } = *self;
        let of = |(i, reviews): (usize, &'a Block)| {
            let labels = &labels[reviews.numbers()];
            let of_windows = windows.and_then(|all| Some((all, all.matrix.blocks.get(i)?)));
            match of_windows {
                None => Part { reviews, labels, windows: None, review: &[] },
                Some((all, block)) => Part {
                    reviews,
                    labels,
                    windows: Some(block),
                    review: &all.review[block.numbers()],
                },
            }
        };
        matrix.blocks.iter().enumerate().map(of).collect()
    }
}

impl Rows for LocalRows<'_> {
    fn columns(&self) -> &Columns {
        &self.matrix.columns
    }

    fn answer(&self, folds: Option<&Folds>, asked: &[Question]) -> Result<Vec<Answer>, RowsError> {
        let shape = Shape { n_columns: self.columns().len(), window_weight: self.weight };
        let of = |(part, question): (Part<'_>, &Question)| {
            of_block(question, folds, shape, std::iter::once(part))
        };
        let parts = self.parts();
        let work: Vec<_> =
            parts.iter().flat_map(|&part| asked.iter().map(move |one| (part, one))).collect();
        let mut answers = work.into_par_iter().map(of).collect::<Vec<_>>().into_iter();
        let blocks = parts.iter().map(|_| answers.by_ref().take(asked.len()).collect());
        Ok(in_order(asked, blocks))
    }
}
