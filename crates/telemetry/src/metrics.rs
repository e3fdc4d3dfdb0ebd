//! Recording: one typed method for each thing that happens.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use opentelemetry::metrics::{Counter, Gauge, Histogram, Meter, MeterProvider, UpDownCounter};
use opentelemetry_sdk::{Resource, metrics::SdkMeterProvider};
use prometheus::{Encoder, Registry, TextEncoder};

use crate::{
    CpuPrice, Service, TelemetryError,
    catalogue::{self, Instrument, Kind},
    cpu,
    labels::{
        Destination, Ending, Method, ModelSwap, Prediction, Rebuild, Refused, ReplyReceived,
        ReplySent, Route, SendError, label,
    },
};

/// The instruments of one service; clones share them.
#[derive(Debug, Clone)]
pub struct Metrics(Arc<Instruments>);

/// Which model scores now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelInfo {
    /// The model's name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its artifact's sha256, in hexadecimal.
    pub sha256: String,
}

#[derive(Debug)]
struct Instruments {
    registry: Registry,
    price: CpuPrice,
    present: Arc<Present>,
    request_count: Counter<u64>,
    request_latency: Histogram<f64>,
    request_cost: Gauge<f64>,
    http_duration: Histogram<f64>,
    predictions: Counter<u64>,
    sent: Counter<u64>,
    consumed: Counter<u64>,
    process_duration: Histogram<f64>,
    score_duration: Histogram<f64>,
    endings: Counter<u64>,
    replies: Counter<u64>,
    batch_size: Histogram<u64>,
    model_swaps: Counter<u64>,
    rebuilds: Counter<u64>,
    rebuild_duration: Histogram<f64>,
    labels_pending: Gauge<u64>,
    web_replies: Counter<u64>,
    web_pending: UpDownCounter<i64>,
    web_refused: Counter<u64>,
    // The exporter only holds a weak reference to its pipeline: the provider has to live as long as the registry.
    _provider: SdkMeterProvider,
}

// Gauges whose series come and go (a model is swapped, a partition is given away) are read at scrape time from here:
// a gauge that was set once would show the old series for ever.
#[derive(Debug, Default)]
struct Present {
    model: Mutex<Option<ModelInfo>>,
    lag: Mutex<BTreeMap<(Arc<str>, i32), u64>>,
}

