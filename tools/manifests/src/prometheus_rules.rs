//! The rules of Prometheus as the object that the Prometheus operator reads.

use serde_json::{Value, json};

/// The object, as YAML with the comment that says where it comes from.
///
/// # Errors
/// A text is not YAML.
pub fn of(rule_files: &[(&str, &str)]) -> Result<String, serde_yaml_ng::Error> {
    let mut groups = Vec::new();
    for (_, text) in rule_files {
        let file: Value = serde_yaml_ng::from_str(text)?;
        groups.extend(
            file.get("groups")
                .and_then(Value::as_array)
                .cloned()
                .unwrap_or_default(),
        );
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
