//! The command line.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;

/// Runs all of Verdict on this machine until Ctrl-C: a real Apache Kafka, and the services beside
/// it.
///
/// The same services as docker-compose.yml, with the same configuration of Prometheus: consumers,
/// monitor, web, trainer, and Prometheus where it is installed. Everything listens on 127.0.0.1
/// only. Paths are relative to the working directory, which must be the repository. Started again,
/// it goes on where it was. Exit codes: 0 done, 2 something that was asked for
/// is not there, 70 Kafka or a service ended by itself.
#[derive(Debug, Clone, Parser)]
#[command(name = "demo", version, max_term_width = 100, args_override_self = true)]
pub(crate) struct Settings {
    /// Port of Kafka; here and below, 0 is any that is free
    #[arg(long, env = "VERDICT_DEMO_KAFKA_PORT", default_value_t = 9092, value_name = "PORT")]
    pub(crate) kafka_port: u16,

    /// Use this Kafka instead of starting one: HOST:PORT, separated by commas
    #[arg(long, env = "VERDICT_BOOTSTRAP_SERVERS", value_name = "HOST:PORT")]
    pub(crate) bootstrap_servers: Option<String>,

    /// Start no Kafka, but a small broker that keeps nothing: for machines that can have neither
    /// Java nor Docker
    #[arg(long, conflicts_with = "bootstrap_servers")]
    pub(crate) in_memory: bool,

    /// Any property of librdkafka, for every service; may be given more than once
    #[arg(long = "kafka", value_name = "KEY=VALUE")]
    pub(crate) properties: Vec<String>,

    /// Consumers, which share the partitions
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=16))]
    pub(crate) consumers: u16,

    /// The model that serves until another is announced, as `consumer --model`
    #[arg(long, env = "VERDICT_MODEL", default_value = "models/default", value_name = "URI")]
    pub(crate) model: String,

    /// A second model that scores the same reviews and answers nobody, as `consumer --shadow`
    #[arg(long, value_name = "URI")]
    pub(crate) shadow: Option<String>,

    /// Reviews in the window of each consumer in which drift is looked for, as `consumer
    /// --drift-window`
    #[arg(long, default_value_t = 1000, value_name = "N")]
    pub(crate) drift_window: usize,

    /// Training parameters of the trainer
    #[arg(long, default_value = "params.yaml", value_name = "FILE")]
    pub(crate) params: PathBuf,

    /// The trainer rebuilds the model when so many labels have come since the last time
    #[arg(long, default_value_t = 1000, value_name = "N")]
    pub(crate) new_labels: u64,

    /// The monitor audits this often, in seconds; 0 is never
    #[arg(long, default_value_t = 600, value_name = "S")]
    pub(crate) audit_every_s: u64,

    /// Sample reviews published per minute
    #[arg(long, default_value = "20", value_name = "N")]
    pub(crate) trickle: NonZeroU32,

    /// Publish no sample reviews
    #[arg(long)]
    pub(crate) no_trickle: bool,

    /// Port of the page
    #[arg(long, env = "VERDICT_DEMO_WEB_PORT", default_value_t = 8080, value_name = "PORT")]
    pub(crate) web_port: u16,

    /// Port of the first consumer's pages; each next one has a port that is 10 higher
    #[arg(long, default_value_t = 9101, value_name = "PORT")]
    pub(crate) consumer_port: u16,

    /// Port where Prometheus looks for a producer
    #[arg(long, default_value_t = 9102, value_name = "PORT")]
    pub(crate) producer_port: u16,

    /// Port of the trainer's pages
    #[arg(long, default_value_t = 9103, value_name = "PORT")]
    pub(crate) trainer_port: u16,

    /// Port of the monitor's pages
    #[arg(long, default_value_t = 9104, value_name = "PORT")]
    pub(crate) monitor_port: u16,

    /// Port of Prometheus
    #[arg(long, default_value_t = 9090, value_name = "PORT")]
    pub(crate) prometheus_port: u16,

    /// Start no Prometheus, though it is installed
    #[arg(long)]
    pub(crate) no_prometheus: bool,

    /// How often Prometheus collects and evaluates its rules, as it writes durations [default: as
    /// in prometheus.yml]
    #[arg(long, value_name = "TIME")]
    pub(crate) scrape_interval: Option<String>,

    /// Folder for Kafka's data, logs, models, and what Prometheus collected; kept for the next time
    #[arg(long, env = "VERDICT_DEMO_STATE", default_value = ".verdict-demo", value_name = "DIR")]
    pub(crate) state: PathBuf,

    /// Time for a service to become ready, in seconds
    #[arg(long, default_value_t = 60, value_name = "S")]
    pub(crate) ready_within_s: u64,
}

impl Settings {
    pub(crate) fn ready_within(&self) -> Duration {
        Duration::from_secs(self.ready_within_s)
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Settings::command().debug_assert();
        assert!(Settings::try_parse_from(["demo", "--consumers=0"]).is_err());
        let both = ["demo", "--in-memory", "--bootstrap-servers=a:1"];
        assert!(Settings::try_parse_from(both).is_err());
    }
}
