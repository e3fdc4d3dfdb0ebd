//! What a model file says of itself, for readers.

use super::charts::grouped;
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
pub(crate) fn leaves(value: &Value) -> Vec<(String, &Value)> {
    let Value::Object(members) = value else {
        return vec![(String::new(), value)];
    };
    let below = members.iter().flat_map(|(key, value)| {
        leaves(value).into_iter().map(move |(path, leaf)| match path.as_str() {
            "" => (key.clone(), leaf),
            path => (format!("{key}.{path}"), leaf),
        })
    });
    below.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_listed_by_their_whole_names() {
        let value = serde_json::json!({"a": {"b": 1.5, "c": "x"}, "d": [1, 2], "e": null});
        let got: Vec<_> = leaves(&value).iter().map(|(k, v)| format!("{k}={v}")).collect();
        assert_eq!(got, ["a.b=1.5", "a.c=\"x\"", "d=[1,2]", "e=null"]);
    }
}
