//! The part of the Python package `verdict` that is compiled: Verdict's own crates behind Python's
//! types. It decides nothing; what it lacks of Python's manners (arrays, names, estimators) stands
//! in the folder `python`.

mod errors;
mod fit;
mod log;
mod model;
mod parts;
mod spread;
mod texts;
mod threads;

/// `verdict._native`, whose types stand in `python/verdict/_native.pyi`.
#[pyo3::pymodule]
mod _native {
    #[pymodule_export]
    use super::errors::{ModelError, TextError};
    #[pymodule_export]
    use super::fit::{check_params, fit};
    #[pymodule_export]
    use super::log::{Join, corpus_facts, holds_out, label_event, review_event, settings};
    #[pymodule_export]
    use super::model::Model;
    #[pymodule_export]
    use super::parts::assemble;
    #[pymodule_export]
    use super::spread::{Task, answer, fit_spread, frequent_terms, rows_a_block};

    #[pymodule_export]
    #[allow(non_upper_case_globals, reason = "Python's name for it")]
    const __version__: &str = env!("CARGO_PKG_VERSION");
}
