//! Recording: one typed method for each thing that happens. Each file beside this one has those of one subject.

mod begin;
mod breaker;
mod consumer;
mod messaging;
mod monitor;
mod process;
mod stages;
mod trainer;
mod watch;
mod web;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use opentelemetry::metrics::{Counter, Gauge, Histogram, Meter, MeterProvider};
use opentelemetry_sdk::{Resource, metrics::SdkMeterProvider};
use prometheus::{Encoder, Registry, TextEncoder};

pub use self::{
    consumer::ModelInfo,
    monitor::{AuditFound, Estimate, LiveBin, LiveVersion},
    watch::Drift,
};
use crate::{
    CpuPrice, Health, TelemetryError,
    catalogue::{Instrument, Kind},
    push::{self, Target},
};

/// The instruments of one service; clones share them.
#[derive(Debug, Clone)]
pub struct Metrics(Arc<Instruments>);

#[derive(Debug)]
struct Instruments {
    registry: Registry,
    price: CpuPrice,
    breaker: breaker::Instruments,
    consumer: consumer::Instruments,
    messaging: messaging::Instruments,
    monitor: monitor::Instruments,
    stages: stages::Instruments,
    trainer: trainer::Instruments,
    watch: watch::Instruments,
    web: web::Instruments,
    // The exporter only holds a weak reference to its pipeline: the provider has to live as long as the registry.
    provider: SdkMeterProvider,
}

impl Metrics {
    /// Sets up the provider, its readers and every instrument. What is pushed and what is read by who asks come from one
    /// provider, so they cannot differ.
    ///
    /// # Errors
    /// [`TelemetryError`] when an exporter cannot be built.
    pub(crate) fn new(
        resource: Resource,
        price: CpuPrice,
        health: Health,
        push: Option<&Target>,
    ) -> Result<Self, TelemetryError> {
        let registry = Registry::new();
        let exporter = opentelemetry_prometheus::exporter()
            .with_registry(registry.clone())
            // One scope only: its labels would say the same on every series, and the Python system had none.
            .scope_info_enabled(false)
            .build()
            .map_err(|e| TelemetryError::Metrics(e.to_string()))?;
        let mut builder = SdkMeterProvider::builder().with_reader(exporter).with_resource(resource);
        if let Some(target) = push {
            builder = push::metrics_to(target, builder)?;
        }
        let provider = builder.build();
        let meter = provider.meter("verdict");
        process::observe(&meter, price, health);
        Ok(Self(Arc::new(Instruments {
            registry,
            price,
            breaker: breaker::Instruments::new(&meter),
            consumer: consumer::Instruments::new(&meter),
            messaging: messaging::Instruments::new(&meter),
            monitor: monitor::Instruments::new(&meter),
            stages: stages::Instruments::new(&meter),
            trainer: trainer::Instruments::new(&meter),
            watch: watch::Instruments::new(&meter),
            web: web::Instruments::new(&meter),
            provider,
        })))
    }

    pub(crate) fn provider(&self) -> &SdkMeterProvider {
        &self.0.provider
    }

    /// All metrics in Prometheus' text format 0.0.4.
    ///
    /// # Errors
    /// [`TelemetryError::Metrics`] when the encoder refuses.
    pub fn exposition(&self) -> Result<String, TelemetryError> {
        let mut text = Vec::with_capacity(16 * 1024);
        TextEncoder::new()
            .encode(&self.0.registry.gather(), &mut text)
            .map_err(|e| TelemetryError::Metrics(e.to_string()))?;
        String::from_utf8(text).map_err(|e| TelemetryError::Metrics(e.to_string()))
    }
}

fn counter(meter: &Meter, instrument: &Instrument) -> Counter<u64> {
    meter
        .u64_counter(instrument.name)
        .with_description(instrument.help)
        .with_unit(instrument.unit)
        .build()
}

fn seconds(meter: &Meter, instrument: &Instrument) -> Histogram<f64> {
    meter
        .f64_histogram(instrument.name)
        .with_description(instrument.help)
        .with_unit(instrument.unit)
        .with_boundaries(bounds(instrument))
        .build()
}

fn records(meter: &Meter, instrument: &Instrument) -> Histogram<u64> {
    meter
        .u64_histogram(instrument.name)
        .with_description(instrument.help)
        .with_unit(instrument.unit)
        .with_boundaries(bounds(instrument))
        .build()
}

fn gauge(meter: &Meter, instrument: &Instrument) -> Gauge<f64> {
    meter
        .f64_gauge(instrument.name)
        .with_description(instrument.help)
        .with_unit(instrument.unit)
        .build()
}

fn count(meter: &Meter, instrument: &Instrument) -> Gauge<u64> {
    meter
        .u64_gauge(instrument.name)
        .with_description(instrument.help)
        .with_unit(instrument.unit)
        .build()
}

fn bounds(instrument: &Instrument) -> Vec<f64> {
    match instrument.kind {
        Kind::Histogram(bounds) => bounds.to_vec(),
        Kind::Counter | Kind::Gauge => Vec::new(),
    }
}

// Nothing panics while it holds one of these locks, and each value is whole at any time: a poisoned lock is still good.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
