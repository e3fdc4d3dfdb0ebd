//! The catalogue as a document.

use std::fmt::Write as _;

use super::{GROUPS, Instrument, Kind};
use crate::labels::Service;

/// The Markdown of `docs/metrics.md`.
#[must_use]
pub fn markdown() -> String {
    let mut text = String::from(
        "# Metrics\n\n\
         Written from `crates/telemetry/src/catalogue.rs` by `cargo run -p verdict-telemetry --example metrics_doc`.\n\
         The first five keep the names that Prometheus saw in the Python system, so its dashboards go on working.\n",
    );
    for (subject, instruments) in GROUPS {
        // Writing to a String cannot fail.
        let _infallible = write!(
            text,
            "\n## {subject}\n\n| Prometheus name | kind | labels | recorded by | tells |\n|---|---|---|---|---|\n"
        );
        for instrument in *instruments {
            let _infallible = writeln!(text, "{}", row(instrument));
        }
    }
    text
}

fn row(instrument: &Instrument) -> String {
    let Instrument { prometheus, help, .. } = instrument;
    let kind = match instrument.kind {
        Kind::Counter => "counter",
        Kind::Gauge => "gauge",
        Kind::Histogram(_) => "histogram",
    };
    let labels = instrument.labels.iter().map(|label| format!("`{}`", label.replace('.', "_")));
    let labels = labels.collect::<Vec<_>>().join(", ");
    let services = if instrument.services == Service::ALL {
        "all".to_owned()
    } else {
        let names = instrument.services.iter();
        let names = names.map(|service| service.as_str().trim_start_matches("verdict-"));
        names.collect::<Vec<_>>().join(", ")
    };
    format!("| `{prometheus}` | {kind} | {labels} | {services} | {help} |")
}
