//! Settings from a file: the same names as the flags, as YAML.

use std::ffi::OsString;

use clap::Command;
use serde_yaml_ng::Value;

/// The file's settings as arguments of `command`. A flag that is set in the environment is left out, because the
/// environment goes before the file; `is_set` tells whether a variable is.
///
/// # Errors
/// A sentence that lists every key that is no flag, or says why the text is not a mapping of flags to values.
pub(super) fn arguments(
    command: &Command,
    text: &str,
    is_set: impl Fn(&std::ffi::OsStr) -> bool,
) -> Result<Vec<OsString>, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let file: Value = serde_yaml_ng::from_str(text).map_err(|error| error.to_string())?;
    let settings = match &file {
        Value::Null => return Ok(Vec::new()),
        Value::Mapping(settings) => settings,
        _ => return Err("must be a mapping, one `flag-name: value` a line".to_owned()),
    };
    let (mut found, mut problems) = (Vec::new(), Vec::new());
    for (key, value) in settings {
        let key = key.as_str().unwrap_or_default();
        let flag =
            command.get_arguments().find(|flag| flag.get_long() == Some(key) && key != "config");
        let Some(flag) = flag else {
            problems.push(format!("{key:?} is no setting"));
            continue;
        };
        if flag.get_env().is_some_and(&is_set) {
            continue;
        }
        let values = match value {
            Value::Sequence(values) => values.as_slice(),
            single => std::slice::from_ref(single),
        };
        for value in values {
            match scalar(value) {
                Some(value) => found.push(format!("--{key}={value}").into()),
                None => problems.push(format!("{key} must be a text, a number or a list of them")),
            }
        }
    }
    if problems.is_empty() { Ok(found) } else { Err(problems.join("; ")) }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}
