//! What Python gets as an exception: the value, and what to do.

use pyo3::PyErr;
use pyo3::exceptions::{PyTypeError, PyValueError};
use std::fmt::Display;
use verdict_sentiment::{ArtifactError, FORMAT_VERSION, MAGIC};

pyo3::create_exception!(
    verdict,
    ModelError,
    PyValueError,
    "What was given is no model, or cannot be made one."
);
pyo3::create_exception!(
    verdict,
    TextError,
    PyTypeError,
    "What was given is no text: the place, the value and what to do."
);

/// A model that is refused.
pub(crate) fn model(error: impl Display) -> PyErr {
    ModelError::new_err(error.to_string())
}

/// Bytes that are no model; `from` names where they are from.
pub(crate) fn artifact(from: &str, bytes: &[u8], error: &ArtifactError) -> PyErr {
    let version = bytes.get(MAGIC.len()..).and_then(|rest| rest.first_chunk::<4>());
    let version = version.map_or(0, |bytes| u32::from_le_bytes(*bytes));
    let advice = if !bytes.starts_with(&MAGIC) {
        "give a model.verdict; verdict.from_sklearn makes one of a scikit-learn model"
    } else if version > FORMAT_VERSION {
        "update the package verdict"
    } else {
        "copy the file again from where it was made"
    };
    model(format!("loading model {from}: {error}; {advice}"))
}
