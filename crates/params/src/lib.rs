//! `params.yaml`: what was typed, and what it means for training.
//!
//! Keys and meaning are those of the Python system; ours stand beside them. An unknown key is an
//! error, and all problems are reported together, each with its value, its bound and its place.
//! The trainer reads files of them, and the Python estimator its arguments: the same parameters
//! give the same model.
//!
//! ```
//! use verdict_params::Training;
//!
//! let training = Training::from_yaml("preset: sentences\nmodel_building: {C: 5.0}", "params.yaml")?;
//! assert_eq!(training.train.logistic.c, 5.0);
//! assert_eq!(training.train.windows, 4);
//! # Ok::<(), verdict_params::ParamsError>(())
//! ```

mod check;
mod preset;
mod raw;
mod training;
mod words;

pub use check::Check;
pub use preset::Preset;
pub use raw::{IMDB_SHA256, IMDB_URL, RawDataIngestion, RawModelRegistration, RawParams};
pub use training::Training;
pub use words::{StopWordsParam, Words, WordsError};

/// Everything that is wrong with a parameter file, or with a suite of behavioural tests.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .problems.join("\n"))]
pub struct ParamsError {
    /// Each with its value, its bound and its place.
    pub problems: Vec<String>,
}

impl ParamsError {
    /// One problem, which names the file.
    pub fn one(problem: String) -> Self {
        Self { problems: vec![problem] }
    }
}
