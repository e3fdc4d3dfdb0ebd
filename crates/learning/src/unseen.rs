//! What training learns from reviews that a model has not seen: the fits of a cross-validation score
//! the reviews that each was made without.

use crate::learn::alike;
use crate::learn::calibrate::{CalibrateError, by_length, platt};
use crate::learn::columns::Columns;
use crate::learn::decide::{Seen, decision_rule};
use crate::learn::facts::Facts;
use crate::learn::folds::Folds;
use crate::learn::reference::N_BINS;
use crate::metrics::Metrics;
use verdict_sentiment::{Bins, Calibration, DecisionRule};

/// What came of the reviews that were left out.
#[derive(Debug, Clone)]
pub struct Unseen {
    /// From log-odds to probability.
    pub calibration: Calibration,
    /// Metrics of the out-of-fold scores; `None` without a calibration.
    pub out_of_fold: Option<Metrics>,
    /// How the out-of-fold probabilities are distributed; `None` without a calibration.
    pub probability: Option<Bins>,
    /// How sure the model must be to decide; `None` without a target, or a calibration.
    pub decision: Option<DecisionRule>,
}

/// No calibration, and nothing that follows from one.
impl Default for Unseen {
    fn default() -> Self {
        let calibration = Calibration::IDENTITY;
        Self { calibration, out_of_fold: None, probability: None, decision: None }
    }
}

/// How reviews are left out, and what is to come of them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    /// Folds.
    pub(crate) folds: usize,
    /// Whether the calibration knows how many terms of a text are known.
    pub(crate) by_length: bool,
    /// Largest share of errors among what the model decides.
    pub(crate) target_error: Option<f64>,
}

impl Wanted {
    /// The folds that reviews are left out by; their windows go with them.
    pub(crate) fn folds(self, facts: &Facts, columns: &Columns) -> Folds {
        let Facts { keys, labels, .. } = facts;
        let folds = match self.by_length {
            false => None,
            true => Folds::of_groups(&alike::groups(facts, columns), keys, labels, self.folds),
        };
        folds.unwrap_or_else(|| Folds::new(keys, labels, self.folds))
    }
}

impl Unseen {
    /// By the scores that reviews and windows got from a fit that had not seen them.
    pub(crate) fn new(
        wanted: Wanted,
        facts: &Facts,
        (scores, of_windows): (&[f64], &[f64]),
    ) -> Result<Self, CalibrateError> {
        let Wanted { by_length: knows_length, target_error, .. } = wanted;
        let labels = &facts.labels;
        let n_terms: Vec<usize> = facts.n_terms.iter().map(|&n| n as usize).collect();
        let of_windows = of_windows.iter().zip(&facts.windows);
        let of_windows: Vec<(f64, usize, bool)> = of_windows
            .map(|(&score, &(review, n))| (score, n as usize, labels[review as usize]))
            .collect();
        let of_reviews = scores.iter().zip(&n_terms).zip(labels);
        let of_reviews = of_reviews.map(|((&score, &n), &label)| (score, n, label));
        let of_reviews: Vec<_> = of_reviews.collect();
        let places = facts.places();
        // The reviews, and the windows at some of the places in theirs.
        let with = |takes: fn(usize) -> bool| {
            let taken = of_windows.iter().zip(&places).filter(move |(_, place)| takes(**place));
            taken.map(|(window, _)| window).chain(&of_reviews)
        };
        let calibration = match knows_length {
            false => platt(scores, labels)?,
            // As many rows of one sentence and of two as of reviews.
            true => {
                let (scores, (n_terms, labels)): (Vec<_>, (Vec<_>, Vec<_>)) =
                    with(|place| place < 2).map(|&(score, n, label)| (score, (n, label))).unzip();
                by_length(&scores, &n_terms, &labels)?
            }
        };
        // One sentence is wrong more often than two of as many known terms.
        let decision = target_error.map(|target_error| {
            let seen = with(|place| place % 2 == 0).map(|&(score, known_terms, is_positive)| {
                let probability = calibration.probability(score, known_terms);
                Seen { known_terms, probability, is_positive }
            });
            decision_rule(&seen.collect::<Vec<_>>(), target_error)
        });
        let probabilities = scores.iter().zip(&n_terms);
        let probabilities = probabilities.map(|(&score, &n)| calibration.probability(score, n));
        let probabilities: Vec<f64> = probabilities.collect();
        let out_of_fold = Some(Metrics::new(&probabilities, labels));
        let probability = Bins::of_equal_mass(&probabilities, N_BINS);
        Ok(Self { calibration, out_of_fold, probability, decision })
    }
}
