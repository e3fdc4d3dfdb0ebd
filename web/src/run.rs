//! The frontend from start to end: clients, server, and the order in which they stop.

use std::{
    future::Future,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use tokio::{net::TcpListener, sync::mpsc};
use verdict_kafka_io::{AsyncPublisher, InboxOptions, Record, ReplyInbox};
use verdict_service::{BindError, bind};
use verdict_telemetry::{Service, Telemetry, TelemetryError};

use crate::{
    ask::Asker,
    feed::{self, Feed, OpenVerdicts},
    http::{App, serve},
    kafka::follow,
    label_rights::LabelRights,
    peers::PeerPages,
    pending::PendingReplies,
    publish::{Outbox, Publisher, Sources},
    rate::Buckets,
    settings::Settings,
    stored::{self, FindRecords, FindStored},
    texts::Texts,
};

/// Why the frontend ended other than by its shutdown.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The address cannot be bound.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The Kafka clients cannot be made.
    #[error(transparent)]
    Kafka(#[from] verdict_kafka_io::Failure),
    /// Metrics cannot be set up.
    #[error(transparent)]
    Telemetry(#[from] TelemetryError),
}

// A burst of replies waits here while they are delivered; beyond it they wait in Kafka.
const INBOX_CAPACITY: usize = 1024;

/// Runs the frontend until `shutdown` ends, then stops in order: not ready, listener closed, open
/// requests finished, clients dropped. While Kafka is away it serves, is not ready and answers 503.
///
/// # Errors
/// [`RunError`] when the address is taken, or when Kafka's settings are refused.
pub async fn run(settings: Settings, shutdown: impl Future<Output = ()>) -> Result<(), RunError> {
    let listener = bind(settings.listen).await?;
    let telemetry = Telemetry::start(Service::Web, settings.price)?;
    let sources = system_sources();
    let publisher = AsyncPublisher::new(&settings.kafka, settings.publish_timeout)?;
    let options = InboxOptions {
        topic: settings.reply_to.topic.clone(),
        partition: settings.reply_to.partition,
        instance: format!("{:032x}", (sources.random)()),
        capacity: INBOX_CAPACITY,
    };
    let mut inbox = ReplyInbox::start(&settings.kafka, options, publisher.clone())?;
    let readiness = tokio::spawn(follow(inbox.state(), telemetry.health().check("kafka")));
    // They can be taken once, which is here.
    let replies = inbox.take_records().unwrap_or_else(|| mpsc::channel(1).1);
    let exporting = telemetry.clone();
    let (stored, records) = stored::open(settings.kafka.clone(), settings.topics());
    let incoming = Incoming {
        replies,
        verdicts: feed::open(settings.kafka.clone(), settings.verdicts_topic.clone()),
        stored,
        records,
    };
    serve_on(listener, &settings, telemetry, sources, publisher.clone(), incoming, shutdown).await;
    readiness.abort();
    // Both clients join threads, and the last export is awaited: neither may block an async worker.
    let ending = tokio::task::spawn_blocking(move || {
        drop((inbox, publisher));
        exporting.finish();
    });
    if let Err(error) = ending.await {
        tracing::error!(%error, "the Kafka clients did not end well");
    }
    Ok(())
}

/// Records that come in.
pub struct Incoming {
    /// Those of the reply partition.
    pub replies: mpsc::Receiver<Record>,
    /// Opens the topic of verdicts: its last records, then new ones.
    pub verdicts: OpenVerdicts,
    /// Finds what became of a review.
    pub stored: FindStored,
    /// Finds all that the topics have of a review.
    pub records: FindRecords,
}

impl std::fmt::Debug for Incoming {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Incoming").finish_non_exhaustive()
    }
}

/// Serves HTTP over any publisher. Returns after the drain.
pub async fn serve_on<P: Publisher>(
    listener: TcpListener,
    settings: &Settings,
    telemetry: Telemetry,
    sources: Sources,
    publisher: P,
    incoming: Incoming,
    shutdown: impl Future<Output = ()>,
) {
    let Incoming { mut replies, verdicts, stored, records } = incoming;
    let feed = Feed::new(verdicts);
    let outbox = |topic| Outbox::new(publisher.clone(), topic, &telemetry, &sources);
    let app = Arc::new(App {
        asker: Asker {
            outbox: outbox(&settings.reviews_topic),
            pending: PendingReplies::new(settings.pending, settings.default_wait / 2),
            reply_to: settings.reply_to.clone(),
        },
        labels: outbox(&settings.labels_topic),
        feed: feed.clone(),
        stored,
        records,
        rights: LabelRights::new(settings.label_rights.clone(), (sources.random)()),
        texts: Texts::new(settings.pending),
        peers: PeerPages::new(settings.peers.clone()),
        telemetry: telemetry.clone(),
        buckets: settings.rate.map(Buckets::new),
        body: settings.body,
        edge: settings.edge.clone(),
        max_chars: settings.max_text_chars,
        default_wait: settings.default_wait,
        max_wait: settings.max_wait,
    });
    let receiving = Arc::clone(&app);
    let delivery = tokio::spawn(async move {
        while let Some(record) = replies.recv().await {
            receiving.asker.receive(record);
        }
    });
    match listener.local_addr() {
        Ok(address) => tracing::info!(%address, "listening"),
        Err(error) => tracing::warn!(%error, "listening, on an unknown address"),
    }
    let (health, notice) = (telemetry.health().clone(), settings.notice);
    let stop = async move {
        shutdown.await;
        health.stopping();
        tracing::info!("stopping: open requests may end");
        if !notice.is_zero() {
            tokio::time::sleep(notice).await;
        }
        feed.close();
    };
    let cut_off = serve(listener, settings.connections, app, stop).await;
    if cut_off > 0 {
        tracing::warn!(cut_off, "connections were cut off at the end of the drain time");
    }
    delivery.abort();
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
