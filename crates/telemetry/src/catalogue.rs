//! Every instrument there is, and the methods that record it. A file beside this one for each
//! subject declares name, unit, labels and method of an instrument in one place.
//!
//! The exporter adds `_total` to counters and the unit to names (`s` becomes `_seconds`), so the
//! five metrics kept from the Python system are named *without* those endings. A test compares
//! [`Instrument::prometheus`] with the real exposition, and `docs/metrics.md` is written from this
//! table (`cargo run -p verdict-telemetry --example metrics_doc`).

mod breaker;
mod consumer;
mod conventions;
mod declare;
mod delivery;
mod document;
mod kept;
mod monitor;
mod process;
mod shown;
mod stages;
mod trainer;
mod watch;
mod web;

use std::sync::{Arc, Mutex, MutexGuard};

use opentelemetry::metrics::{AsyncInstrument, Meter, MeterProvider as _};
use opentelemetry_sdk::{Resource, metrics::SdkMeterProvider};
use prometheus::{Encoder, Registry, TextEncoder};

use self::{
    declare::Shows,
    shown::{Series, Shown},
};
pub use self::{
    declare::{Instrument, Kind},
    document::markdown,
    shown::{AuditFound, Drift, Estimate, ExpectedAccuracy, LiveBin, LiveVersion, ModelInfo},
};
use crate::{
    cpu::CpuPrice,
    error::TelemetryError,
    health::Health,
    labels::Service,
    lock::lock,
    push::{self, Target},
};

// The buckets that the semantic conventions advise and the Python client used, and three finer ones
// below: a verdict takes a millisecond or two, which the coarse ones cannot distinguish from five.
const REQUEST_SECONDS: &[f64] = &[
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0,
    7.5, 10.0,
];

/// Every instrument.
pub fn all() -> impl Iterator<Item = &'static Instrument> {
    GROUPS.iter().flat_map(|(_, instruments)| instruments.iter())
}

/// The instruments of one service; clones share them.
#[derive(Debug, Clone)]
pub struct Metrics(Arc<Instruments>);

macro_rules! subjects {
    ($($subject:ident: $title:literal),+ $(,)?) => {
        /// The catalogue by subject, in the order of the documentation.
        const GROUPS: &[(&str, &[Instrument])] = &[$(($title, $subject::ALL)),+];

        #[derive(Debug)]
        struct Instruments {
            registry: Registry,
            price: CpuPrice,
            shown: Arc<Mutex<Shown>>,
            // The exporter only holds a weak reference to its pipeline: the provider has to live as
            // long as the registry.
            provider: SdkMeterProvider,
            $($subject: $subject::Recorders),+
        }

        impl Instruments {
            fn new(registry: Registry, provider: SdkMeterProvider, shown: Shown) -> Self {
                let meter = provider.meter("verdict");
                let price = shown.price;
                let shown = Arc::new(Mutex::new(shown));
                for instrument in all() {
                    observe(&meter, instrument, &shown);
                }
                Self { registry, price, shown, $($subject: $subject::Recorders::new(&meter),)+ provider }
            }

            fn begin(&self, service: Service) {
                $(self.$subject.begin(service);)+
            }
        }
    };
}

subjects! {
    kept: "Kept from the Python system",
    conventions: "OpenTelemetry semantic conventions",
    process: "Process",
    stages: "Stages of a review",
    consumer: "Consumer",
    watch: "Watching reviews and models",
    trainer: "Trainer",
    web: "Web",
    delivery: "Delivery",
    breaker: "Breaker",
    monitor: "Monitor",
}

impl Metrics {
    /// Sets up the provider, its readers and every instrument. What is pushed and what is read come
    /// from one provider, so they cannot differ.
    ///
    /// # Errors
    /// [`TelemetryError`] when an exporter cannot be built.
    pub(crate) fn new(
        service: Service,
        resource: Resource,
        price: CpuPrice,
        health: Health,
        push: Option<&Target>,
    ) -> Result<Self, TelemetryError> {
        let registry = Registry::new();
        let exporter = opentelemetry_prometheus::exporter()
            .with_registry(registry.clone())
            // One scope only: its labels would be the same on every series.
            .scope_info_enabled(false)
            .build()
            .map_err(|e| TelemetryError::Metrics(e.to_string()))?;
        let mut builder = SdkMeterProvider::builder().with_reader(exporter).with_resource(resource);
        if let Some(target) = push {
            builder = push::metrics_to(target, builder)?;
        }
        let shown = Shown { price, health, ..Shown::default() };
        let instruments = Instruments::new(registry, builder.build(), shown);
        instruments.begin(service);
        Ok(Self(Arc::new(instruments)))
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

    fn shown(&self) -> MutexGuard<'_, Shown> {
        lock(&self.0.shown)
    }
}

/// Registers the instrument with the exporters, if its series are found when somebody reads.
fn observe(meter: &Meter, instrument: &Instrument, shown: &Arc<Mutex<Shown>>) {
    macro_rules! register {
        ($new:ident, $series:expr) => {{
            let _registered = meter
                .$new(instrument.name)
                .with_description(instrument.help)
                .with_unit(instrument.unit)
                .with_callback(reading(shown, $series))
                .build();
        }};
    }
    match (instrument.kind, instrument.shows) {
        (_, None) => {}
        (Kind::Counter, Some(Shows::U64(series))) => register!(u64_observable_counter, series),
        (Kind::Counter, Some(Shows::F64(series))) => register!(f64_observable_counter, series),
        (_, Some(Shows::U64(series))) => register!(u64_observable_gauge, series),
        (_, Some(Shows::F64(series))) => register!(f64_observable_gauge, series),
    }
}

fn reading<N: 'static>(
    shown: &Arc<Mutex<Shown>>,
    series: fn(&Shown) -> Series<N>,
) -> impl Fn(&dyn AsyncInstrument<N>) + Send + Sync + 'static {
    let shown = Arc::clone(shown);
    move |observer| {
        for (number, labels) in series(&lock(&shown)) {
            observer.observe(number, &labels);
        }
    }
}
