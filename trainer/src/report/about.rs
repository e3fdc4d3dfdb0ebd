//! What a model file says of itself, for readers.

use super::markup::grouped;
use serde_json::Value;
use verdict_sentiment::Model;

/// The value at a JSON pointer, as text: whole numbers in groups of three digits, and "not stated"
/// where there is none.
pub(crate) fn text(model: &Model, pointer: &str) -> String {
    match model.parts().about.pointer(pointer) {
        None | Some(Value::Null) => "not stated".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => match number.as_u64() {
            Some(n) => grouped(n.try_into().unwrap_or(usize::MAX)),
            None => number.to_string(),
        },
        Some(value) => value.to_string(),
    }
}

/// Every value that is no object, named by its path: `{"a": {"b": 1}}` is `a.b` and 1.
pub(crate) fn leaves(value: Option<&Value>) -> impl Iterator<Item = (String, &Value)> {
    let mut leaves = Vec::new();
    if let Some(value) = value.filter(|value| !value.is_null()) {
        collect(String::new(), value, &mut leaves);
    }
    leaves.into_iter()
}

fn collect<'v>(path: String, value: &'v Value, leaves: &mut Vec<(String, &'v Value)>) {
    let Value::Object(members) = value else { return leaves.push((path, value)) };
    for (key, value) in members {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        collect(path, value, leaves);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_listed_by_their_whole_names() {
        let value = serde_json::json!({"a": {"b": 1.5, "c": "x"}, "d": [1, 2], "e": null});
        let got: Vec<_> = leaves(Some(&value)).map(|(k, v)| format!("{k}={v}")).collect();
        assert_eq!(got, ["a.b=1.5", "a.c=\"x\"", "d=[1,2]", "e=null"]);
    }
}
