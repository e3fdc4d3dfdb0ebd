//! The frontend from start to end: clients, server, and the order in which they stop.

use std::{
    future::Future,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use tokio::{net::TcpListener, sync::mpsc};
use verdict_service::{BindError, bind};
use verdict_telemetry::{Service, Telemetry, TelemetryError, labels::Destination};

use crate::{
    arrivals::Arrivals,
    ask::{Asker, Sources},
    http::{App, serve},
    kafka::Kafka,
    labels::Feedback,
    pending::{Desk, Incoming},
    publish::Exchange,
    rate::Buckets,
    settings::Settings,
};

/// Why the frontend ended other than by its shutdown.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The address cannot be had.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The Kafka clients cannot be made.
    #[error(transparent)]
    Kafka(#[from] verdict_kafka_io::Failure),
    /// Metrics cannot be set up.
    #[error(transparent)]
    Telemetry(#[from] TelemetryError),
}

/// Runs the frontend until `shutdown` ends, then stops in order: not ready, door closed, open requests finished, clients
/// dropped. Works while Kafka is away: it serves, is not ready, and answers 503.
///
/// # Errors
/// [`RunError`] when the address is taken, or when Kafka's settings are refused.
pub async fn run(settings: Settings, shutdown: impl Future<Output = ()>) -> Result<(), RunError> {
    let listener = bind(settings.listen).await?;
    run_on(listener, settings, shutdown).await
}

/// As [`run`], on a listener that is there already; its address tells the port when any would do.
///
/// # Errors
/// As [`run`].
pub async fn run_on(
    listener: TcpListener,
    settings: Settings,
    shutdown: impl Future<Output = ()>,
) -> Result<(), RunError> {
    let telemetry = Telemetry::start(Service::Web, settings.price)?;
    let sources = system_sources();
    let instance = format!("{:032x}", (sources.random)());
    let mut kafka = Kafka::start(&settings, &instance)?;
    let ready = telemetry.health().check("kafka");
    let readiness = tokio::spawn(kafka.readiness(ready));
    let (sender, replies) = mpsc::channel(64);
    let pump = tokio::spawn(kafka.replies(sender));
    let push = telemetry.clone();
    serve_on(listener, &settings, telemetry, sources, kafka.exchange(), replies, shutdown).await;
    readiness.abort();
    pump.abort();
    // Both clients end by joining threads, and the last export is waited for, which must not hold up an async worker.
    let ending = tokio::task::spawn_blocking(move || {
        drop(kafka);
        push.finish();
    });
    if let Err(error) = ending.await {
        tracing::error!(%error, "the Kafka clients did not end well");
    }
    Ok(())
}

/// Serves HTTP over any exchange; `replies` are what comes back. Returns after the drain.
pub async fn serve_on<E: Exchange>(
    listener: TcpListener,
    settings: &Settings,
    telemetry: Telemetry,
    sources: Sources,
    exchange: E,
    mut replies: mpsc::Receiver<Incoming>,
    shutdown: impl Future<Output = ()>,
) {
    let desk = Desk::new(settings.desk);
    let feedback = Feedback {
        exchange: exchange.clone(),
        topic: Destination::topic(&settings.labels_topic),
        metrics: telemetry.metrics().clone(),
        tracer: telemetry.tracer().clone(),
        sources: sources.clone(),
    };
    let asker = Asker::new(
        exchange,
        desk.clone(),
        settings.reply_to.clone(),
        &settings.reviews_topic,
        &telemetry,
        sources,
    );
    let app = Arc::new(App {
        asker,
        feedback,
        telemetry: telemetry.clone(),
        buckets: settings.rate.map(Buckets::new),
        body: settings.body,
        max_chars: settings.max_text_chars,
        default_wait: settings.default_wait,
        max_wait: settings.max_wait,
    });
    let arrivals = Arrivals {
        desk,
        metrics: telemetry.metrics().clone(),
        tracer: telemetry.tracer().clone(),
        topic: Destination::topic(&settings.reply_to.topic),
        partition: settings.reply_to.partition,
    };
    let delivery = tokio::spawn(async move {
        while let Some(incoming) = replies.recv().await {
            arrivals.take(&incoming);
        }
    });
    match listener.local_addr() {
        Ok(address) => tracing::info!(%address, "listening"),
        Err(error) => tracing::warn!(%error, "listening, on an address that cannot be told"),
    }
    let health = telemetry.health().clone();
    let notice = settings.notice;
    let stop = async move {
        shutdown.await;
        health.stopping();
        tracing::info!("stopping: open requests may end");
        notice_passes(notice).await;
    };
    let cut_off = serve(listener, settings.connections, app, stop).await;
    if cut_off > 0 {
        tracing::warn!(cut_off, "connections were cut off at the end of the drain time");
    }
    delivery.abort();
}

async fn notice_passes(notice: Duration) {
    if !notice.is_zero() {
        tokio::time::sleep(notice).await;
    }
}

fn system_sources() -> Sources {
    Sources {
        #[allow(clippy::disallowed_methods, reason = "run.rs is where the clock is read")]
        now_unix_ms: Arc::new(|| {
            let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
        }),
        // 122 random bits from the operating system, and six fixed ones that say "version 4".
        random: Arc::new(|| uuid::Uuid::new_v4().as_u128()),
    }
}
