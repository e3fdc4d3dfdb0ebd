//! `params.yaml`: what was typed, and what it means.
//!
//! Keys and meaning are those of the Python system; ours stand beside them. An unknown key is an error, and all problems
//! are reported together, each with its value, its bound and its place.

mod check;
mod preset;
mod promotion;
mod raw;

pub use preset::{Preset, full_text};
pub use raw::{IMDB_SHA256, IMDB_URL, RawParams};

use crate::gate::thresholds::Gate;
use crate::ingest::download::checked_sha256;
use crate::ingest::location::Location;
use crate::learn::logistic::LogisticParams;
use crate::learn::naive_bayes::Weighting;
use crate::learn::select::VocabularyParams;
use check::Check;
use raw::{
    RawCount, RawDataIngestion, RawDataPreprocessing, RawFeatureEngineering, RawModelBuilding,
};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use verdict_sentiment::{
    Analyzer, NgramRange, Norm, Preprocessing, TokenPattern, VectorizerOptions,
};

/// Checked parameters of a training run.
#[derive(Debug, Clone, PartialEq)]
pub struct Params {
    /// Where the reviews come from, and which are held out.
    pub data_ingestion: DataIngestion,
    /// The vocabulary, and what becomes of a text on the way to it. Stop words and lemmas are in it once they are read
    /// ([`words::read`](crate::words::read)).
    pub vocabulary: VocabularyParams,
    /// Which words are left out.
    pub stop_words: StopWordsParam,
    /// The folder of the WordNet dictionary, should nouns be brought to their base form.
    pub wordnet: Option<PathBuf>,
    /// Weights of the classes.
    pub logistic: LogisticParams,
    /// Which optimiser.
    pub solver: Solver,
    /// Folds of the calibration; `None` takes the scores themselves for log-odds.
    pub calibration_folds: Option<usize>,
    /// What a model must reach to be promoted.
    pub promotion: Gate,
    /// Where a model goes that was evaluated.
    pub registration: Registration,
    /// What was typed, defaults filled in.
    pub raw: RawParams,
}

/// Where reviews come from, and how they are split.
#[derive(Debug, Clone, PartialEq)]
pub struct DataIngestion {
    /// The source.
    pub source: Location,
    /// SHA-256 of the source's file, 64 lower-case hexadecimal digits; `None` takes any file.
    pub sha256: Option<String>,
    /// Sources to try in this order when the one before cannot be reached.
    pub fallback: Vec<Location>,
    /// Which reviews are held out.
    pub split: Split,
}

/// Which reviews are held out for testing.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Split {
    /// Whether a source's own split counts.
    pub by: SplitRule,
    /// Fraction of the reviews that are held out, above 0 and below 1.
    pub test_size: f64,
    /// Seed of the hash.
    pub seed: u64,
}

/// Who decides which reviews are held out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SplitRule {
    /// The source where it has parts of its own (aclImdb), a hash of the text elsewhere.
    Source,
    /// A hash of the text.
    Hash,
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

/// Which optimiser fits the weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Solver {
    /// argmin's L-BFGS over sparse rows.
    Lbfgs,
    /// linfa-logistic over dense rows, for small vocabularies.
    Linfa,
}

/// Where a model goes that was evaluated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// What the model is called.
    pub name: String,
    /// The alias that a new version gets.
    pub alias: String,
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
        let raw = preset::read(text)
            .map_err(|problem| ParamsError { problems: vec![format!("{file}: {problem}")] })?;
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

    /// The vocabulary's parameters for texts that are preprocessed already.
    #[must_use]
    pub fn after_preprocessing(&self) -> VocabularyParams {
        let mut params = self.vocabulary.clone();
        params.options.analyzer.preprocessing = Preprocessing::default();
        params
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
        let ingestion = ingestion(&mut check, &raw.data_ingestion);
        let analyzer = analyzer(&mut check, &raw);
        let vocabulary = vocabulary(&mut check, &raw.feature_engineering);
        let (stop_words, wordnet) = words(&mut check, &raw.data_preprocessing);
        let (logistic, solver) = building(&mut check, &raw.model_building);
        let calibration_folds = match raw.calibration.method.as_str() {
            "none" => None,
            method => {
                check.word(method, "calibration.method", &[("platt", ()), ("none", ())]);
                check.that(
                    (2..=100).contains(&raw.calibration.folds),
                    "calibration.folds",
                    "between 2 and 100",
                    &raw.calibration.folds,
                );
                usize::try_from(raw.calibration.folds).ok()
            }
        };
        let promotion = raw.promotion.check(&mut check);
        for (key, bound, got) in raw.tune.problems() {
            check.that(false, &key, bound, &got);
        }
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
        let found = (|| {
            let mut vocabulary = vocabulary?;
            vocabulary.options.analyzer = analyzer?;
            Some(Self {
                data_ingestion: ingestion?,
                vocabulary,
                stop_words,
                wordnet,
                logistic: logistic?,
                solver: solver?,
                calibration_folds,
                promotion,
                registration,
                raw,
            })
        })();
        check.finish(found)
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
        &raw.test_size,
    );
    let by = check.word(
        &raw.split,
        "data_ingestion.split",
        &[("source", SplitRule::Source), ("hash", SplitRule::Hash)],
    );
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
        split: Split { by: by?, test_size: raw.test_size, seed: raw.seed },
    })
}

