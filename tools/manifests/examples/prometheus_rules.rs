//! Writes `k8s/components/monitoring/prometheus-rules.yaml` to standard output: `make manifests`.
#![expect(clippy::print_stdout, reason = "it is what this program is for")]

use std::{error::Error, fs, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../observability/prometheus/rules");
    let recording = fs::read_to_string(folder.join("recording.yml"))?;
    let alerts = fs::read_to_string(folder.join("alerts.yml"))?;
    print!(
        "{}",
        verdict_manifests::prometheus_rules::of(&[
            ("recording.yml", &recording),
            ("alerts.yml", &alerts),
        ])?
    );
    Ok(())
}
