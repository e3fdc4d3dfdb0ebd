//! The product's own services, with the settings that the broker asks for.

use anyhow::{Context, anyhow};
use arc_swap::ArcSwap;
use clap::Parser;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use verdict_consumer::cli::Cli as ConsumerCli;
use verdict_consumer::shutdown::Shutdown;
use verdict_kafka_io::KafkaSettings;
use verdict_telemetry::http::Server;
use verdict_telemetry::{Service, Telemetry};
use verdict_web::RawSettings;

/// Which broker the services talk to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BrokerKind {
    /// The embedded one. A fetch that waits there is not woken by new data, so none may wait long.
    Embedded,
    /// An Apache Kafka.
    Kafka,
}

impl BrokerKind {
    fn flags(self) -> &'static [&'static str] {
        match self {
            Self::Embedded => &["--fetch-wait-ms", "5"],
            Self::Kafka => &[],
        }
    }

    /// The same for clients that are not started by flags.
    pub(crate) fn fetching(self, kafka: KafkaSettings) -> KafkaSettings {
        match self {
            Self::Embedded => kafka.fetch_wait(Duration::from_millis(5)),
            Self::Kafka => kafka,
        }
    }
}

/// A consumer on a thread of its own, with its operator pages.
#[derive(Debug)]
pub(crate) struct Consumer {
    shutdown: Shutdown,
    thread: JoinHandle<anyhow::Result<()>>,
    _pages: Server,
}

impl Consumer {
    pub(crate) fn start(
        bootstrap: &str,
        broker: BrokerKind,
        model: &Path,
        listen: SocketAddr,
    ) -> anyhow::Result<Self> {
        let listen = listen.to_string();
        let flags = [
            "consumer",
            "run",
            "--bootstrap-servers",
            bootstrap,
            "--listen",
            &listen,
        ];
        let cli = ConsumerCli::try_parse_from(flags.iter().chain(broker.flags()))?;
        let Some(verdict_consumer::cli::Command::Run(mut args)) = cli.command else {
            return Err(anyhow!("the consumer's flags are not those of `run`"));
        };
        args.model = model.to_path_buf();
        let settings = args.check()?;
        let models = Arc::new(ArcSwap::from_pointee(
            settings.registry.load(&settings.model)?,
        ));
        let telemetry = Telemetry::start(Service::Consumer, settings.price)?;
        let pages = verdict_telemetry::http::spawn(settings.listen, telemetry.clone())
            .context("the consumer's pages (choose another port with --metrics-port)")?;
        let shutdown = Shutdown::default();
        let flag = shutdown.clone();
        let thread = std::thread::Builder::new()
            .name("consumer".to_owned())
            .spawn(move || {
                verdict_consumer::run::run(&settings, &models, &telemetry, &flag)?;
                Ok(())
            })?;
        Ok(Self {
            shutdown,
            thread,
            _pages: pages,
        })
    }

    /// Asks it to finish its batch.
    pub(crate) fn request_stop(&self) {
        self.shutdown.request();
    }

    /// Whether it has ended.
    pub(crate) fn has_ended(&self) -> bool {
        self.thread.is_finished()
    }

    /// Waits for its end.
    pub(crate) fn join(self) -> anyhow::Result<()> {
        self.thread
            .join()
            .map_err(|_| anyhow!("the consumer panicked"))?
            .context("the consumer")
    }
}

/// The frontend's settings.
pub(crate) fn web_settings(
    bootstrap: &str,
    broker: BrokerKind,
    listen: SocketAddr,
) -> anyhow::Result<verdict_web::Settings> {
    let listen = listen.to_string();
    let flags = ["web", "--bootstrap-servers", bootstrap, "--listen", &listen];
    let flags = flags
        .iter()
        .chain(&["--reply-partition", "0", "--drain-ms", "500"])
        .chain(broker.flags());
    Ok(RawSettings::try_parse_from(flags)?.check()?)
}
