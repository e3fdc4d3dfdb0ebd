//! The demo from start to end.

use crate::broker::{self, EmbeddedBroker};
use crate::services::{BrokerKind, Consumer, web_settings};
use crate::settings::Settings;
use crate::trainer::Trainer;
use crate::trickle::Trickle;
use anyhow::{Context, anyhow};
use std::future::Future;
use std::time::Duration;
use tokio::sync::oneshot;
use verdict_kafka_io::{KafkaSettings, topics};
use verdict_producer::topics::Layout;

/// The broker answers within this, or something is wrong with it.
const BROKER_WITHIN: Duration = Duration::from_secs(30);
/// Partitions of the reviews: enough to show that there are several. The embedded broker looks each one up at every fetch,
/// so more of them cost latency (docs/benchmarks.md).
const PARTITIONS: i32 = 2;
/// From Ctrl-C to the end. What was not finished then is not lost: its positions are not committed.
const STOP_WITHIN: Duration = Duration::from_millis(1800);

/// Runs everything until `stop` resolves; `ready` is called when the first review can be sent.
///
/// # Errors
/// A port that is taken, a state directory or model that cannot be used: each with the flag that changes it.
pub async fn run(
    settings: Settings,
    stop: impl Future<Output = ()>,
    ready: impl FnOnce(),
) -> anyhow::Result<()> {
    let listener = verdict_telemetry::http::bind(Settings::local(settings.web_port))
        .await
        .context("the web page (choose another port with --web-port)")?;
    let broker = match &settings.bootstrap_servers {
        Some(_) => None,
        None => Some(EmbeddedBroker::start(
            Settings::local(settings.kafka_port),
            &settings.state,
        )?),
    };
    let broker_kind = if broker.is_some() {
        BrokerKind::Embedded
    } else {
        BrokerKind::Kafka
    };
    let bootstrap = settings.bootstrap();
    let kafka = KafkaSettings::new(bootstrap.clone());
    prepare(&kafka, broker_kind).await?;

    let metrics = Settings::local(settings.metrics_port);
    let (at, model) = (bootstrap.clone(), settings.model.clone());
    let consumer =
        tokio::task::spawn_blocking(move || Consumer::start(&at, broker_kind, &model, metrics))
            .await??;
    let trainer = {
        let settings = settings.clone();
        tokio::task::spawn_blocking(move || Trainer::start(&settings, broker_kind)).await??
    };
    let (stop_web, web_stopped) = oneshot::channel::<()>();
    let web = web_settings(&bootstrap, broker_kind, Settings::local(settings.web_port))?;
    let mut web = tokio::spawn(verdict_web::run_on(listener, web, async {
        // A sender that is gone says stop as well.
        drop(web_stopped.await);
    }));
    let interval = Duration::from_secs(60) / settings.trickle.get();
    let trickle = (!settings.no_trickle)
        .then(|| Trickle::start(&kafka, interval))
        .transpose()?;
    ready();

    let failed = tokio::select! {
        () = stop => None,
        ended = &mut web => Some(anyhow!("the web server ended: {ended:?}")),
        () = ended(&consumer) => Some(anyhow!("the consumer ended")),
    };
    let web_serves = failed.is_none();
    let stopping = async move {
        drop(trainer);
        drop(stop_web);
        consumer.request_stop();
        if web_serves {
            web.await.context("the web server")??;
        }
        tokio::task::spawn_blocking(move || {
            if let Some(trickle) = trickle {
                trickle.stop();
            }
            consumer.join()?;
            broker
                .map_or(Ok(()), EmbeddedBroker::stop)
                .context("stopping the broker")
        })
        .await?
    };
    match (failed, tokio::time::timeout(STOP_WITHIN, stopping).await) {
        (Some(failed), Ok(Err(cause))) => Err(cause.context(failed)),
        (Some(failed), _) => Err(failed),
        (None, Ok(stopped)) => stopped,
        (None, Err(_)) => {
            tracing::warn!(
                "not everything stopped in time; what was not finished is read again at the next start"
            );
            Ok(())
        }
    }
}

/// Waits for the broker and makes the topics.
async fn prepare(kafka: &KafkaSettings, broker_kind: BrokerKind) -> anyhow::Result<()> {
    let kafka = kafka.clone();
    tokio::task::spawn_blocking(move || {
        topics::wait_for_broker(&kafka, BROKER_WITHIN).context("waiting for the broker")?;
        let layout = Layout {
            replication: 1,
            partitions: Some(PARTITIONS),
        };
        let mut plan = verdict_producer::topics::plan(layout);
        if broker_kind == BrokerKind::Embedded {
            broker::keep_for_ever(&mut plan);
        }
        topics::ensure(&kafka, &plan, BROKER_WITHIN).context("making the topics")?;
        Ok(())
    })
    .await?
}

/// Resolves when the consumer has ended on its own.
async fn ended(consumer: &Consumer) {
    let mut look = tokio::time::interval(Duration::from_millis(200));
    while !consumer.has_ended() {
        look.tick().await;
    }
}
