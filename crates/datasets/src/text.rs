//! What a text is: UTF-8 without a NUL.

use crate::error::RowProblem;

/// The text in these bytes.
pub(crate) fn text(bytes: &[u8]) -> Result<&str, RowProblem> {
    let text = std::str::from_utf8(bytes)
        .map_err(|error| RowProblem::NotUtf8 { at: error.valid_up_to() })?;
    match bytes.iter().position(|&byte| byte == 0) {
        Some(at) => Err(RowProblem::Nul { at }),
        None => Ok(text),
    }
}
