//! Are these the bytes that the pointer promised, and do they make a model that may serve? Pure.

use verdict_messages::ModelPointer;
use verdict_sentiment::{Model, sha256_hex};

use super::error::ModelError;

/// The model in `bytes` under the version that the pointer gives it.
///
/// The cheap comparisons come first, and nothing of the bytes is interpreted, or quoted in an
/// error, before it is certain that they are those that were published.
///
/// # Errors
/// The first thing that does not hold.
pub fn verify(pointer: &ModelPointer, bytes: &[u8]) -> Result<Model, ModelError> {
    let got = bytes.len() as u64;
    if got != pointer.bytes {
        return Err(ModelError::Size { expected: pointer.bytes, got });
    }
    let got = sha256_hex(bytes);
    if got != pointer.sha256 {
        return Err(ModelError::Checksum { expected: pointer.sha256.clone(), got });
    }
    let model = Model::from_bytes(bytes)?;
    let got = &model.identity().name;
    if *got != pointer.name {
        return Err(ModelError::Name { expected: pointer.name.clone(), got: got.clone() });
    }
    Ok(model.with_version(pointer.version.as_str()))
}
