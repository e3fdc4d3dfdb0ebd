//! `params.yaml`: what was typed, and what it means.
//!
//! Keys and meaning are those of the Python system; ours stand beside them. An unknown key is an
//! error, and all problems are reported together, each with its value, its bound and its place.

pub(crate) mod check;
mod preset;
mod raw;

pub use preset::Preset;
pub use raw::{IMDB_SHA256, IMDB_URL, RawParams};

use crate::ingest::DataIngestion;
use crate::ingest::download::checked_sha256;
use crate::ingest::location::Location;
use check::Check;
use raw::{RawDataIngestion, RawFeatureEngineering};
use std::path::PathBuf;
use verdict_learning::corpus::{Split, SplitRule};
use verdict_learning::gate::Gate;
use verdict_learning::learn::logistic::LogisticParams;
use verdict_learning::learn::naive_bayes::Weighting;
use verdict_learning::learn::select::VocabularyParams;
use verdict_learning::train::{CheckedTrainParams, Solver, TrainParams};
use verdict_sentiment::{
    Analyzer, Negation, NgramRange, Norm, Preprocessing, TokenPattern, VectorizerOptions,
};

/// Checked parameters of a training run.
#[derive(Debug, Clone, PartialEq)]
pub struct Params {
    /// Where the reviews come from, and which are held out.
    pub data_ingestion: DataIngestion,
    /// Which words are left out.
    pub stop_words: StopWordsParam,
    /// The folder of the WordNet dictionary, should nouns be brought to their base form.
    pub wordnet: Option<PathBuf>,
    /// How a model is trained. Stop words and lemmas are in it once they are read
    /// ([`words::read`](crate::words::read)).
    pub train: CheckedTrainParams,
    /// What a model must reach to be promoted.
    pub promotion: Gate,
    /// Where a model goes that was evaluated.
    pub registration: Registration,
    /// What was typed, defaults filled in.
    pub raw: RawParams,
}

/// Which words are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StopWordsParam {
    /// None.
    None,
    /// NLTK's English list.
    NltkEnglish,
    /// Those of a file, one a line.
    File(PathBuf),
}

/// Where a model goes that was evaluated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// What the model is called.
    pub name: String,
    /// The alias that a new version gets.
    pub alias: String,
}

/// Everything that is wrong with a parameter file, or with a suite of behavioural tests.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .problems.join("\n"))]
pub struct ParamsError {
    problems: Vec<String>,
}

impl ParamsError {
    /// One problem, which names the file.
    pub(crate) fn one(problem: String) -> Self {
        Self { problems: vec![problem] }
    }
}

impl Params {
    /// Reads and checks the text of a parameter file; `file` names it in errors.
    ///
    /// # Errors
    /// States each value that is out of bounds, or where the text is not what it should be.
    pub fn from_yaml(text: &str, file: &str) -> Result<Self, ParamsError> {
        let raw =
            preset::read(text).map_err(|problem| ParamsError::one(format!("{file}: {problem}")))?;
        Self::check(raw, file)
    }

    /// The same, with the reviews from `source`.
    #[must_use]
    pub fn reading(mut self, source: Location) -> Self {
        if self.data_ingestion.source != source {
            // The checksum and the fallbacks are of the source that was replaced.
            self.data_ingestion.source = source;
            self.data_ingestion.sha256 = None;
            self.data_ingestion.fallback.clear();
        }
        self
    }

    /// The parameters of a preset.
    ///
    /// # Errors
    /// None that is known: a test reads each.
    pub fn of_preset(preset: Preset) -> Result<Self, ParamsError> {
        Self::from_yaml(&format!("preset: {}", preset.as_str()), preset.as_str())
    }

    /// Checks what was typed.
    ///
    /// # Errors
    /// States each value that is out of bounds.
    pub fn check(raw: RawParams, file: &str) -> Result<Self, ParamsError> {
        let mut check = Check::new(file);
        let data_ingestion = ingestion(&mut check, &raw.data_ingestion);
        let stop_words = match raw.data_preprocessing.stop_words.as_str() {
            "none" => StopWordsParam::None,
            "nltk-english" => StopWordsParam::NltkEnglish,
            file => StopWordsParam::File(file.into()),
        };
        let lemmatizers = [("none", false), ("wordnet", true)];
        let with_wordnet = check.word(
            &raw.data_preprocessing.lemmatizer,
            "data_preprocessing.lemmatizer",
            lemmatizers,
        );
        let train = training(&mut check, &raw).check();
        let train = check.bounds(train, |parameter| match parameter {
            "max_features" | "min_df" | "max_df" | "windows" => "feature_engineering",
            "folds" => "calibration",
            "target_error" => "decision",
            _ => "model_building",
        });
        let promotion = check.bounds(raw.promotion.clone().check(), |_| "promotion");
        check.bounds(raw.search().check(), |_| "tune");
        let registration = Registration {
            name: raw.model_registration.name.clone(),
            alias: raw.model_registration.alias.clone(),
        };
        for (key, word) in [
            ("model_registration.name", &registration.name),
            ("model_registration.alias", &registration.alias),
        ] {
            check.that(is_name(word), key, "letters, digits, '-', '_' and '.', at most 128", word);
        }
        let wordnet = with_wordnet.then(|| raw.data_preprocessing.wordnet.clone());
        check.finish((|| {
            Some(Self {
                data_ingestion: data_ingestion?,
                stop_words,
                wordnet,
                train: train?,
                promotion: promotion?,
                registration,
                raw,
            })
        })())
    }
}

