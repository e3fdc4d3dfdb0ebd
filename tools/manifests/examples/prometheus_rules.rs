//! Writes `k8s/components/monitoring/prometheus-rules.yaml` to standard output: `make manifests`.

use std::{
    error::Error,
    fs,
    io::{self, Write as _},
    path::Path,
};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../observability/prometheus/rules");
    let recording = fs::read_to_string(folder.join("recording.yml"))?;
    let alerts = fs::read_to_string(folder.join("alerts.yml"))?;
    let object = verdict_manifests::prometheus_rules::of(&[
        ("recording.yml", &recording),
        ("alerts.yml", &alerts),
    ])?;
    Ok(io::stdout().write_all(object.as_bytes())?)
}