impl Metrics {
    /// Sets up the provider, the exporter and every instrument.
    ///
    /// # Errors
    /// [`TelemetryError::Metrics`] when the exporter cannot be built.
    pub(crate) fn new(service: Service, price: CpuPrice) -> Result<Self, TelemetryError> {
        let registry = Registry::new();
        let exporter = opentelemetry_prometheus::exporter()
            .with_registry(registry.clone())
            // One scope only: its labels would say the same on every series, and the Python system had none.
            .scope_info_enabled(false)
            .build()
            .map_err(|e| TelemetryError::Metrics(e.to_string()))?;
        let resource = Resource::builder()
            .with_service_name(service.name())
            .with_attribute(label("service.version", env!("CARGO_PKG_VERSION")))
            .build();
        let provider = SdkMeterProvider::builder()
            .with_reader(exporter)
            .with_resource(resource)
            .build();
        let meter = provider.meter("verdict");
        let present = Arc::new(Present::default());
        observe_present(&meter, price, &present);
        Ok(Self(Arc::new(Instruments {
            registry,
            price,
            present,
            request_count: counter(&meter, &catalogue::APP_REQUEST_COUNT),
            request_latency: seconds(&meter, &catalogue::APP_REQUEST_LATENCY),
            request_cost: meter
                .f64_gauge(catalogue::APP_COST_PER_REQUEST.name)
                .with_description(catalogue::APP_COST_PER_REQUEST.help)
                .build(),
            http_duration: seconds(&meter, &catalogue::HTTP_SERVER_REQUEST_DURATION),
            predictions: counter(&meter, &catalogue::MODEL_PREDICTION_COUNT),
            sent: counter(&meter, &catalogue::MESSAGING_SENT),
            consumed: counter(&meter, &catalogue::MESSAGING_CONSUMED),
            process_duration: seconds(&meter, &catalogue::MESSAGING_PROCESS_DURATION),
            score_duration: seconds(&meter, &catalogue::SCORE_DURATION),
            endings: counter(&meter, &catalogue::ENDINGS),
            replies: counter(&meter, &catalogue::REPLIES),
            batch_size: meter
                .u64_histogram(catalogue::BATCH_SIZE.name)
                .with_description(catalogue::BATCH_SIZE.help)
                .with_unit(catalogue::BATCH_SIZE.unit)
                .with_boundaries(bounds(&catalogue::BATCH_SIZE))
                .build(),
            model_swaps: counter(&meter, &catalogue::MODEL_SWAPS),
            rebuilds: counter(&meter, &catalogue::REBUILDS),
            rebuild_duration: seconds(&meter, &catalogue::REBUILD_DURATION),
            labels_pending: meter
                .u64_gauge(catalogue::LABELS_PENDING.name)
                .with_description(catalogue::LABELS_PENDING.help)
                .with_unit(catalogue::LABELS_PENDING.unit)
                .build(),
            web_replies: counter(&meter, &catalogue::WEB_REPLIES),
            web_pending: meter
                .i64_up_down_counter(catalogue::WEB_PENDING.name)
                .with_description(catalogue::WEB_PENDING.help)
                .with_unit(catalogue::WEB_PENDING.unit)
                .build(),
            web_refused: counter(&meter, &catalogue::WEB_REFUSED),
            _provider: provider,
        })))
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

    /// A request was answered with `status`; `took` is wall time, `cpu` the CPU time of its handler.
    pub fn record_request(
        &self,
        method: Method,
        route: Route,
        status: u16,
        took: Duration,
        cpu: Duration,
    ) {
        let endpoint = label("endpoint", route.as_str());
        self.0
            .request_count
            .add(1, &[label("method", method.as_str()), endpoint.clone()]);
        self.0
            .request_latency
            .record(took.as_secs_f64(), std::slice::from_ref(&endpoint));
        self.0
            .request_cost
            .record(self.0.price.of(cpu), &[endpoint]);
        let mut labels = vec![
            label("http.request.method", method.as_str()),
            label("url.scheme", "http"),
            label("http.response.status_code", i64::from(status)),
        ];
        if route != Route::Unmatched {
            labels.push(label("http.route", route.as_str()));
        }
        self.0.http_duration.record(took.as_secs_f64(), &labels);
    }

    /// The model predicted this class `n` times.
    pub fn record_predictions(&self, class: Prediction, n: u64) {
        self.0
            .predictions
            .add(n, &[label("prediction", class.as_str())]);
    }

    /// The broker confirmed `n` records for `topic`.
    pub fn record_sent(&self, topic: &Destination, n: u64) {
        self.0.sent.add(n, &operation("send", topic));
    }

    /// `n` records for `topic` were not confirmed.
    pub fn record_not_sent(&self, topic: &Destination, error: SendError, n: u64) {
        let [system, name, destination] = operation("send", topic);
        self.0.sent.add(
            n,
            &[
                system,
                name,
                destination,
                label("error.type", error.as_str()),
            ],
        );
    }

    /// `n` records of `topic` were received.
    pub fn record_consumed(&self, topic: &Destination, n: u64) {
        self.0.consumed.add(n, &operation("poll", topic));
    }

    /// A batch of `n` records of `topic` took so long from its last poll to its committed positions.
    pub fn record_batch(&self, topic: &Destination, n: u64, took: Duration) {
        self.0.batch_size.record(n, &[]);
        self.0
            .process_duration
            .record(took.as_secs_f64(), &operation("process", topic));
    }

    /// One review was decoded and scored in `took`.
    pub fn record_scored(&self, took: Duration) {
        self.0.score_duration.record(took.as_secs_f64(), &[]);
    }

    /// `n` records ended this way.
    pub fn record_ended(&self, ending: Ending, n: u64) {
        match ending {
            Ending::Verdict => self.0.endings.add(n, &[label("ending", "verdict")]),
            Ending::DeadLetter(kind) => self.0.endings.add(
                n,
                &[label("ending", "dead_letter"), label("kind", kind.as_str())],
            ),
        }
    }

    /// `n` replies that were asked for had this outcome.
    pub fn record_replies(&self, outcome: ReplySent, n: u64) {
        self.0.replies.add(n, &[label("outcome", outcome.as_str())]);
    }

    /// This model scores from now on; its predecessor's series ends.
    pub fn set_model(&self, model: ModelInfo) {
        *self
            .0
            .present
            .model
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(model);
    }

    /// `n` pointers to model versions had this outcome.
    pub fn record_model_swaps(&self, outcome: ModelSwap, n: u64) {
        self.0
            .model_swaps
            .add(n, &[label("outcome", outcome.as_str())]);
    }

    /// The trainer rebuilt the model, with this outcome.
    pub fn record_rebuild(&self, outcome: Rebuild, took: Duration) {
        self.0
            .rebuilds
            .add(1, &[label("outcome", outcome.as_str())]);
        self.0.rebuild_duration.record(took.as_secs_f64(), &[]);
    }

    /// So many labels have come since the last rebuild.
    pub fn set_labels_pending(&self, n: u64) {
        self.0.labels_pending.record(n, &[]);
    }

    /// The lag of every partition that is assigned now; partitions not listed lose their series.
    pub fn set_lag(&self, lag: impl IntoIterator<Item = ((Arc<str>, i32), u64)>) {
        *self
            .0
            .present
            .lag
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = lag.into_iter().collect();
    }

    /// The frontend did this with a record of its reply partition.
    pub fn record_web_reply(&self, outcome: ReplyReceived) {
        self.0
            .web_replies
            .add(1, &[label("outcome", outcome.as_str())]);
    }

    /// One more request (`+1`) or one less (`-1`) waits for a verdict.
    pub fn add_web_pending(&self, change: i64) {
        self.0.web_pending.add(change, &[]);
    }

    /// The frontend turned a request or a connection away.
    pub fn record_web_refused(&self, reason: Refused) {
        self.0
            .web_refused
            .add(1, &[label("reason", reason.as_str())]);
    }
}

fn observe_present(meter: &Meter, price: CpuPrice, present: &Arc<Present>) {
    let _registered = meter
        .f64_observable_counter(catalogue::APP_TOTAL_COST.name)
        .with_description(catalogue::APP_TOTAL_COST.help)
        .with_callback(move |observer| observer.observe(price.of(cpu::process_time()), &[]))
        .build();
    let state = Arc::clone(present);
    let _registered = meter
        .u64_observable_gauge(catalogue::MODEL_INFO.name)
        .with_description(catalogue::MODEL_INFO.help)
        .with_callback(move |observer| {
            if let Some(model) = &*state.model.lock().unwrap_or_else(PoisonError::into_inner) {
                observer.observe(
                    1,
                    &[
                        label("name", model.name.clone()),
                        label("version", model.version.clone()),
                        label("sha256", model.sha256.clone()),
                    ],
                );
            }
        })
        .build();
    let state = Arc::clone(present);
    let _registered = meter
        .u64_observable_gauge(catalogue::CONSUMER_LAG.name)
        .with_description(catalogue::CONSUMER_LAG.help)
        .with_unit(catalogue::CONSUMER_LAG.unit)
        .with_callback(move |observer| {
            for ((topic, partition), lag) in
                &*state.lag.lock().unwrap_or_else(PoisonError::into_inner)
            {
                observer.observe(
                    *lag,
                    &[
                        label("topic", Arc::clone(topic)),
                        label("partition", i64::from(*partition)),
                    ],
                );
            }
        })
        .build();
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

fn bounds(instrument: &Instrument) -> Vec<f64> {
    match instrument.kind {
        Kind::Histogram(bounds) => bounds.to_vec(),
        Kind::Counter | Kind::Gauge => Vec::new(),
    }
}

fn operation(name: &'static str, topic: &Destination) -> [opentelemetry::KeyValue; 3] {
    [
        label("messaging.system", "kafka"),
        label("messaging.operation.name", name),
        label("messaging.destination.name", topic.value()),
    ]
}
