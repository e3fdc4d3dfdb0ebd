//! Are these the bytes that the pointer promised, and do they make a model that may serve? Pure.

use verdict_messages::ModelPointer;
use verdict_sentiment::{Model, sha256_hex};
use verdict_telemetry::labels::ModelSwap;

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
        let why = format!("the pointer says {} bytes, got {got}", pointer.bytes);
        return Err(ModelError::new(ModelSwap::Size, why));
    }
    let got = sha256_hex(bytes);
    if got != pointer.sha256 {
        let why = format!("the pointer says sha256 {}, got {got}", pointer.sha256);
        return Err(ModelError::new(ModelSwap::Checksum, why));
    }
    let model = Model::from_bytes(bytes)?;
    let got = &model.identity().name;
    if *got != pointer.name {
        let why =
            format!("the pointer is to a model named {:?}, got one named {got:?}", pointer.name);
        return Err(ModelError::new(ModelSwap::Name, why));
    }
    Ok(model.with_version(pointer.version.as_str()))
}