fn analyzer(check: &mut Check<'_>, raw: &RawParams) -> Option<Analyzer> {
    let (text, tokens) = (&raw.data_preprocessing, &raw.feature_engineering.tokens);
    let mut goes = |got: &str, key: &str, word: &'static str| {
        let key = format!("data_preprocessing.{key}");
        check.word(got, &key, &[("keep", false), (word, true)])
    };
    let strip_html = goes(&text.html, "html", "strip");
    let remove_urls = goes(&text.urls, "urls", "remove");
    let remove_digits = goes(&text.digits, "digits", "remove");
    let remove_punctuation = goes(&text.punctuation, "punctuation", "remove");
    let lowercase = goes(&text.case, "case", "lower");
    let patterns = [
        ("words", TokenPattern::Words),
        ("words-and-punctuation", TokenPattern::WordsAndPunctuation),
    ];
    let token_pattern = check.word(tokens, "feature_engineering.tokens", &patterns);
    Some(Analyzer {
        preprocessing: Preprocessing {
            strip_html: strip_html?,
            remove_urls: remove_urls?,
            remove_digits: remove_digits?,
            remove_punctuation: remove_punctuation?,
            ..Preprocessing::default()
        },
        lowercase: lowercase?,
        token_pattern: token_pattern?,
    })
}

fn words(check: &mut Check<'_>, raw: &RawDataPreprocessing) -> (StopWordsParam, Option<PathBuf>) {
    let stop_words = match raw.stop_words.as_str() {
        "none" => StopWordsParam::None,
        "nltk-english" => StopWordsParam::NltkEnglish,
        file => StopWordsParam::File(file.into()),
    };
    let with_wordnet = check.word(
        &raw.lemmatizer,
        "data_preprocessing.lemmatizer",
        &[("none", false), ("wordnet", true)],
    );
    let wordnet = with_wordnet == Some(true);
    (stop_words, wordnet.then(|| raw.wordnet.clone()))
}

fn vocabulary(check: &mut Check<'_>, raw: &RawFeatureEngineering) -> Option<VocabularyParams> {
    let max_features = raw.max_features.map(|most| {
        check.that(most >= 1, "feature_engineering.max_features", "at least 1, or null", &most);
        usize::try_from(most).unwrap_or_default()
    });
    let ngram_range = match raw.ngram_range[..] {
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
        &format!("{:?}", raw.ngram_range),
    );
    let min_df = check.count(raw.min_df, "feature_engineering.min_df");
    let max_df = check.count(raw.max_df, "feature_engineering.max_df");
    // A count and a fraction can be compared only once the number of reviews is known.
    let contradict = match (raw.min_df, raw.max_df) {
        (RawCount::Count(min), RawCount::Count(max)) => max < min,
        (RawCount::Fraction(min), RawCount::Fraction(max)) => max < min,
        _ => false,
    };
    check.that(
        !contradict,
        "feature_engineering.max_df",
        &format!("at least min_df, {}", raw.min_df),
        &raw.max_df,
    );
    let norm = check.word(
        &raw.norm,
        "feature_engineering.norm",
        &[("l2", Norm::L2), ("none", Norm::None)],
    );
    Some(VocabularyParams {
        options: VectorizerOptions {
            analyzer: Analyzer::default(),
            ngram_range: ngram_range?,
            sublinear_tf: raw.sublinear_tf,
            binary: raw.binary,
            use_idf: raw.use_idf,
            norm: norm?,
        },
        min_df,
        max_df,
        max_features,
    })
}

fn building(
    check: &mut Check<'_>,
    raw: &RawModelBuilding,
) -> (Option<LogisticParams>, Option<Solver>) {
    let above_zero = |number: f64| number > 0.0 && number.is_finite();
    check.that(above_zero(raw.c), "model_building.C", "> 0", &raw.c);
    check.that(above_zero(raw.smoothing), "model_building.smoothing", "> 0", &raw.smoothing);
    check.word(&raw.penalty, "model_building.penalty", &[("l2", ())]);
    check.that(raw.max_iter >= 1, "model_building.max_iter", "at least 1", &raw.max_iter);
    check.that(above_zero(raw.tol), "model_building.tol", "> 0", &raw.tol);
    let naive_bayes = Weighting::NaiveBayes { smoothing: raw.smoothing };
    let weighting = check.word(
        &raw.weighting,
        "model_building.weighting",
        &[("none", Weighting::None), ("naive-bayes", naive_bayes)],
    );
    let solver = check.word(
        &raw.solver,
        "model_building.solver",
        &[("lbfgs", Solver::Lbfgs), ("linfa", Solver::Linfa)],
    );
    let logistic = weighting.map(|weighting| LogisticParams {
        c: raw.c,
        max_iter: raw.max_iter.unsigned_abs(),
        tol: raw.tol,
        weighting,
    });
    (logistic, solver)
}

#[cfg(test)]
mod tests;
