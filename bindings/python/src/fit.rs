//! Training as the trainer does it.

use crate::errors;
use crate::texts;
use crate::threads::in_pool;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList};
use verdict_learning::corpus::Corpus;
use verdict_learning::train::Trained;
use verdict_params::Training;

/// Who is named where a parameter is wrong.
const WHERE: &str = "VerdictClassifier";

/// Trains a model called `name` by parameters as params.yaml has them: `artifact`, the model's
/// bytes, with `iterations` and `converged`.
#[pyfunction]
pub(crate) fn fit<'py>(
    py: Python<'py>,
    list: &Bound<'py, PyList>,
    labels: Vec<bool>,
    params: &str,
    name: &str,
    threads: Option<usize>,
) -> PyResult<Bound<'py, PyDict>> {
    let training = training(params, WHERE)?;
    let texts = texts::texts(list)?;
    let trained = in_pool(py, threads, || {
        let corpus: Corpus = texts.iter().map(ToString::to_string).zip(labels).collect();
        drop(texts);
        training.train.fit(&corpus, name).map_err(errors::model)
    })??;
    told(py, &trained)
}

/// Parameters as params.yaml has them, with their words; `file` names them in errors.
pub(crate) fn training(params: &str, file: &str) -> PyResult<Training> {
    let training = Training::from_yaml(params, file).map_err(errors::model)?;
    training.with_words().map_err(errors::model)
}

/// A model's bytes, and how its training ended.
pub(crate) fn told<'py>(py: Python<'py>, trained: &Trained) -> PyResult<Bound<'py, PyDict>> {
    let result = PyDict::new(py);
    result.set_item("artifact", PyBytes::new(py, &trained.artifact))?;
    result.set_item("iterations", trained.iterations)?;
    result.set_item("converged", trained.converged)?;
    Ok(result)
}

/// Checks parameters as params.yaml has them.
#[pyfunction]
pub(crate) fn check_params(params: &str) -> PyResult<()> {
    Training::from_yaml(params, WHERE).map(|_| ()).map_err(errors::model)
}
