//! What the services stand on.

use std::path::Path;

use verdict_kafka::{Kafka, Options, StartError, Watchdog};

use crate::in_memory::InMemory;
use crate::ports::taken;
use crate::settings::Settings;

/// What the services stand on.
#[derive(Debug)]
pub(crate) enum Broker {
    /// A Kafka of our own.
    Own(Box<Kafka>),
    /// One that was there.
    Given(String, Watchdog),
    /// One that keeps nothing.
    InMemory(InMemory, Watchdog),
}

impl Broker {
    pub(crate) fn start(settings: &Settings, state: &Path) -> anyhow::Result<Self> {
        if let Some(servers) = &settings.bootstrap_servers {
            return Ok(Self::Given(servers.clone(), Watchdog::start(None)?));
        }
        let in_memory = |reason: &str| -> anyhow::Result<Self> {
            Ok(Self::InMemory(InMemory::start(reason)?, Watchdog::start(None)?))
        };
        if settings.in_memory {
            return in_memory("as was asked for");
        }
        let old = state.join("kafka.db");
        anyhow::ensure!(
            !old.exists(),
            "{} is of an older version, and what it holds cannot be read by this one: move its \
             folder away, or choose another with --state",
            old.display()
        );
        let options = Options {
            data: Some(state.join("kafka")),
            port: Some(settings.kafka_port).filter(|port| *port != 0),
            ready_within: settings.ready_within(),
            ..Options::default()
        };
        match Kafka::start(options) {
            Ok(kafka) => Ok(Self::Own(Box::new(kafka))),
            Err(error @ StartError::NotInstalled { .. }) => in_memory(&error.to_string()),
            Err(error) => Err(taken(error, "--kafka-port")),
        }
    }

    /// Whether it keeps nothing.
    pub(crate) fn is_in_memory(&self) -> bool {
        matches!(self, Self::InMemory(..))
    }

    /// Where clients find it.
    pub(crate) fn bootstrap(&self) -> String {
        match self {
            Self::Own(kafka) => kafka.bootstrap(),
            Self::Given(servers, _) => servers.clone(),
            Self::InMemory(broker, _) => broker.bootstrap(),
        }
    }

    /// When this process is gone without having ended them, these are ended, and Kafka after them.
    pub(crate) fn guard(&mut self, services: &[u32]) -> Result<(), StartError> {
        match self {
            Self::Own(kafka) => kafka.guard(services),
            Self::Given(_, watchdog) | Self::InMemory(_, watchdog) => {
                watchdog.guard(None, services)
            }
        }
    }
}
