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
//! Metrics are read from `/metrics`, and metrics and traces are pushed where the standard's `OTEL_…` variables say so
//! ([`push`]). verdict-service serves them to operators. [`logs`] sets up `tracing`, once, from `main.rs`, and [`output`] is how commands print. No review text is logged at level info or above, anywhere.
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
pub mod labels;
pub mod logs;
mod metrics;
pub mod output;
pub mod push;
mod settings;
pub mod trace;

use std::sync::Arc;

use opentelemetry::trace::TracerProvider as _;

pub use cpu::CpuPrice;
pub use health::Health;
pub use metrics::{AuditFound, Drift, Estimate, LiveBin, LiveVersion, Metrics, ModelInfo};
pub use settings::TelemetryArgs;
pub use trace::{Span, TraceContext, Tracer};

use push::{Push, PushSettings};

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
    /// A variable of the environment has a value that cannot be used.
    #[error("{0}")]
    Setting(String),
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

/// The metrics, the spans and the health of one service. Two services in one process have one each.
#[derive(Debug, Clone)]
pub struct Telemetry {
    metrics: Metrics,
    tracer: Tracer,
    health: Health,
    // The last of the clones ends the exports.
    push: Arc<Push>,
}

impl Telemetry {
    /// Sets up metrics, spans and an empty [`Health`], pushed where this process's environment says.
    ///
    /// # Errors
    /// [`TelemetryError::Setting`] for a variable that cannot be used, [`TelemetryError::Metrics`] when an exporter cannot
    /// be built.
    pub fn start(service: Service, price: CpuPrice) -> Result<Self, TelemetryError> {
        Self::start_with(service, price, &PushSettings::from_environment()?)
    }

    /// As [`Telemetry::start`], pushed where `push` says.
    ///
    /// # Errors
    /// As [`Telemetry::start`].
    pub fn start_with(
        service: Service,
        price: CpuPrice,
        push: &PushSettings,
    ) -> Result<Self, TelemetryError> {
        let resource = push::resource(service);
        let health = Health::default();
        let metrics = Metrics::new(resource.clone(), price, health.clone(), push.metrics.as_ref())?;
        metrics.begin(service);
        let traces = match &push.traces {
            Some(target) => push::traces_to(target, resource)?,
            None => None,
        };
        let tracer = traces.as_ref().map(|provider| provider.tracer("verdict"));
        let pushed = push.metrics.is_some().then(|| metrics.provider().clone());
        Ok(Self {
            tracer: tracer.map(Tracer::new).unwrap_or_default(),
            metrics,
            health,
            push: Arc::new(Push::new(pushed, traces)),
        })
    }

    /// Where spans come from.
    #[must_use]
    pub fn tracer(&self) -> &Tracer {
        &self.tracer
    }

    /// Sends what was not pushed yet, within two seconds, and ends pushing. From then on, where metrics were pushed, nothing
    /// is measured any more. It blocks: call it where a service ends, not in async code.
    pub fn finish(&self) {
        self.push.finish();
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
}
