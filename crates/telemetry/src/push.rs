//! Pushing metrics and traces to a collector by OTLP, as the standard's `OTEL_…` variables say.
//!
//! Without an endpoint nothing is pushed and nothing is said. Everything here happens on threads of the SDK: a collector
//! that is away costs a service nothing but the records that it would have had.

#[cfg(feature = "otlp")]
mod client;
mod settings;

use std::{
    sync::{Mutex, mpsc},
    thread,
    time::Duration,
};

use opentelemetry::{Key, KeyValue};
use opentelemetry_sdk::{
    Resource,
    metrics::{MeterProviderBuilder, SdkMeterProvider},
    trace::{IdGenerator, RandomIdGenerator, SdkTracerProvider},
};

pub use self::settings::{PushSettings, Target};
use crate::{error::TelemetryError, labels::Service, lock::lock};

/// From the end of a service to the end of its last export. A collector that is away must not hold a service up.
const LAST_EXPORT: Duration = Duration::from_secs(2);

/// What this process is, for who reads its metrics and traces. What the environment says (`OTEL_SERVICE_NAME`,
/// `OTEL_RESOURCE_ATTRIBUTES`) goes before what is known here.
pub(crate) fn resource(service: Service) -> Resource {
    let given = Resource::builder().build();
    let has = |key: &'static str| given.get(&Key::from_static_str(key));
    let name = has("service.name").map(|name| name.to_string());
    let mut ours = Vec::with_capacity(3);
    // The SDK's word for "nobody said".
    if name.is_none_or(|name| name.starts_with("unknown_service")) {
        ours.push(KeyValue::new("service.name", service.as_str()));
    }
    if has("service.version").is_none() {
        ours.push(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")));
    }
    // Two processes of one service that push to one place must not write into one series.
    if has("service.instance.id").is_none() {
        let id = RandomIdGenerator::default().new_trace_id();
        ours.push(KeyValue::new("service.instance.id", id.to_string()));
    }
    Resource::builder().with_attributes(ours).build()
}

/// The providers of one service that push; ending them sends what is left.
#[derive(Debug)]
pub(crate) struct Push {
    providers: Mutex<Option<Providers>>,
}

#[derive(Debug)]
struct Providers {
    meter: Option<SdkMeterProvider>,
    tracer: Option<SdkTracerProvider>,
}

impl Push {
    pub(crate) fn new(meter: Option<SdkMeterProvider>, tracer: Option<SdkTracerProvider>) -> Self {
        let providers = Providers { meter, tracer };
        Self { providers: Mutex::new(Some(providers)) }
    }

    /// Sends what was not sent yet, within [`LAST_EXPORT`]. The second call does nothing.
    pub(crate) fn finish(&self) {
        let taken = lock(&self.providers).take();
        let Some(Providers { meter, tracer }) = taken else {
            return;
        };
        if meter.is_none() && tracer.is_none() {
            return;
        }
        let (tell, ended) = mpsc::channel();
        // The SDK's own bound on the last export of metrics cannot be chosen, so the wait for it is bounded here.
        let last_export = move || {
            if let Some(tracer) = tracer {
                log_end("traces", tracer.shutdown_with_timeout(LAST_EXPORT / 2));
            }
            if let Some(meter) = meter {
                log_end("metrics", meter.shutdown_with_timeout(LAST_EXPORT / 2));
            }
            // Nobody listens any more when it took too long.
            let _late = tell.send(());
        };
        let thread = thread::Builder::new().name("last export".to_owned());
        if thread.spawn(last_export).is_err() || ended.recv_timeout(LAST_EXPORT).is_err() {
            tracing::debug!("the last export did not end in time");
        }
    }
}

impl Drop for Push {
    fn drop(&mut self) {
        self.finish();
    }
}

fn log_end(what: &str, ended: opentelemetry_sdk::error::OTelSdkResult) {
    if let Err(error) = ended {
        tracing::debug!(%error, "the last export of {what} failed");
    }
}

/// Adds the reader that pushes metrics.
#[cfg(feature = "otlp")]
pub(crate) fn metrics_to(
    target: &Target,
    builder: MeterProviderBuilder,
) -> Result<MeterProviderBuilder, TelemetryError> {
    use opentelemetry_otlp::{MetricExporter, WithExportConfig as _, WithHttpConfig as _};
    use opentelemetry_sdk::metrics::PeriodicReader;

    let exporter = MetricExporter::builder()
        .with_http()
        .with_endpoint(target.endpoint.clone())
        .with_timeout(target.timeout)
        .with_http_client(client::Client::new("metrics", target.timeout))
        .build()
        .map_err(|error| TelemetryError::Setting(format!("pushing metrics: {error}")))?;
    Ok(builder.with_reader(PeriodicReader::builder(exporter).build()))
}

/// A provider of spans that pushes them.
#[cfg(feature = "otlp")]
pub(crate) fn traces_to(
    target: &Target,
    resource: Resource,
) -> Result<Option<SdkTracerProvider>, TelemetryError> {
    use opentelemetry_otlp::{SpanExporter, WithExportConfig as _, WithHttpConfig as _};

    let exporter = SpanExporter::builder()
        .with_http()
        .with_endpoint(target.endpoint.clone())
        .with_timeout(target.timeout)
        .with_http_client(client::Client::new("traces", target.timeout))
        .build()
        .map_err(|error| TelemetryError::Setting(format!("pushing traces: {error}")))?;
    // The sampler and the bounds of the queue are those of the environment; the SDK reads them.
    let provider =
        SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build();
    Ok(Some(provider))
}

#[cfg(not(feature = "otlp"))]
#[expect(clippy::unnecessary_wraps, reason = "the same function with the feature can fail")]
pub(crate) fn metrics_to(
    target: &Target,
    builder: MeterProviderBuilder,
) -> Result<MeterProviderBuilder, TelemetryError> {
    left_out(target);
    Ok(builder)
}

#[cfg(not(feature = "otlp"))]
#[expect(clippy::unnecessary_wraps, reason = "the same function with the feature can fail")]
pub(crate) fn traces_to(
    target: &Target,
    _resource: Resource,
) -> Result<Option<SdkTracerProvider>, TelemetryError> {
    left_out(target);
    Ok(None)
}

#[cfg(not(feature = "otlp"))]
fn left_out(target: &Target) {
    tracing::warn!(
        timeout_ms = target.timeout.as_millis(),
        "an OTLP endpoint is set, but this program was built without the feature otlp: nothing is pushed"
    );
}
