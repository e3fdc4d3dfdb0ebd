//! Prints `docs/metrics.md`: `cargo run -p verdict-telemetry --example metrics_doc > docs/metrics.md`.
#![allow(
    clippy::print_stdout,
    reason = "its result is the document on standard output"
)]

fn main() {
    print!("{}", verdict_telemetry::catalogue::markdown());
}
