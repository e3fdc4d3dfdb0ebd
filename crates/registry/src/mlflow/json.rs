//! Reading MLflow's answers.

use crate::{RegistryError, Result, Tags};
use serde_json::Value;

fn at<'a>(answer: &'a Value, path: &[&str]) -> Option<&'a Value> {
    path.iter().try_fold(answer, |value, &field| value.get(field))
}

/// The list at `path`; empty if there is none, as MLflow leaves out what is empty.
pub(super) fn items<'a>(answer: &'a Value, path: &[&str]) -> &'a [Value] {
    let list = at(answer, path).and_then(Value::as_array);
    list.map_or(&[], Vec::as_slice)
}

/// The text at `path` of an answer of `method`.
pub(super) fn text(answer: &Value, path: &[&str], method: &str) -> Result<String> {
    let text = at(answer, path).and_then(Value::as_str);
    let missing = || format!("the answer must have {}", path.join("."));
    text.map(str::to_owned).ok_or_else(|| RegistryError::corrupt(method, missing()))
}

/// The tags of a version, run or model.
pub(super) fn tags(answer: &Value) -> Tags {
    items(answer, &["tags"])
        .iter()
        .filter_map(|pair| {
            let text = |field| pair.get(field)?.as_str().map(str::to_owned);
            Some((text("key")?, text("value")?))
        })
        .collect()
}

/// A whole number from 1.
pub(super) fn number(text: &str) -> Option<u64> {
    text.parse().ok().filter(|&number| number > 0)
}

/// Whether the server has the method, and only the object asked for is missing.
pub(super) fn is_absent(error: &RegistryError) -> bool {
    matches!(error, RegistryError::Status { code, .. } if code == "RESOURCE_DOES_NOT_EXIST")
}

/// Sets a field of a request.
pub(super) fn set(request: &mut Value, field: &str, text: &str) {
    if let Some(fields) = request.as_object_mut() {
        fields.insert(field.to_owned(), Value::from(text));
    }
}

/// Whether the server lacks the method: an older MLflow, or another implementation.
pub(super) fn is_no_such_method(error: &RegistryError) -> bool {
    matches!(error, RegistryError::Status { status: 404 | 405 | 501, .. }) && !is_absent(error)
}
