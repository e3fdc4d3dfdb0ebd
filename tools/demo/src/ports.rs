//! Where each service listens.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::anyhow;
use verdict_kafka::{Port, StartError, cache_folder};

use crate::settings::Settings;

/// The ports of 127.0.0.1, all different. Kafka's is its own to choose.
#[derive(Debug)]
pub(crate) struct Ports {
    /// The page and the HTTP interface.
    pub(crate) web: u16,
    /// Each consumer's operator pages.
    pub(crate) consumers: Vec<u16>,
    /// Where a `producer publish` serves its metrics; nothing listens there otherwise.
    pub(crate) producer: u16,
    pub(crate) trainer: u16,
    pub(crate) monitor: u16,
    pub(crate) prometheus: u16,
    _taken: Vec<Port>,
}

impl Ports {
    /// Those that were asked for, and free ones for 0.
    ///
    /// # Errors
    /// One that was asked for is taken.
    pub(crate) fn choose(settings: &Settings) -> anyhow::Result<Self> {
        let (cache, mut all) = (cache_folder(None)?, Vec::new());
        let mut port = |wanted: u16, flag: &str| {
            let port = Port::take(&cache, (wanted != 0).then_some(wanted));
            let port = port.map_err(|error| taken(error, flag))?;
            let number = port.number;
            all.push(port);
            anyhow::Ok(number)
        };
        let mut consumers = Vec::new();
        for index in 0..settings.consumers {
            let first = settings.consumer_port;
            let wanted = if first == 0 { 0 } else { first.saturating_add(10 * index) };
            consumers.push(port(wanted, "--consumer-port")?);
        }
        Ok(Self {
            web: port(settings.web_port, "--web-port")?,
            consumers,
            // A producer may be publishing already.
            producer: match settings.producer_port {
                0 => port(0, "--producer-port")?,
                wanted => wanted,
            },
            trainer: port(settings.trainer_port, "--trainer-port")?,
            monitor: port(settings.monitor_port, "--monitor-port")?,
            prometheus: match settings.prometheus_port {
                _ if settings.no_prometheus => 0,
                wanted => port(wanted, "--prometheus-port")?,
            },
            _taken: all,
        })
    }
}

/// The error, with the flag that chooses another port if that one is taken.
pub(crate) fn taken(error: StartError, flag: &str) -> anyhow::Error {
    match error {
        StartError::PortTaken { port } => anyhow!(
            "port {port} of 127.0.0.1 is taken: end what listens there, or choose another with {flag}"
        ),
        other => other.into(),
    }
}

/// A port of this machine only.
pub(crate) fn local(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use clap::Parser;

    use super::*;

    fn choose(flags: &[&str]) -> anyhow::Result<Ports> {
        let any = ["--web-port=0", "--producer-port=0", "--trainer-port=0", "--monitor-port=0"];
        let flags = ["demo", "--prometheus-port=0"].iter().chain(&any).chain(flags);
        Ports::choose(&Settings::try_parse_from(flags)?)
    }

    #[test]
    fn each_consumer_has_a_port_ten_higher_and_zero_is_any_free_one() {
        let ports = choose(&["--consumers=3", "--consumer-port=0"]).unwrap();
        let mut all =
            vec![ports.web, ports.producer, ports.trainer, ports.monitor, ports.prometheus];
        all.extend(&ports.consumers);
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 8, "{ports:?}");

        let first = TcpListener::bind(local(0)).unwrap().local_addr().unwrap().port();
        let given = choose(&["--consumers=2", &format!("--consumer-port={first}")]);
        assert_eq!(given.unwrap().consumers, [first, first + 10]);
    }

    #[test]
    fn a_port_that_is_taken_is_told_with_its_flag() {
        let other = TcpListener::bind(local(0)).unwrap();
        let port = other.local_addr().unwrap().port();
        let refused = choose(&["--consumer-port=0", &format!("--web-port={port}")]).unwrap_err();
        assert!(refused.to_string().ends_with("choose another with --web-port"), "{refused}");
    }
}
