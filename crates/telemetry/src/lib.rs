//! Logs, metrics and health: what a Verdict service tells its operators.
//!
//! This is the only crate that names the OpenTelemetry SDK. A service starts one [`Telemetry`] and hands out its three
//! parts, all cheap to clone:
//!
//! - [`Metrics`]: one typed method for each thing that can happen. Names, units and labels stand in one closed
//!   [`catalogue`]; label values are enums ([`labels`]), so that no input can grow the number of series.
//! - [`Health`]: named readiness checks and progress clocks, read by `/readyz` and `/healthz`.
//! - [`Pages`]: what a service shows its operators beside these, page by page; this crate does not know what that is.
//!
//! [`http`] serves both, and holds the bounded accept loop that every HTTP side of Verdict runs on. [`logs`] sets up
//! `tracing`, once, from `main.rs`. No review text is logged at level info or above, anywhere.
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
pub mod health;
pub mod http;
pub mod labels;
pub mod logs;
mod metrics;
mod settings;

pub use cpu::CpuPrice;
pub use health::Health;
pub use http::Pages;
pub use metrics::{AuditFound, Drift, Estimate, LiveBin, LiveVersion, Metrics, ModelInfo};
pub use settings::TelemetryArgs;

/// Which of the services this process is. It names the OpenTelemetry resource (`service.name`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// `verdict-consumer`.
    Consumer,
    /// `verdict-monitor`.
    Monitor,
    /// `verdict-producer`.
    Producer,
    /// `verdict-trainer`.
    Trainer,
    /// `verdict-web`.
    Web,
}

impl Service {
    /// The value of `service.name`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Consumer => "verdict-consumer",
            Self::Monitor => "verdict-monitor",
            Self::Producer => "verdict-producer",
            Self::Trainer => "verdict-trainer",
            Self::Web => "verdict-web",
        }
    }
}

/// What can go wrong while telemetry starts or is read.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The meter provider, its exporter or the text encoder refused.
    #[error("setting up or reading metrics: {0}")]
    Metrics(String),
    /// The log filter could not be parsed.
    #[error(
        "log filter {filter:?} is not valid: {reason} (--log-filter or RUST_LOG; example: info,verdict_web=debug)"
    )]
    LogFilter {
        /// What was given.
        filter: String,
        /// What the parser says.
        reason: String,
    },
    /// A subscriber was already installed in this process.
    #[error("logs are already set up in this process: {0}")]
    LogsTwice(String),
}

/// The metrics and the health of one service. Two services in one process have one each.
#[derive(Debug, Clone)]
pub struct Telemetry {
    metrics: Metrics,
    health: Health,
    pages: Pages,
}

impl Telemetry {
    /// Sets up the meter provider with its Prometheus exporter, and an empty [`Health`].
    ///
    /// # Errors
    /// [`TelemetryError::Metrics`] when the exporter cannot be built.
    pub fn start(service: Service, price: CpuPrice) -> Result<Self, TelemetryError> {
        let metrics = Metrics::new(service, price)?;
        metrics.begin(service);
        Ok(Self {
            metrics,
            health: Health::default(),
            pages: Pages::default(),
        })
    }

    /// Where what happens is recorded.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Where readiness and liveness are recorded.
    #[must_use]
    pub fn health(&self) -> &Health {
        &self.health
    }

    /// Where a service adds operator pages of its own.
    #[must_use]
    pub fn pages(&self) -> &Pages {
        &self.pages
    }
}
