//! `params.yaml`: what was typed, and what it means.
//!
//! Keys and meaning are those of the Python system; ours stand beside them. An unknown key is an error, and all problems
//! are reported together, each with its value, its bound and its place.

use crate::gate::thresholds::Gate;
use crate::learn::logistic::LogisticParams;
use crate::learn::select::{DocumentCount, VocabularyParams};
use promotion::RawPromotion;
use serde::{Deserialize, Serialize};
use std::fmt;
use verdict_sentiment::NgramRange;

/// Checked parameters of a training run.
#[derive(Debug, Clone, PartialEq)]
pub struct Params {
    /// Which reviews are held out of a source that has no split of its own.
    pub data_ingestion: DataIngestion,
    /// The vocabulary.
    pub vocabulary: VocabularyParams,
    /// Weights of the classes.
    pub logistic: LogisticParams,
    /// Which optimiser.
    pub solver: Solver,
    /// Folds of the calibration; `None` takes the scores themselves for log-odds.
    pub calibration_folds: Option<usize>,
    /// What a model must reach to be promoted.
    pub promotion: Gate,
    /// What was typed, defaults filled in: goes into the model.
    pub raw: RawParams,
}

/// How a source without a split of its own is split.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DataIngestion {
    /// Fraction of the reviews that are held out for testing, above 0 and below 1.
    pub test_size: f64,
    /// Seed of the split.
    pub seed: u64,
}

/// Which optimiser fits the weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Solver {
    /// argmin's L-BFGS over sparse rows.
    Lbfgs,
    /// linfa-logistic over dense rows, for small vocabularies.
    Linfa,
}

/// The file as it was typed.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawParams {
    data_ingestion: RawDataIngestion,
    feature_engineering: RawFeatureEngineering,
    model_building: RawModelBuilding,
    calibration: RawCalibration,
    /// No part of what a model says of itself: a change of the gate must not change the bytes of a model.
    #[serde(skip_serializing)]
    promotion: RawPromotion,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RawDataIngestion {
    test_size: f64,
    seed: u64,
}

