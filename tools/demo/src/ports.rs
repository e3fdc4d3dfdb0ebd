//! Where each service listens.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process;

use verdict_kafka::is_free;

use crate::error::DemoError;
use crate::settings::Settings;

/// Below the range from which operating systems take the ports of outgoing connections, and above that of `verdict-kafka`.
const FIRST: u16 = 25_000;
const LAST: u16 = 31_999;

/// The ports of 127.0.0.1, all different. Kafka's is its own to choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ports {
    /// The page and the HTTP interface.
    pub web: u16,
    /// Each consumer's operator pages.
    pub consumers: Vec<u16>,
    /// Where a `producer publish` serves its metrics; nothing listens there otherwise.
    pub producer: u16,
    /// The trainer's operator pages.
    pub trainer: u16,
    /// The monitor's operator pages.
    pub monitor: u16,
    /// Prometheus.
    pub prometheus: u16,
}

impl Ports {
    /// Those that were asked for, and free ones for 0.
    ///
    /// # Errors
    /// One that was asked for is taken.
    pub(crate) fn choose(settings: &Settings) -> Result<Self, DemoError> {
        let n = usize::from(settings.consumers);
        // Looked at now, so that nothing is started before it is told.
        if settings.has_own_kafka() && settings.kafka_port != 0 && !is_free(settings.kafka_port) {
            return Err(DemoError::PortTaken { port: settings.kafka_port, flag: "--kafka-port" });
        }
        // One for each service but the consumers, and one for each of those.
        let mut free = free(5 + n)?.into_iter();
        let mut port = |wanted: u16, flag: &'static str| match wanted {
            0 => Ok(free.next().unwrap_or_default()),
            port if is_free(port) => Ok(port),
            port => Err(DemoError::PortTaken { port, flag }),
        };
        let mut consumers = Vec::with_capacity(n);
        for index in 0..settings.consumers {
            let wanted = match settings.consumer_port {
                0 => 0,
                first => first.saturating_add(10 * index),
            };
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
            prometheus: if settings.no_prometheus {
                0
            } else {
                port(settings.prometheus_port, "--prometheus-port")?
            },
        })
    }
}

/// A port of this machine only.
pub(crate) fn local(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

fn can_listen(port: u16) -> bool {
    TcpListener::bind(local(port)).is_ok()
}

/// So many different ports that nobody listens on now. Each process begins elsewhere in the range, so that two that start
/// at once do not take the same.
fn free(wanted: usize) -> Result<Vec<u16>, DemoError> {
    let length = u32::from(LAST - FIRST) + 1;
    let begin = process::id().wrapping_mul(97) % length;
    let found: Vec<u16> = (0..length)
        .filter_map(|step| u16::try_from((begin + step) % length).ok())
        .map(|step| FIRST + step)
        .filter(|port| can_listen(*port))
        .take(wanted)
        .collect();
    if found.len() == wanted {
        Ok(found)
    } else {
        Err(DemoError::NoPort { wanted, first: FIRST, last: LAST })
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    fn settings(flags: &[&str]) -> Settings {
        Settings::try_parse_from(["demo"].iter().chain(flags)).unwrap()
    }

    #[test]
    fn each_consumer_has_a_port_ten_higher_and_zero_is_any_free_one() {
        let any = ["--web-port=0", "--producer-port=0", "--trainer-port=0", "--monitor-port=0"];
        let more = ["--prometheus-port=0", "--consumers=3", "--consumer-port=0"];
        let ports = Ports::choose(&settings(&[&any[..], &more[..]].concat())).unwrap();
        let mut all =
            vec![ports.web, ports.producer, ports.trainer, ports.monitor, ports.prometheus];
        all.extend(&ports.consumers);
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 8, "{ports:?}");

        let first = *free(1).unwrap().first().unwrap();
        let flag = format!("--consumer-port={first}");
        let given = Ports::choose(&settings(
            &[&any[..], &["--consumers=2", "--prometheus-port=0", &flag]].concat(),
        ));
        assert_eq!(given.unwrap().consumers, [first, first + 10]);
    }

    #[test]
    fn a_port_that_is_taken_is_told_with_its_flag() {
        let other = TcpListener::bind(local(0)).unwrap();
        let port = other.local_addr().unwrap().port();
        let said = Ports::choose(&settings(&["--consumer-port=0", &format!("--web-port={port}")]))
            .unwrap_err();
        assert!(said.to_string().ends_with("choose another with --web-port"), "{said}");
    }
}
