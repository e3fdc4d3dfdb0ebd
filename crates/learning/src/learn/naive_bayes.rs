//! Columns weighed by naive Bayes before the regression is fitted.
//!
//! Source: Wang and Manning, *Baselines and Bigrams: Simple, Good Sentiment and Topic
//! Classification*, ACL 2012. The ratio of a column is the difference of the two classes'
//! `feature_log_prob_` in scikit-learn's `MultinomialNB(alpha=smoothing)` on the same rows. Weights
//! are given back times the ratio, so scoring knows nothing of it.

use super::folds::Fold;
use super::matrix::Matrix;

/// How columns are weighed before the weights are fitted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Weighting {
    /// Not at all.
    None,
    /// By the log-count ratio of their sums in the two classes, to which `smoothing` is added.
    NaiveBayes {
        /// Added to each sum, above 0.
        smoothing: f64,
    },
}

impl Weighting {
    /// The ratio of each column, by rank, from the rows that are not in the fold; `None` where
    /// columns are not weighed.
    #[must_use]
    pub fn ratios(
        self,
        matrix: &Matrix,
        labels: &[bool],
        without: Option<Fold<'_>>,
    ) -> Option<Vec<f64>> {
        let Self::NaiveBayes { smoothing } = self else {
            return None;
        };
        let sums = |class: bool| {
            let takes = |row: usize| labels[row] == class && without.is_none_or(|f| !f.has(row));
            let (_, sums) = matrix.sum_over(matrix.n_columns(), takes, |row, sums| {
                row.add_to(sums, 1.0);
                0.0
            });
            let weighed = sums.iter().zip(&matrix.column_factors);
            let smoothed: Vec<f64> =
                weighed.map(|(sum, factor)| sum * factor + smoothing).collect();
            let total: f64 = smoothed.iter().sum();
            smoothed.into_iter().map(move |sum| libm::log(sum / total))
        };
        Some(sums(true).zip(sums(false)).map(|(p, n)| p - n).collect())
    }
}
