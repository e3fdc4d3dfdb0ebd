//! Python's strings as Rust reads them, without a copy.

use crate::errors::TextError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use pyo3::types::{PyList, PyString};

/// Longest part of a value that an error shows, in characters.
const SHOWN: usize = 60;

/// The texts of a list.
///
/// # Errors
/// `TextError` with the place and the value of the first that is no text.
pub(crate) fn texts(list: &Bound<'_, PyList>) -> PyResult<Vec<PyBackedStr>> {
    list.iter().enumerate().map(|(i, item)| text(&item, &format!("text {i}"))).collect()
}

/// One text; `place` names it in errors.
pub(crate) fn text(item: &Bound<'_, PyAny>, place: &str) -> PyResult<PyBackedStr> {
    let Ok(string) = item.cast::<PyString>() else {
        let shown: String = item.repr()?.to_string().chars().take(SHOWN).collect();
        let kind = item.get_type().name()?;
        let advice = match kind.to_str()? {
            "bytes" => "decode it, as in text.decode(\"utf-8\")",
            "NoneType" | "float" | "NAType" => {
                "leave it out, or put \"\" there: Series.fillna(\"\")"
            }
            _ => "give str(…) of it, if that is the text",
        };
        return Err(TextError::new_err(format!(
            "{place} must be a str, got {shown} of type {kind}; {advice}"
        )));
    };
    PyBackedStr::try_from(string.clone()).map_err(|error| {
        TextError::new_err(format!(
            "{place} must be text that UTF-8 can hold, got a lone surrogate ({error}); text.encode(\"utf-8\", \
             \"replace\").decode(\"utf-8\") replaces it"
        ))
    })
}
