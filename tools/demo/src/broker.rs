//! What the services stand on.

use std::path::Path;

use verdict_kafka::{Kafka, Options, StartError};

use crate::error::DemoError;
use crate::in_memory::InMemory;
use crate::settings::Settings;

/// What the services stand on.
#[derive(Debug)]
pub enum Broker {
    /// A Kafka of our own.
    Own(Box<Kafka>),
    /// One that was there.
    Given(String),
    /// One that keeps nothing.
    InMemory(InMemory),
}

impl Broker {
    pub(crate) fn start(settings: &Settings, state: &Path) -> Result<Self, DemoError> {
        if let Some(servers) = &settings.bootstrap_servers {
            return Ok(Self::Given(servers.clone()));
        }
        if settings.in_memory {
            return Ok(Self::InMemory(InMemory::start("as was asked for")?));
        }
        let old = state.join("kafka.db");
        if old.exists() {
            return Err(DemoError::OldState { path: old });
        }
        let options = Options {
            data: Some(state.join("kafka")),
            port: Some(settings.kafka_port).filter(|port| *port != 0),
            ready_within: settings.ready_within(),
            ..Options::default()
        };
        match Kafka::start(options) {
            Ok(kafka) => Ok(Self::Own(Box::new(kafka))),
            Err(error @ StartError::NotInstalled { .. }) => {
                Ok(Self::InMemory(InMemory::start(&error.to_string())?))
            }
            Err(StartError::PortTaken { port }) => {
                Err(DemoError::PortTaken { port, flag: "--kafka-port" })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Whether it keeps nothing.
    pub(crate) fn is_in_memory(&self) -> bool {
        matches!(self, Self::InMemory(_))
    }

    /// Where clients find it.
    #[must_use]
    pub fn bootstrap(&self) -> String {
        match self {
            Self::Own(kafka) => kafka.bootstrap(),
            Self::Given(servers) => servers.clone(),
            Self::InMemory(broker) => broker.bootstrap(),
        }
    }
}
