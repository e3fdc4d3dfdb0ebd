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
    /// Read before all else, see [`Preset`](crate::Preset): here so that it is a key like the
    /// others.
    #[serde(skip_serializing)]
    preset: IgnoredAny,
    /// Where the reviews come from, and which are held out.
    pub data_ingestion: RawDataIngestion,
    pub(crate) data_preprocessing: RawDataPreprocessing,
    pub(crate) feature_engineering: RawFeatureEngineering,
    pub(crate) model_building: RawModelBuilding,
    pub(crate) calibration: RawCalibration,
    pub(crate) decision: RawDecision,
    /// What a model must reach to be promoted.
    pub promotion: Gate,
    /// Where a model goes that was evaluated.
    pub model_registration: RawModelRegistration,
    pub(crate) tune: RawTune,
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

/// The section `data_ingestion`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawDataIngestion {
    /// A location.
    pub source: String,
    /// SHA-256 of that file.
    pub sha256: Option<String>,
    /// Locations to try when the one before cannot be reached.
    pub fallback: Vec<String>,
    /// `source` or `hash`.
    pub split: String,
    /// Fraction that the hash holds out.
    pub test_size: f64,
    /// Of the hash.
    pub seed: u64,
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
pub(crate) struct RawDataPreprocessing {
    pub(crate) html: String,
    pub(crate) urls: String,
    pub(crate) digits: String,
    pub(crate) punctuation: String,
    pub(crate) case: String,
    pub(crate) stop_words: String,
    pub(crate) lemmatizer: String,
    pub(crate) wordnet: PathBuf,
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
pub(crate) struct RawFeatureEngineering {
    pub(crate) tokens: String,
    #[serde(skip_serializing_if = "is_none")]
    pub(crate) negation: String,
    pub(crate) max_features: Option<usize>,
    pub(crate) ngram_range: Vec<usize>,
    pub(crate) min_df: DocumentCount,
    pub(crate) max_df: DocumentCount,
    pub(crate) sublinear_tf: bool,
    pub(crate) binary: bool,
    pub(crate) use_idf: bool,
    pub(crate) norm: String,
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) windows: u64,
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
pub(crate) struct RawDecision {
    pub(crate) target_error: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawModelBuilding {
    pub(crate) weighting: String,
    pub(crate) smoothing: f64,
    #[serde(rename = "C")]
    pub(crate) c: f64,
    pub(crate) penalty: String,
    pub(crate) solver: String,
    pub(crate) max_iter: u64,
    pub(crate) tol: f64,
    #[serde(skip_serializing_if = "is_nothing")]
    pub(crate) window_weight: f64,
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
pub(crate) struct RawCalibration {
    pub(crate) method: String,
    pub(crate) folds: usize,
}

impl Default for RawCalibration {
    fn default() -> Self {
        Self { method: "platt".to_owned(), folds: 3 }
    }
}

/// The section `model_registration`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawModelRegistration {
    /// What the model is called.
    pub name: String,
    /// The alias that a new version gets.
    pub alias: String,
}

impl Default for RawModelRegistration {
    fn default() -> Self {
        Self { name: "sentiment".to_owned(), alias: "staging".to_owned() }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawTune {
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
