//! No value of a secret stands in a manifest.

use serde_json::Value;

use crate::{
    Object,
    object::{list, text},
};

const RULE: &str = "secret";

pub(super) fn problems(objects: &[Object]) -> Vec<(&'static str, String, String)> {
    let mut found = Vec::new();
    for object in objects {
        let mut say = |what: String| found.push((RULE, object.called(), what));
        match object.kind() {
            "Secret" => say("a Secret is made in the cluster, not here".to_owned()),
            "ConfigMap" => {
                let values = object.0.get("data").and_then(Value::as_object);
                for (key, value) in values.into_iter().flatten() {
                    if is_secret(key) || holds_secret(value.as_str().unwrap_or_default()) {
                        say(format!("{key} looks like a secret"));
                    }
                }
            }
            _ => {}
        }
        for container in object.containers() {
            for variable in list(container, "/env") {
                let name = text(variable, "/name");
                if is_secret(name) && variable.get("value").is_some() {
                    say(format!("the value of {name} stands here"));
                }
            }
            for word in ["/args", "/command"].iter().flat_map(|key| list(container, key)) {
                let word = word.as_str().unwrap_or_default();
                if let Some((key, value)) = word.split_once('=')
                    && is_secret(key)
                    && !(value.starts_with("$(") && value.ends_with(')'))
                {
                    say(format!("the value of {key} stands here"));
                }
            }
        }
    }
    found
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["password", "secret", "token", "credential", "apikey", "api_key", "access_key", "private"]
        .iter()
        .any(|word| name.contains(word))
}

/// What keys and passwords in files and addresses look like.
fn holds_secret(value: &str) -> bool {
    let in_address = value.split_once("://").is_some_and(|(_, rest)| {
        let host = rest.split('/').next().unwrap_or_default();
        host.contains('@')
    });
    value.contains("PRIVATE KEY-----") || value.contains("AKIA") || in_address
}
