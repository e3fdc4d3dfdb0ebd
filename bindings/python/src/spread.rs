//! Training on an engine such as Spark: what its workers do, and what the driver does between. What
//! goes from one to the other is bytes, which only this file reads.

use crate::errors;
use crate::fit;
use crate::texts;
use crate::threads::in_pool;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyIterator, PyList};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use verdict_learning::learn::facts::Facts;
use verdict_learning::learn::folds::Folds;
use verdict_learning::learn::logistic::FitError;
use verdict_learning::learn::matrix;
use verdict_learning::learn::rows::{Answer, Question, RowsError, Shape, of_block};
use verdict_learning::spread::{Chunk, Cluster, Counts, Fitted, Frequent, Survey};
use verdict_learning::train::TrainError;
use verdict_params::Training;
use verdict_sentiment::Seen;

/// Who is named where a parameter is wrong.
const WHERE: &str = "params";

/// What workers do with a chunk of texts.
#[derive(Serialize, Deserialize)]
enum Work<'a> {
    Survey,
    Count { terms: Cow<'a, [String]> },
    Vectorize { fitted: Cow<'a, Fitted> },
}

/// What workers do with the rows of a block.
#[derive(Serialize, Deserialize)]
struct Asked<'a> {
    folds: Option<Cow<'a, Folds>>,
    questions: Cow<'a, [Question]>,
    shape: Shape,
}

fn to_bytes(value: &impl Serialize) -> Result<Vec<u8>, RowsError> {
    Ok(postcard::to_stdvec(value)?)
}

fn from_bytes<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, RowsError> {
    Ok(postcard::from_bytes(bytes)?)
}

/// A task of a worker, from the bytes that the driver gave.
#[pyclass(frozen, module = "verdict._native")]
pub(crate) struct Task {
    training: Training,
    work: Work<'static>,
}

#[pymethods]
impl Task {
    #[new]
    fn new(params: &str, work: &[u8]) -> PyResult<Self> {
        let training = fit::training(params, WHERE)?;
        Ok(Self { training, work: from_bytes(work).map_err(errors::model)? })
    }

    /// What it makes of a chunk of texts, of which the first is number `first_row`: bytes for the
    /// driver, and those that stay.
    fn of_texts<'py>(
        &self,
        py: Python<'py>,
        list: &Bound<'py, PyList>,
        labels: Vec<bool>,
        first_row: usize,
    ) -> PyResult<(Bound<'py, PyBytes>, Bound<'py, PyBytes>)> {
        let texts = texts::texts(list)?;
        let train = &self.training.train;
        let made = in_pool(py, Some(1), || -> Result<(Vec<u8>, Vec<u8>), RowsError> {
            let texts: Vec<String> = texts.iter().map(ToString::to_string).collect();
            Ok(match &self.work {
                Work::Survey => (to_bytes(&train.survey(&texts, &labels)?)?, Vec::new()),
                Work::Count { terms } => (to_bytes(&train.count(&texts, terms)?)?, Vec::new()),
                Work::Vectorize { fitted } => {
                    let (chunk, facts, seen) =
                        train.vectorize(&texts, &labels, first_row, fitted)?;
                    (to_bytes(&(facts, seen))?, to_bytes(&chunk)?)
                }
            })
        })?;
        let (told, kept) = made.map_err(errors::model)?;
        Ok((PyBytes::new(py, &told), PyBytes::new(py, &kept)))
    }
}

/// The terms that occur more than `free` times in a chunk of texts, and how often beyond that.
#[pyfunction]
pub(crate) fn frequent_terms(
    py: Python<'_>,
    params: &str,
    list: &Bound<'_, PyList>,
    free: u32,
) -> PyResult<(Vec<String>, Vec<u32>)> {
    let training = fit::training(params, WHERE)?;
    let texts = texts::texts(list)?;
    let found = in_pool(py, Some(1), || {
        let texts: Vec<String> = texts.iter().map(ToString::to_string).collect();
        training.train.frequent_terms(&texts, free)
    })?;
    Ok(found.map_err(errors::model)?.into_iter().unzip())
}