fn is_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    !text.is_empty() && text.len() <= 128 && text.bytes().all(plain) && !text.starts_with('.')
}

fn ingestion(check: &mut Check<'_>, raw: &RawDataIngestion) -> Option<DataIngestion> {
    check.that(
        raw.test_size > 0.0 && raw.test_size < 1.0,
        "data_ingestion.test_size",
        "above 0 and below 1",
        raw.test_size,
    );
    let rules = [("source", SplitRule::Source), ("hash", SplitRule::Hash)];
    let by = check.word(&raw.split, "data_ingestion.split", rules);
    let source = check.parsed(raw.source.parse::<Location>(), "data_ingestion.source");
    let fallback: Vec<Location> = raw
        .fallback
        .iter()
        .filter_map(|text| check.parsed(text.parse(), "data_ingestion.fallback"))
        .collect();
    let sha256 = match &raw.sha256 {
        None => None,
        Some(text) => Some(check.parsed(checked_sha256(text, "it"), "data_ingestion.sha256")?),
    };
    Some(DataIngestion {
        source: source?,
        sha256,
        fallback,
        split: Split { by, test_size: raw.test_size, seed: raw.seed },
    })
}

fn training(check: &mut Check<'_>, raw: &RawParams) -> TrainParams {
    let building = &raw.model_building;
    check.word(&building.penalty, "model_building.penalty", [("l2", ())]);
    let naive_bayes = Weighting::NaiveBayes { smoothing: building.smoothing };
    let weightings = [("none", Weighting::None), ("naive-bayes", naive_bayes)];
    let solvers = [("lbfgs", Solver::Lbfgs), ("linfa", Solver::Linfa)];
    let folds = Some(raw.calibration.folds);
    let methods = [("platt", (folds, false)), ("length", (folds, true)), ("none", (None, false))];
    let (folds, by_length) = check.word(&raw.calibration.method, "calibration.method", methods);
    TrainParams {
        vocabulary: VocabularyParams {
            options: VectorizerOptions {
                analyzer: analyzer(check, raw),
                ..options(check, &raw.feature_engineering)
            },
            min_df: raw.feature_engineering.min_df,
            max_df: raw.feature_engineering.max_df,
            max_features: raw.feature_engineering.max_features,
        },
        logistic: LogisticParams {
            c: building.c,
            max_iter: building.max_iter,
            tol: building.tol,
            weighting: check.word(&building.weighting, "model_building.weighting", weightings),
        },
        solver: check.word(&building.solver, "model_building.solver", solvers),
        windows: raw.feature_engineering.windows,
        window_weight: building.window_weight,
        folds,
        by_length,
        target_error: raw.decision.target_error,
        recorded: raw.recorded(),
    }
}

fn analyzer(check: &mut Check<'_>, raw: &RawParams) -> Analyzer {
    let text = &raw.data_preprocessing;
    let mut goes = |got: &str, key: &str, word: &'static str| {
        check.word(got, &format!("data_preprocessing.{key}"), [("keep", false), (word, true)])
    };
    let preprocessing = Preprocessing {
        strip_html: goes(&text.html, "html", "strip"),
        remove_urls: goes(&text.urls, "urls", "remove"),
        remove_digits: goes(&text.digits, "digits", "remove"),
        remove_punctuation: goes(&text.punctuation, "punctuation", "remove"),
        ..Preprocessing::default()
    };
    let lowercase = goes(&text.case, "case", "lower");
    let patterns = [
        ("words", TokenPattern::Words),
        ("words-and-punctuation", TokenPattern::WordsAndPunctuation),
    ];
    let tokens = &raw.feature_engineering.tokens;
    let token_pattern = check.word(tokens, "feature_engineering.tokens", patterns);
    let negations = [("none", Negation::None), ("mark", Negation::Mark)];
    let negation = &raw.feature_engineering.negation;
    let negation = check.word(negation, "feature_engineering.negation", negations);
    let has_marks = token_pattern == TokenPattern::WordsAndPunctuation;
    check.that(
        negation == Negation::None || (has_marks && !preprocessing.remove_punctuation),
        "feature_engineering.negation",
        "none unless tokens is words-and-punctuation and punctuation is kept, since marks end a scope",
        &raw.feature_engineering.negation,
    );
    Analyzer { preprocessing, lowercase, token_pattern, negation }
}

/// All but the analyzer.
fn options(check: &mut Check<'_>, raw: &RawFeatureEngineering) -> VectorizerOptions {
    let ngram_range = match raw.ngram_range[..] {
        [min, max] => NgramRange::new(min, max).ok(),
        _ => None,
    };
    check.that(
        ngram_range.is_some(),
        "feature_engineering.ngram_range",
        format_args!("[min, max] with 1 <= min <= max <= {}", NgramRange::LONGEST),
        format_args!("{:?}", raw.ngram_range),
    );
    let norms = [("l2", Norm::L2), ("none", Norm::None)];
    VectorizerOptions {
        analyzer: Analyzer::default(),
        ngram_range: ngram_range.unwrap_or_default(),
        sublinear_tf: raw.sublinear_tf,
        binary: raw.binary,
        use_idf: raw.use_idf,
        norm: check.word(&raw.norm, "feature_engineering.norm", norms),
    }
}

#[cfg(test)]
mod tests;
