//! The rules of Prometheus as the object that the Prometheus operator reads.

use serde_json::{Value, json};

/// The object, as YAML with the comment that says where it comes from.
///
/// # Errors
/// A text is not YAML.
pub fn of(rule_files: &[(&str, &str)]) -> Result<String, serde_yaml_ng::Error> {
    let mut groups = Vec::new();
    for (name, text) in rule_files {
        let file: Value = serde_yaml_ng::from_str(text)?;
        let stem = name.split('.').next().unwrap_or(name);
        let of_file = file.get("groups").and_then(Value::as_array);
        for group in of_file.into_iter().flatten() {
            let mut group = group.clone();
            // Prometheus tells groups of several files apart, the operator's object has all in one list by name.
            if let Some(name) = group.get_mut("name") {
                *name = json!(format!("{}-{stem}", name.as_str().unwrap_or_default()));
            }
            groups.push(group);
        }
    }
    let object = json!({
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "verdict", "namespace": "verdict"},
        "spec": {"groups": groups},
    });
    let names: Vec<_> = rule_files.iter().map(|(name, _)| *name).collect();
    Ok(format!(
        "# Written by `make manifests` from observability/prometheus/rules ({}); a test compares.\n{}",
        names.join(", "),
        serde_yaml_ng::to_string(&object)?
    ))
}
