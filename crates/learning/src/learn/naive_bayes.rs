//! Columns weighed by naive Bayes before the regression is fitted.
//!
//! Source: Wang and Manning, *Baselines and Bigrams: Simple, Good Sentiment and Topic
//! Classification*, ACL 2012. The ratio of a column is the difference of the two classes'
//! `feature_log_prob_` in scikit-learn's `MultinomialNB(alpha=smoothing)` on the same rows. Weights
//! are given back times the ratio, so scoring knows nothing of it.

use super::columns::Columns;
use super::rows::{About, Answer};

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
    /// The ratio of each column, by rank, from the rows that `ask` asks; `None` where columns are
    /// not weighed.
    ///
    /// # Errors
    /// Those of `ask`.
    pub fn ratios<E>(
        self,
        columns: &Columns,
        ask: impl Fn(About) -> Result<Answer, E>,
    ) -> Result<Option<Vec<f64>>, E> {
        let Self::NaiveBayes { smoothing } = self else {
            return Ok(None);
        };
        let logs = |class: bool| -> Result<Vec<f64>, E> {
            let sums = ask(About::OfClass(class))?.numbers;
            let weighed = sums.iter().zip(&columns.factors);
            let smoothed: Vec<f64> =
                weighed.map(|(sum, factor)| sum * factor + smoothing).collect();
            let total: f64 = smoothed.iter().sum();
            Ok(smoothed.into_iter().map(|sum| libm::log(sum / total)).collect())
        };
        let (positive, negative) = (logs(true)?, logs(false)?);
        Ok(Some(positive.into_iter().zip(negative).map(|(p, n)| p - n).collect()))
    }
}
