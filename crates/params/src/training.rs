//! What the parameters mean for training.

use crate::ParamsError;
use crate::check::Check;
use crate::preset;
use crate::raw::{RawFeatureEngineering, RawParams};
use crate::words::{Words, WordsError};
use verdict_learning::learn::logistic::LogisticParams;
use verdict_learning::learn::naive_bayes::Weighting;
use verdict_learning::learn::select::VocabularyParams;
use verdict_learning::train::{CheckedTrainParams, Solver, TrainParams};
use verdict_sentiment::{
    Analyzer, Negation, NgramRange, Norm, Preprocessing, TokenPattern, VectorizerOptions,
};

/// Checked parameters of training, without data and promotion.
#[derive(Debug, Clone, PartialEq)]
pub struct Training {
    /// How a model is trained. Stop words and lemmas are in it once they are read
    /// ([`Training::with_words`]).
    pub train: CheckedTrainParams,
    /// Which words it leaves out or changes.
    pub words: Words,
}

impl Training {
    /// Checks what was typed; `None` has left its problems in `check`.
    pub fn check(check: &mut Check<'_>, raw: &RawParams) -> Option<Self> {
        let words = Words::new(check, raw);
        let train = params(check, raw).check();
        let train = check.bounds(train, |parameter| match parameter {
            "max_features" | "min_df" | "max_df" | "windows" => "feature_engineering",
            "folds" => "calibration",
            "target_error" => "decision",
            _ => "model_building",
        });
        Some(Self { train: train?, words })
    }

    /// Reads and checks the text of a parameter file; `file` names it in errors.
    ///
    /// # Errors
    /// States each value that is out of bounds, or where the text is not what it should be.
    pub fn from_yaml(text: &str, file: &str) -> Result<Self, ParamsError> {
        let raw = RawParams::from_yaml(text, file)?;
        let mut check = Check::new(file);
        let training = Self::check(&mut check, &raw);
        check.finish(training)
    }

    /// The same with its words read: a model carries them.
    ///
    /// # Errors
    /// As [`Words::read`].
    pub fn with_words(self) -> Result<Self, WordsError> {
        let read = self.words.read(&self.train.vocabulary.options.analyzer.preprocessing)?;
        Ok(Self { train: self.train.with_preprocessing(read), words: self.words })
    }
}

impl RawParams {
    /// Reads the text of a parameter file, over the preset that it names.
    ///
    /// # Errors
    /// Where the text is not what it should be; `file` is named.
    pub fn from_yaml(text: &str, file: &str) -> Result<Self, ParamsError> {
        preset::read(text).map_err(|problem| ParamsError::one(format!("{file}: {problem}")))
    }
}

fn params(check: &mut Check<'_>, raw: &RawParams) -> TrainParams {
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