impl Default for RawDataIngestion {
    fn default() -> Self {
        Self {
            test_size: 0.25,
            seed: 42,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RawFeatureEngineering {
    max_features: Option<i64>,
    ngram_range: Vec<i64>,
    min_df: RawCount,
    max_df: RawCount,
    sublinear_tf: bool,
}

impl Default for RawFeatureEngineering {
    fn default() -> Self {
        Self {
            max_features: Some(20_000),
            ngram_range: vec![1, 3],
            min_df: RawCount::Count(1),
            max_df: RawCount::Fraction(1.0),
            sublinear_tf: true,
        }
    }
}

/// An integer is a number of documents, a number with a point a fraction of them: `1` and `1.0` differ, as in scikit-learn.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum RawCount {
    Count(i64),
    Fraction(f64),
}

impl fmt::Display for RawCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => count.fmt(f),
            Self::Fraction(fraction) => write!(f, "{fraction:?}"),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RawModelBuilding {
    #[serde(rename = "C")]
    c: f64,
    penalty: String,
    solver: String,
    max_iter: i64,
    tol: f64,
}

impl Default for RawModelBuilding {
    fn default() -> Self {
        Self {
            c: 10.0,
            penalty: "l2".to_owned(),
            solver: "lbfgs".to_owned(),
            max_iter: 1000,
            tol: 1e-4,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RawCalibration {
    method: String,
    folds: i64,
}

impl Default for RawCalibration {
    fn default() -> Self {
        Self {
            method: "platt".to_owned(),
            folds: 3,
        }
    }
}

/// Everything that is wrong with a parameter file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .problems.join("\n"))]
pub struct ParamsError {
    problems: Vec<String>,
}

impl Params {
    /// Reads and checks the text of a parameter file; `file` names it in errors.
    ///
    /// # Errors
    /// States each value that is out of bounds, or where the text is not what it should be.
    pub fn from_yaml(text: &str, file: &str) -> Result<Self, ParamsError> {
        let raw = match text.trim().is_empty() {
            true => RawParams::default(),
            false => serde_yaml_ng::from_str(text).map_err(|e| ParamsError {
                problems: vec![format!("{file}: {e}")],
            })?,
        };
        Self::check(raw, file)
    }

    /// Checks what was typed.
    ///
    /// # Errors
    /// States each value that is out of bounds.
    pub fn check(raw: RawParams, file: &str) -> Result<Self, ParamsError> {
        let mut check = Check {
            file,
            problems: Vec::new(),
        };
        let (data, features) = (&raw.data_ingestion, &raw.feature_engineering);
        let (building, calibration) = (&raw.model_building, &raw.calibration);

        check.that(
            data.test_size > 0.0 && data.test_size < 1.0,
            "data_ingestion.test_size",
            "above 0 and below 1",
            &data.test_size,
        );
        let max_features = features.max_features.map(|most| {
            check.that(
                most >= 1,
                "feature_engineering.max_features",
                "at least 1, or null",
                &most,
            );
            usize::try_from(most).unwrap_or_default()
        });
        let ngram_range = match features.ngram_range[..] {
            [min, max] => NgramRange::new(
                usize::try_from(min).unwrap_or_default(),
                usize::try_from(max).unwrap_or_default(),
            )
            .ok(),
            _ => None,
        };
        let ngram_bound = format!("[min, max] with 1 <= min <= max <= {}", NgramRange::LONGEST);
        check.that(
            ngram_range.is_some(),
            "feature_engineering.ngram_range",
            &ngram_bound,
            &format!("{:?}", features.ngram_range),
        );
        let min_df = check.count(features.min_df, "feature_engineering.min_df");
        let max_df = check.count(features.max_df, "feature_engineering.max_df");
        // A count and a fraction can be compared only once the number of reviews is known.
        let contradict = match (features.min_df, features.max_df) {
            (RawCount::Count(min), RawCount::Count(max)) => max < min,
            (RawCount::Fraction(min), RawCount::Fraction(max)) => max < min,
            _ => false,
        };
        check.that(
            !contradict,
            "feature_engineering.max_df",
            &format!("at least min_df, {}", features.min_df),
            &features.max_df,
        );
        check.that(
            building.c > 0.0 && building.c.is_finite(),
            "model_building.C",
            "> 0",
            &building.c,
        );
        check.that(
            building.penalty == "l2",
            "model_building.penalty",
            "l2",
            &building.penalty,
        );
        let solver = match building.solver.as_str() {
            "lbfgs" => Some(Solver::Lbfgs),
            "linfa" => Some(Solver::Linfa),
            _ => None,
        };
        check.that(
            solver.is_some(),
            "model_building.solver",
            "lbfgs or linfa",
            &building.solver,
        );
        check.that(
            building.max_iter >= 1,
            "model_building.max_iter",
            "at least 1",
            &building.max_iter,
        );
        check.that(
            building.tol > 0.0 && building.tol.is_finite(),
            "model_building.tol",
            "> 0",
            &building.tol,
        );
        let folds = match calibration.method.as_str() {
            "none" => None,
            method => {
                check.that(
                    method == "platt",
                    "calibration.method",
                    "platt or none",
                    &method,
                );
                check.that(
                    (2..=100).contains(&calibration.folds),
                    "calibration.folds",
                    "between 2 and 100",
                    &calibration.folds,
                );
                usize::try_from(calibration.folds).ok()
            }
        };
        let promotion = raw.promotion.check(&mut check);
        match (ngram_range, solver) {
            (Some(ngram_range), Some(solver)) if check.problems.is_empty() => Ok(Self {
                data_ingestion: DataIngestion {
                    test_size: data.test_size,
                    seed: data.seed,
                },
                vocabulary: VocabularyParams {
                    ngram_range,
                    min_df,
                    max_df,
                    max_features,
                    sublinear_tf: features.sublinear_tf,
                },
                logistic: LogisticParams {
                    c: building.c,
                    max_iter: building.max_iter.unsigned_abs(),
                    tol: building.tol,
                },
                solver,
                calibration_folds: folds,
                promotion,
                raw,
            }),
            _ => Err(ParamsError {
                problems: check.problems,
            }),
        }
    }
}

struct Check<'a> {
    file: &'a str,
    problems: Vec<String>,
}

impl Check<'_> {
    fn that(&mut self, holds: bool, key: &str, bound: &str, got: &dyn fmt::Display) {
        if !holds {
            self.problems
                .push(format!("{key} must be {bound}, got {got} ({})", self.file));
        }
    }

    fn count(&mut self, raw: RawCount, key: &str) -> DocumentCount {
        match raw {
            RawCount::Count(count) => {
                self.that(
                    count >= 1 && u32::try_from(count).is_ok(),
                    key,
                    "between 1 and 4294967295 documents",
                    &raw,
                );
                DocumentCount::Count(u32::try_from(count).unwrap_or_default())
            }
            RawCount::Fraction(fraction) => {
                self.that(
                    (0.0..=1.0).contains(&fraction),
                    key,
                    "a fraction between 0.0 and 1.0",
                    &raw,
                );
                DocumentCount::Fraction(fraction)
            }
        }
    }
}

mod promotion;

#[cfg(test)]
mod tests;
