//! Every instrument there is: name, unit, labels and the name that Prometheus sees.
//!
//! Each file beside this one holds the instruments of one subject. The exporter adds `_total` to counters and the unit
//! to names (`s` becomes `_seconds`), so the five metrics kept from the Python system are named *without* those endings.
//! A test compares [`Instrument::prometheus`] with the real
//! exposition, and `docs/metrics.md` is written from this table (`cargo run -p verdict-telemetry --example metrics_doc`).

use std::fmt::Write as _;

mod breaker;
mod consumer;
mod conventions;
mod kept;
mod monitor;
mod process;
mod stages;
mod trainer;
mod watch;
mod web;

pub use breaker::*;
pub use consumer::*;
pub use conventions::*;
pub use kept::*;
pub use monitor::*;
pub use process::*;
pub use stages::*;
pub use trainer::*;
pub use watch::*;
pub use web::*;

/// What an instrument measures and how.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// A present value.
    Gauge,
    /// A distribution; the upper bounds of its buckets, in the instrument's unit.
    Histogram(&'static [f64]),
}

/// One instrument of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Instrument {
    /// The OpenTelemetry name.
    pub name: &'static str,
    /// The name in the Prometheus exposition.
    pub prometheus: &'static str,
    /// Counter, gauge or histogram.
    pub kind: Kind,
    /// The UCUM unit; empty when the name already carries it.
    pub unit: &'static str,
    /// What it tells.
    pub help: &'static str,
    /// The label names, as OpenTelemetry attributes (dots become underscores in Prometheus).
    pub labels: &'static [&'static str],
    /// Which services record it.
    pub services: &'static str,
}

// The buckets that the semantic conventions advise and the Python client used, and three finer ones below: a verdict
// takes a millisecond or two, which the coarse ones cannot tell from five.
const REQUEST_SECONDS: &[f64] = &[
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0,
    7.5, 10.0,
];

/// The catalogue by subject, in the order of the documentation.
pub const GROUPS: &[(&str, &[Instrument])] = &[
    ("Kept from the Python system", kept::ALL),
    ("OpenTelemetry semantic conventions", conventions::ALL),
    ("Process", process::ALL),
    ("Stages of a review", stages::ALL),
    ("Consumer", consumer::ALL),
    ("Watching reviews and models", watch::ALL),
    ("Trainer", trainer::ALL),
    ("Web", web::ALL),
    ("Breaker", breaker::ALL),
    ("Monitor", monitor::ALL),
];

/// Every instrument.
pub fn all() -> impl Iterator<Item = &'static Instrument> {
    GROUPS.iter().flat_map(|(_, instruments)| instruments.iter())
}

/// The catalogue as the Markdown of `docs/metrics.md`.
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
            row(&mut text, instrument);
        }
    }
    text
}

fn row(text: &mut String, instrument: &Instrument) {
    let kind = match instrument.kind {
        Kind::Counter => "counter",
        Kind::Gauge => "gauge",
        Kind::Histogram(_) => "histogram",
    };
    let labels: Vec<String> =
        instrument.labels.iter().map(|label| format!("`{}`", label.replace('.', "_"))).collect();
    let _infallible = writeln!(
        text,
        "| `{}` | {kind} | {} | {} | {} |",
        instrument.prometheus,
        labels.join(", "),
        instrument.services,
        instrument.help,
    );
}
