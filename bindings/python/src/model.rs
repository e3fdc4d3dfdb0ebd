//! A model as Python has it.

use crate::errors;
use crate::parts::Parts;
use crate::texts;
use crate::threads::in_pool;
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyDict, PyList};
use rayon::prelude::*;
use std::cell::RefCell;
use std::collections::HashMap;
use std::path::PathBuf;
use verdict_registry::{Resolver, TrackingSettings};
use verdict_sentiment::{AnalyzerScratch, Decision, Scratch};

/// Texts of fewer bytes than this are scored by the thread that asks: about a millisecond of work,
/// ten times what it takes to start threads.
const WORTH_THREADS: usize = 256 << 10;

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// A model and the bytes that it was read from.
#[pyclass(frozen, module = "verdict._native")]
#[derive(Debug)]
pub(crate) struct Model {
    model: verdict_sentiment::Model,
    bytes: Vec<u8>,
}

/// Score, probability, label, decision, intercept, rest, and each term with its weight.
type Explained = (f64, f64, &'static str, &'static str, f64, f64, Vec<(String, f64)>);

impl Model {
    fn of(from: &str, bytes: Vec<u8>) -> PyResult<Self> {
        let model = verdict_sentiment::Model::from_bytes(&bytes)
            .map_err(|error| errors::artifact(from, &bytes, &error))?;
        Ok(Self { model, bytes })
    }
}

/// What `of` gives for each text, in their order; `threads` as for [`in_pool`].
fn each<T: Send>(
    py: Python<'_>,
    list: &Bound<'_, PyList>,
    threads: Option<usize>,
    of: impl Fn(&mut Scratch, &str) -> T + Send + Sync,
) -> PyResult<Vec<T>> {
    let texts = texts::texts(list)?;
    let n_bytes: usize = texts.iter().map(|text| text.len()).sum();
    match threads {
        None if n_bytes < WORTH_THREADS => Ok(py.detach(|| {
            SCRATCH.with_borrow_mut(|scratch| texts.iter().map(|text| of(scratch, text)).collect())
        })),
        _ => in_pool(py, threads, || {
            let texts = texts.par_iter();
            texts.map_init(Scratch::default, |scratch, text| of(scratch, text)).collect()
        }),
    }
}

#[pymethods]
impl Model {
    /// Reads a model from its bytes.
    #[staticmethod]
    fn from_bytes(py: Python<'_>, bytes: Vec<u8>) -> PyResult<Self> {
        py.detach(|| Self::of("of bytes", bytes))
    }

    /// Reads the model at a URI of `verdict-registry`; `environment` has MLflow's variables.
    #[staticmethod]
    fn load(py: Python<'_>, uri: PathBuf, environment: HashMap<String, String>) -> PyResult<Self> {
        py.detach(|| {
            // Notebooks keep MLflow in a file (`sqlite:///…`), which is no concern of a model's path.
            let tracking = match uri.to_string_lossy().starts_with("models:") {
                true => TrackingSettings::from_lookup(|name| environment.get(name).cloned())
                    .map_err(errors::model)?,
                false => None,
            };
            let (bytes, found) = Resolver { tracking }.fetch(&uri).map_err(errors::model)?;
            let Self { model, bytes } = Self::of(&uri.display().to_string(), bytes)?;
            let model = match found {
                Some(version) => model.with_version(version.version.to_string()),
                None => model,
            };
            Ok(Self { model, bytes })
        })
    }

    /// P(negative) and P(positive) of each text: two doubles a text.
    fn probabilities<'py>(
        &self,
        py: Python<'py>,
        list: &Bound<'py, PyList>,
        threads: Option<usize>,
    ) -> PyResult<Bound<'py, PyByteArray>> {
        let of = |scratch: &mut Scratch, text: &str| self.model.score(scratch, text).probability;
        let positive = each(py, list, threads, of)?;
        PyByteArray::new_with(py, positive.len() * 16, |out| {
            let pairs = positive.into_iter().flat_map(|p: f64| [1.0 - p, p]);
            for (out, p) in out.as_chunks_mut::<8>().0.iter_mut().zip(pairs) {
                *out = p.to_ne_bytes();
            }
            Ok(())
        })
    }

    /// The calibrated log-odds of each text: a double a text.
    fn log_odds<'py>(
        &self,
        py: Python<'py>,
        list: &Bound<'py, PyList>,
        threads: Option<usize>,
    ) -> PyResult<Bound<'py, PyByteArray>> {
        let calibration = self.model.parts().calibration;
        let of = |scratch: &mut Scratch, text: &str| {
            let score = self.model.score(scratch, text).score;
            calibration.log_odds(score, scratch.columns().len()).to_ne_bytes()
        };
        let all: Vec<[u8; 8]> = each(py, list, threads, of)?;
        Ok(PyByteArray::new(py, all.as_flattened()))
    }

    /// The tokens of a text, as terms are made of them.
    fn tokens(&self, item: &Bound<'_, PyAny>) -> PyResult<Vec<String>> {
        let text = texts::text(item, "text")?;
        let mut scratch = AnalyzerScratch::default();
        let options = self.model.parts().vectorizer.options();
        let tokens = options.analyzer.analyze(&mut scratch, &text);
        Ok((0..tokens.len()).filter_map(|i| Some(tokens.text(i)?.into_owned())).collect())
    }

    /// The texts that the model carries with its scores.
    fn examples(&self) -> Vec<&str> {
        self.model.examples().iter().map(|example| &*example.text).collect()
    }

    /// What the model is made of.
    fn parts(&self) -> Parts {
        Parts::of(&self.model)
    }

    /// The exact account of a text's score with its `max_terms` strongest terms.
    fn explain(&self, item: &Bound<'_, PyAny>, max_terms: Option<usize>) -> PyResult<Explained> {
        let text = texts::text(item, "text")?;
        let mut scratch = Scratch::default();
        let explained = self.model.explain(&mut scratch, &text, max_terms.unwrap_or(usize::MAX));
        let score = explained.score;
        let decision = match self.model.decide(scratch.columns().len(), score.probability) {
            Decision::Positive => "positive",
            Decision::Negative => "negative",
            Decision::Unsure => "unsure",
        };
        let terms = explained.terms.iter().map(|term| (term.term.to_owned(), term.weight));
        Ok((
            score.score,
            score.probability,
            score.label.as_str(),
            decision,
            explained.intercept,
            explained.rest,
            terms.collect(),
        ))
    }

    /// Reads the bytes again: length, checksum, bounds, and the scores of the model's own examples.
    fn verify(&self, py: Python<'_>) -> PyResult<()> {
        py.detach(|| {
            let again = verdict_sentiment::Model::from_bytes(&self.bytes);
            let error = |error| errors::artifact("again", &self.bytes, &error);
            again.map(|_| ()).map_err(error)
        })
    }

    /// The model file.
    fn to_bytes<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.bytes)
    }

    /// Name, version, sha256, format and terms; `about` is JSON.
    fn info<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let identity = self.model.identity();
        let info = PyDict::new(py);
        info.set_item("name", &identity.name)?;
        info.set_item("version", &identity.version)?;
        info.set_item("sha256", &identity.sha256)?;
        info.set_item("format_version", self.model.format_version())?;
        info.set_item("n_terms", self.model.n_terms())?;
        info.set_item("about", self.model.parts().about.to_string())?;
        Ok(info)
    }
}
