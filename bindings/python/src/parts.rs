//! What a model is made of, to and from Python.

use crate::errors;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use verdict_learning::train::EXAMPLES;
use verdict_sentiment::{
    Analyzer, Calibration, Model, ModelParts, Negation, NgramRange, Norm, TokenPattern, Vectorizer,
    VectorizerOptions, Vocabulary,
};

/// The parts of a model, a dictionary in Python. Weights and idf beside the terms, which ascend by
/// their bytes.
#[derive(FromPyObject, IntoPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Parts {
    name: String,
    /// JSON.
    about: String,
    terms: Vec<String>,
    document_frequency: Vec<u32>,
    n_documents: u32,
    idf: Vec<f64>,
    weights: Vec<f64>,
    intercept: f64,
    slope: f64,
    offset: f64,
    /// The calibration's factor of long texts.
    long: Option<f64>,
    lowercase: bool,
    /// Whether punctuation marks and single characters are tokens.
    punctuation: bool,
    /// Whether there are steps before and after the tokens that scikit-learn has not; they are not
    /// taken from Python.
    special: bool,
    ngram_range: (usize, usize),
    sublinear_tf: bool,
    binary: bool,
    use_idf: bool,
    /// Whether rows have length one.
    l2: bool,
}

impl Parts {
    pub(crate) fn of(model: &Model) -> Self {
        let parts = model.parts();
        let vectorizer = &parts.vectorizer;
        let options = vectorizer.options();
        let vocabulary = vectorizer.vocabulary();
        let terms = (0..vocabulary.len()).filter_map(|column| vocabulary.term(column));
        Self {
            name: parts.name.clone(),
            about: parts.about.to_string(),
            terms: terms.map(str::to_owned).collect(),
            document_frequency: vectorizer.document_frequency().to_vec(),
            n_documents: vectorizer.n_documents(),
            idf: vectorizer.idf().to_vec(),
            weights: parts.weights.iter().map(|&weight| f64::from(weight)).collect(),
            intercept: parts.intercept,
            slope: parts.calibration.slope,
            offset: parts.calibration.offset,
            long: parts.calibration.long,
            lowercase: options.analyzer.lowercase,
            punctuation: options.analyzer.token_pattern == TokenPattern::WordsAndPunctuation,
            special: !options.analyzer.preprocessing.is_none()
                || options.analyzer.negation != Negation::None,
            ngram_range: (options.ngram_range.min(), options.ngram_range.max()),
            sublinear_tf: options.sublinear_tf,
            binary: options.binary,
            use_idf: options.use_idf,
            l2: options.norm == Norm::L2,
        }
    }

    fn encode(self) -> PyResult<Vec<u8>> {
        let (min, max) = self.ngram_range;
        let options = VectorizerOptions {
            analyzer: Analyzer {
                lowercase: self.lowercase,
                token_pattern: match self.punctuation {
                    true => TokenPattern::WordsAndPunctuation,
                    false => TokenPattern::Words,
                },
                ..Analyzer::default()
            },
            ngram_range: NgramRange::new(min, max).map_err(errors::model)?,
            sublinear_tf: self.sublinear_tf,
            binary: self.binary,
            use_idf: self.use_idf,
            norm: if self.l2 { Norm::L2 } else { Norm::None },
        };
        let vocabulary =
            Vocabulary::new(self.terms.iter().map(String::as_str)).map_err(errors::model)?;
        let vectorizer =
            Vectorizer::new(vocabulary, options, self.n_documents, self.document_frequency)
                .map_err(errors::model)?;
        #[allow(clippy::cast_possible_truncation, reason = "the precision of a model's weights")]
        let weights = self.weights.iter().map(|&weight| weight as f32).collect();
        let parts = ModelParts {
            name: self.name,
            vectorizer,
            weights,
            intercept: self.intercept,
            calibration: Calibration { slope: self.slope, offset: self.offset, long: self.long },
            about: serde_json::from_str(&self.about).map_err(errors::model)?,
        };
        Model::encode(parts, EXAMPLES).map_err(errors::model)
    }
}

/// The bytes of the model that is made of these parts.
#[pyfunction]
pub(crate) fn assemble(py: Python<'_>, parts: Parts) -> PyResult<Bound<'_, PyBytes>> {
    let bytes = py.detach(|| parts.encode())?;
    Ok(PyBytes::new(py, &bytes))
}
