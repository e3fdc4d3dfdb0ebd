//! Prints `docs/metrics.md`: `cargo run -p verdict-telemetry --example metrics_doc > docs/metrics.md`.
use std::io;

use verdict_telemetry::{catalogue, output};

fn main() -> io::Result<()> {
    output::line(catalogue::markdown().trim_end())
}
