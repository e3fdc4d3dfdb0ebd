//! The model file, `model.verdict`: one flat sequence of bytes, the same for the same model
//! everywhere.
//!
//! Formats 1 to 3, all numbers little-endian:
//!
//! | bytes | what |
//! |---|---|
//! | 8 | magic `VERDICT\x1a` |
//! | 4 | format version, 1 to 3 |
//! | 8 | length of the whole file |
//! | 4 × 4 | terms, documents, shortest n-gram, longest n-gram |
//! | 4 | flags: bit 0 sublinear tf; those of the others stand in `artifact/flags.rs` |
//! | 3 × 8 | intercept, calibration slope, calibration offset (f64) |
//! | 5 × 4 | lengths in bytes of name, term text, about; number of examples; 0 |
//! | 3 × 4 | from format 2: lengths in bytes of stop words, nouns, irregular nouns |
//! | 8 | format 3, with flag 12: calibration of long texts (f64) |
//! | … | name (UTF-8) |
//! | 4 × terms | document frequencies (u32) |
//! | 4 × terms | weights (f32) |
//! | 4 × terms | end of each term in the term text (u32) |
//! | … | term text (UTF-8), terms ascending by their bytes |
//! | … | about: parameters, data, metrics (a JSON object) |
//! | … | examples, each: length (u32), text (UTF-8), score (f64) |
//! | … | from format 2: stop words (UTF-8), ascending by their bytes, each and a line feed |
//! | … | from format 2: nouns of the lemmatizer, likewise |
//! | … | from format 2: irregular nouns, likewise, each: form, space, lemma |
//! | 32 | SHA-256 of all bytes before |
//!
//! An option of format 3 is a flag, and what it needs beside that stands behind the fields above in
//! the order of the flags; a loader refuses flags that it does not know. A model has one encoding:
//! what an older format can hold is never written, nor read, as a newer one. A layout never changes
//! without a new version; `tests/goldens/format-1.verdict` to `format-3.verdict` are kept examples.

mod bytes;
mod flags;
mod format;
mod read;
mod write;

pub(crate) use format::{EXAMPLE_TOLERANCE, version_of};
pub use format::{Example, FORMAT_VERSION, Limits, MAGIC, sha256_hex};
pub(crate) use read::decode;
pub(crate) use write::encode;
