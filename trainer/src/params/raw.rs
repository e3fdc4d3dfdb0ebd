//! `params.yaml` as it was typed: keys, and the values they have where they are left out.

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::path::PathBuf;
use verdict_learning::gate::{Floors, Gate};
use verdict_learning::learn::select::DocumentCount;
use verdict_learning::tune::{Range, Search, Space};
use verdict_learning::windows::Length;

/// Where the Large Movie Review Dataset is published.
pub const IMDB_URL: &str = "https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz";
/// The SHA-256 of that archive.
pub const IMDB_SHA256: &str = "c40f74a18d3b61f90feba1e17730e0d38e8b97c05fde7008942e91923d1658fe";

/// The file as it was typed.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawParams {
    /// Read before all else, see [`Preset`](super::Preset): here so that it is a key like the
    /// others.
    #[serde(skip_serializing)]
    preset: IgnoredAny,
    pub(super) data_ingestion: RawDataIngestion,
    pub(super) data_preprocessing: RawDataPreprocessing,
    pub(super) feature_engineering: RawFeatureEngineering,
    pub(super) model_building: RawModelBuilding,
    pub(super) calibration: RawCalibration,
    pub(super) decision: RawDecision,
    pub(super) promotion: Gate,
    pub(super) model_registration: RawModelRegistration,
    pub(super) tune: RawTune,
}

impl RawParams {
    /// How to search for better ones.
    #[must_use]
    pub fn search(&self) -> Search {
        let RawTune { trials, folds, patience, seed, windows, ranges } = self.tune.clone();
        Search { trials, folds, patience, seed, windows, ranges }
    }

    /// The same, with the model of others: preprocessing, features, weights and calibration.
    #[must_use]
    pub fn with_model_of(mut self, others: Self) -> Self {
        self.data_preprocessing = RawDataPreprocessing {
            // Where the dictionary is belongs to the machine.
            wordnet: self.data_preprocessing.wordnet,
            ..others.data_preprocessing
        };
        self.feature_engineering = others.feature_engineering;
        self.model_building = others.model_building;
        self.calibration = others.calibration;
        self.decision = others.decision;
        self
    }

