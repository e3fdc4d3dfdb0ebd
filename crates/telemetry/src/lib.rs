//! Logs, metrics and health: what a Verdict service tells its operators.
//!
//! This is the only crate that names the OpenTelemetry SDK. A service starts one [`Telemetry`] and hands out its three
//! parts, all cheap to clone:
//!
//! - [`Metrics`]: one typed method for each thing that can happen. Names, units and labels stand in one closed
//!   [`catalogue`]; label values are enums ([`labels`]), so that no input can grow the number of series.
//! - [`Tracer`]: a span of one of three kinds for each part of a request's way ([`trace`]).
//! - [`Health`]: named readiness checks and progress clocks, read by `/readyz` and `/healthz`.
//!
//! Metrics are read from `/metrics`, and metrics and traces are pushed where the standard's
//! `OTEL_…` variables say so ([`push`]). verdict-service serves them to operators. [`logs`] sets up
//! `tracing`, once, from `main.rs`, and [`output`] is how commands print. No review text is logged
//! at level info or above, anywhere.
//!
//! ```
//! use verdict_telemetry::{CpuPrice, Service, Telemetry, labels::Ending};
//!
//! let telemetry = Telemetry::start(Service::Consumer, CpuPrice::default())?;
//! telemetry.metrics().record_ended(Ending::Verdict, 3);
//! assert!(telemetry.metrics().exposition()?.contains("verdict_endings_total{ending=\"verdict\"} 3"));
//! # Ok::<(), verdict_telemetry::TelemetryError>(())
//! ```

pub mod catalogue;
pub mod cpu;
mod error;
pub mod health;
pub mod labels;
mod lock;
pub mod logs;
pub mod output;
pub mod push;
mod settings;
mod start;
pub mod trace;

pub use catalogue::{
    AuditFound, Drift, Estimate, ExpectedAccuracy, LiveBin, LiveVersion, Metrics, ModelInfo,
};
pub use cpu::CpuPrice;
pub use error::TelemetryError;
pub use health::Health;
pub use labels::Service;
pub use settings::{LogFormat, TelemetryArgs};
pub use start::Telemetry;
pub use trace::{Span, TraceContext, Tracer};
