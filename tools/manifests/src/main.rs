//! Writes the rules of Prometheus, as the object that the Prometheus operator reads, to standard
//! output: `make manifests`.

use std::{error::Error, fs, io::Write as _, path::Path};

use serde_json::{Value, json};

const FILES: [&str; 2] = ["recording.yml", "alerts.yml"];

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../observability/prometheus/rules");
    let mut groups = Vec::new();
    for file in FILES {
        let rules: Value = serde_yaml_ng::from_str(&fs::read_to_string(folder.join(file))?)?;
        let stem = file.split('.').next().unwrap_or(file);
        for group in rules.get("groups").and_then(Value::as_array).into_iter().flatten() {
            let mut group = group.clone();
            // Prometheus separates groups by file; the operator's object has all in one list.
            if let Some(name) = group.get_mut("name") {
                *name = json!(format!("{}-{stem}", name.as_str().unwrap_or_default()));
            }
            groups.push(group);
        }
    }
    let object = serde_yaml_ng::to_string(&json!({
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "verdict", "namespace": "verdict"},
        "spec": {"groups": groups},
    }))?;
    let files = FILES.join(", ");
    let head = format!(
        "# Written by `make manifests` from observability/prometheus/rules ({files}); a test compares."
    );
    Ok(std::io::stdout().write_all(format!("{head}\n{object}").as_bytes())?)
}