    /// What a model keeps of its parameters: all that its weights depend on, the accuracy that it
    /// must keep while it serves, and nothing of where data or dictionary were.
    #[must_use]
    pub fn recorded(&self) -> serde_json::Value {
        let RawDataIngestion { split, test_size, seed, .. } = &self.data_ingestion;
        let mut preprocessing = json!(self.data_preprocessing);
        if let Some(keys) = preprocessing.as_object_mut() {
            keys.remove("wordnet");
        }
        let mut recorded = json!({
            "data_ingestion": { "split": split, "test_size": test_size, "seed": seed },
            "data_preprocessing": preprocessing,
            "feature_engineering": self.feature_engineering,
            "model_building": self.model_building,
            "calibration": self.calibration,
        });
        // What is as by default has no key: models of before there was it keep their bytes.
        let Floors { accuracy, .. } = self.promotion.floors;
        if let Some(keys) = recorded.as_object_mut() {
            if self.decision.target_error.is_some() {
                keys.insert("decision".to_owned(), json!(self.decision));
            }
            if (Floors { accuracy, ..Floors::default() }) != Floors::default() {
                let promotion = json!({ "floors": { "accuracy": accuracy } });
                keys.insert("promotion".to_owned(), promotion);
            }
        }
        recorded
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawDataIngestion {
    pub(super) source: String,
    pub(super) sha256: Option<String>,
    pub(super) fallback: Vec<String>,
    pub(super) split: String,
    pub(super) test_size: f64,
    pub(super) seed: u64,
}

impl Default for RawDataIngestion {
    fn default() -> Self {
        Self {
            source: IMDB_URL.to_owned(),
            sha256: Some(IMDB_SHA256.to_owned()),
            fallback: Vec::new(),
            split: "source".to_owned(),
            test_size: 0.25,
            seed: 42,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawDataPreprocessing {
    pub(super) html: String,
    pub(super) urls: String,
    pub(super) digits: String,
    pub(super) punctuation: String,
    pub(super) case: String,
    pub(super) stop_words: String,
    pub(super) lemmatizer: String,
    pub(super) wordnet: PathBuf,
}

impl Default for RawDataPreprocessing {
    fn default() -> Self {
        let keep = || "keep".to_owned();
        Self {
            html: keep(),
            urls: keep(),
            digits: keep(),
            punctuation: keep(),
            case: "lower".to_owned(),
            stop_words: "none".to_owned(),
            lemmatizer: "none".to_owned(),
            wordnet: PathBuf::from("/usr/share/wordnet"),
        }
    }
}

// Keys that models of before them do not have are left out where they say nothing new: such a model
// keeps its bytes.

fn is_none(word: &str) -> bool {
    word == "none"
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "what serde calls")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "what serde calls")]
fn is_nothing(weight: &f64) -> bool {
    weight.abs() <= 0.0
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawFeatureEngineering {
    pub(super) tokens: String,
    #[serde(skip_serializing_if = "is_none")]
    pub(super) negation: String,
    pub(super) max_features: Option<usize>,
    pub(super) ngram_range: Vec<usize>,
    pub(super) min_df: DocumentCount,
    pub(super) max_df: DocumentCount,
    pub(super) sublinear_tf: bool,
    pub(super) binary: bool,
    pub(super) use_idf: bool,
    pub(super) norm: String,
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) windows: u64,
}

impl Default for RawFeatureEngineering {
    fn default() -> Self {
        Self {
            tokens: "words".to_owned(),
            negation: "none".to_owned(),
            max_features: Some(20_000),
            ngram_range: vec![1, 3],
            min_df: DocumentCount::Count(1),
            max_df: DocumentCount::Fraction(1.0),
            sublinear_tf: true,
            binary: false,
            use_idf: true,
            norm: "l2".to_owned(),
            windows: 0,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawDecision {
    pub(super) target_error: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawModelBuilding {
    pub(super) weighting: String,
    pub(super) smoothing: f64,
    #[serde(rename = "C")]
    pub(super) c: f64,
    pub(super) penalty: String,
    pub(super) solver: String,
    pub(super) max_iter: u64,
    pub(super) tol: f64,
    #[serde(skip_serializing_if = "is_nothing")]
    pub(super) window_weight: f64,
}

impl Default for RawModelBuilding {
    fn default() -> Self {
        Self {
            weighting: "none".to_owned(),
            smoothing: 1.0,
            c: 10.0,
            penalty: "l2".to_owned(),
            solver: "lbfgs".to_owned(),
            max_iter: 1000,
            tol: 1e-4,
            window_weight: 0.0,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawCalibration {
    pub(super) method: String,
    pub(super) folds: usize,
}

impl Default for RawCalibration {
    fn default() -> Self {
        Self { method: "platt".to_owned(), folds: 3 }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawModelRegistration {
    pub(super) name: String,
    pub(super) alias: String,
}

impl Default for RawModelRegistration {
    fn default() -> Self {
        Self { name: "sentiment".to_owned(), alias: "staging".to_owned() }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawTune {
    trials: usize,
    folds: usize,
    patience: usize,
    seed: u64,
    windows: Option<Length>,
    ranges: Space,
}

impl Default for RawTune {
    fn default() -> Self {
        let ngram_ranges = vec![json!([1, 2]), json!([1, 3]), json!([1, 4])];
        let ranges = [
            ("model_building.C", Range::LogUniform([20.0, 2000.0])),
            ("model_building.smoothing", Range::LogUniform([0.02, 2.0])),
            ("feature_engineering.ngram_range", Range::Choice(ngram_ranges)),
            ("feature_engineering.min_df", Range::Choice(vec![json!(2), json!(3)])),
        ];
        Self {
            trials: 20,
            folds: 3,
            patience: 10,
            seed: 42,
            windows: None,
            ranges: ranges.map(|(key, range)| (key.to_owned(), range)).into(),
        }
    }
}
