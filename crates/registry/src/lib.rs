//! Where models live. Today: a file, or a directory that holds `model.verdict`.
//!
//! A model is read whole, its size is bounded before it is read, and every check of
//! [`verdict_sentiment::Model::from_bytes`] is made before anyone sees it. It is written beside its place and moved there,
//! so that a reader finds the old one or the new one, never a part.

mod directory;

pub use directory::{LoadError, MODEL_FILE, SaveError, load, read, save};
