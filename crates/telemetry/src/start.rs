//! Setting everything up.

use std::sync::Arc;

use opentelemetry::trace::TracerProvider as _;

use crate::{
    catalogue::Metrics,
    cpu::CpuPrice,
    error::TelemetryError,
    health::Health,
    labels::Service,
    push::{self, Push, PushSettings},
    trace::Tracer,
};

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
    /// Sets up metrics, spans and an empty [`Health`], pushed where this process's environment
    /// says.
    ///
    /// # Errors
    /// [`TelemetryError::Setting`] for a variable that cannot be used, [`TelemetryError::Metrics`]
    /// when an exporter cannot be built.
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
        let (to, resource_of_spans) = (push.metrics.as_ref(), resource.clone());
        let metrics = Metrics::new(service, resource, price, health.clone(), to)?;
        let traces = match &push.traces {
            Some(target) => push::traces_to(target, resource_of_spans)?,
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

    /// Sends what was not pushed yet, within two seconds, and ends pushing. From then on, where
    /// metrics were pushed, nothing is measured any more. It blocks: call it where a service ends,
    /// not in async code.
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
