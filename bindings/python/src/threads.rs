//! How many threads work.

use crate::errors;
use pyo3::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

/// Runs `work` without Python's lock in a pool of so many threads; `None` is one for each core.
///
/// The pool ends with the call: a process that forks (`multiprocessing`) would go on with one whose
/// threads are gone.
///
/// # Errors
/// Where the number is 0, or threads cannot be started.
pub(crate) fn in_pool<T: Send>(
    py: Python<'_>,
    threads: Option<usize>,
    work: impl FnOnce() -> T + Send,
) -> PyResult<T> {
    if threads == Some(0) {
        return Err(errors::model("threads must be at least 1, or None for all cores, got 0"));
    }
    py.detach(|| {
        let pool: ThreadPool =
            ThreadPoolBuilder::new()
                .num_threads(threads.unwrap_or(0))
                .build()
                .map_err(|error| errors::model(format!("starting {threads:?} threads: {error}")))?;
        Ok(pool.install(work))
    })
}