/// Answers what is asked of a block, whose chunks come in their order.
#[pyfunction]
pub(crate) fn answer<'py>(
    py: Python<'py>,
    asked: &[u8],
    chunks: &Bound<'py, PyIterator>,
) -> PyResult<Bound<'py, PyBytes>> {
    let Asked { folds, questions, shape } = from_bytes(asked).map_err(errors::model)?;
    let chunks: Vec<Chunk> = chunks
        .try_iter()?
        .map(|bytes| from_bytes(bytes?.extract::<&[u8]>()?).map_err(errors::model))
        .collect::<PyResult<_>>()?;
    let answers: Vec<Answer> = py.detach(|| {
        let of = |question: &Question| {
            of_block(question, folds.as_deref(), shape, chunks.iter().map(Chunk::part))
        };
        questions.iter().map(of).collect()
    });
    Ok(PyBytes::new(py, &to_bytes(&answers).map_err(errors::model)?))
}

/// Reviews in each block but the last.
#[pyfunction]
pub(crate) fn rows_a_block(n_reviews: usize) -> usize {
    matrix::rows_a_block(n_reviews)
}

/// Trains on the reviews of a cluster: as `fit` does. `cluster` has the methods of
/// `verdict.spark._Cluster`.
#[pyfunction]
pub(crate) fn fit_spread<'py>(
    py: Python<'py>,
    cluster: Bound<'py, PyAny>,
    params: &str,
    name: &str,
) -> PyResult<Bound<'py, PyDict>> {
    let training = fit::training(params, WHERE)?;
    let cluster = OfPython(cluster);
    let mut done = Ok(());
    let trained = training.train.fit_spread(&cluster, name, |step| {
        if done.is_ok() {
            done = cluster.0.call_method1("done", (step,)).map(|_| ());
        }
    });
    done?;
    let trained = trained.map_err(|error| match python_error(py, &error) {
        Some(error) => error,
        None => errors::model(error),
    })?;
    fit::told(py, &trained)
}

/// What Python raised, where that is why training failed.
fn python_error(py: Python<'_>, error: &TrainError) -> Option<PyErr> {
    match error {
        TrainError::Fit(FitError::Rows(error)) => {
            Some(error.downcast_ref::<PyErr>()?.clone_ref(py))
        }
        _ => None,
    }
}

/// A cluster that Python reaches.
struct OfPython<'py>(Bound<'py, PyAny>);

impl OfPython<'_> {
    /// What its method makes of each chunk or block.
    fn each<T: for<'a> Deserialize<'a>>(
        &self,
        method: &str,
        task: &impl Serialize,
    ) -> Result<Vec<T>, RowsError> {
        let task = PyBytes::new(self.0.py(), &to_bytes(task)?);
        let all = self.0.call_method1(method, (task,))?;
        let read = |item: PyResult<Bound<'_, PyAny>>| {
            let bytes = item?.cast_into::<PyBytes>().map_err(PyErr::from)?;
            from_bytes(bytes.as_bytes())
        };
        all.try_iter()?.map(read).collect()
    }
}

impl Cluster for OfPython<'_> {
    fn survey(&self) -> Result<Vec<Survey>, RowsError> {
        self.each("texts", &Work::Survey)
    }

    fn terms(&self, wanted: Frequent) -> Result<Vec<String>, RowsError> {
        Ok(self.0.call_method1("terms", (wanted.free, wanted.beyond))?.extract()?)
    }

    fn count(&self, terms: &[String]) -> Result<Vec<Counts>, RowsError> {
        self.each("texts", &Work::Count { terms: Cow::Borrowed(terms) })
    }

    fn vectorize(&self, fitted: &Fitted) -> Result<Vec<(Facts, Vec<Seen>)>, RowsError> {
        self.each("vectorize", &Work::Vectorize { fitted: Cow::Borrowed(fitted) })
    }

    fn answer(
        &self,
        folds: Option<&Folds>,
        asked: &[Question],
        shape: Shape,
    ) -> Result<Vec<Vec<Answer>>, RowsError> {
        let folds = folds.map(Cow::Borrowed);
        self.each("rows", &Asked { folds, questions: Cow::Borrowed(asked), shape })
    }
}
