//! What was typed.

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;

/// Runs Verdict's services as plain processes beside a Kafka, until Ctrl-C.
///
/// The same services as docker-compose.yml, with the same configuration of Prometheus: consumers, monitor, web, trainer, and Prometheus
/// where it is installed. Exit codes: 0 done, 2 something that was asked for is not there, 70 a service ended by itself.
#[derive(Debug, Clone, Parser)]
#[command(name = "up", version)]
pub struct Settings {
    /// Kafka brokers to start from, as HOST:PORT, separated by commas
    #[arg(
        long,
        env = "VERDICT_BOOTSTRAP_SERVERS",
        default_value = "127.0.0.1:9092",
        value_name = "HOST:PORT"
    )]
    pub bootstrap_servers: String,

    /// Any property of librdkafka, for every service; may be given more than once
    #[arg(long = "kafka", value_name = "KEY=VALUE")]
    pub properties: Vec<String>,

    /// Consumers, which share the partitions
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=16))]
    pub consumers: u16,

    /// The model that serves until another is announced, as `consumer --model`
    #[arg(long, default_value = "models/default", value_name = "URI")]
    pub model: String,

    /// A second model that scores the same reviews and answers nobody, as `consumer --shadow`
    #[arg(long, value_name = "URI")]
    pub shadow: Option<String>,

    /// Reviews in the window of each consumer in which drift is looked for, as `consumer --drift-window`
    #[arg(long, default_value_t = 1000, value_name = "N")]
    pub drift_window: usize,

    /// Training parameters of the trainer
    #[arg(long, default_value = "params.yaml", value_name = "FILE")]
    pub params: PathBuf,

    /// The trainer rebuilds the model when so many labels have come since the last time
    #[arg(long, default_value_t = 1000, value_name = "N")]
    pub new_labels: u64,

    /// The monitor audits this often, in seconds; 0 is never
    #[arg(long, default_value_t = 600, value_name = "S")]
    pub audit_every_s: u64,

    /// Port of the page; here and below, 0 is any that is free
    #[arg(long, default_value_t = 8080, value_name = "PORT")]
    pub web_port: u16,

    /// Port of the first consumer's pages; each next one has a port that is 10 higher
    #[arg(long, default_value_t = 9101, value_name = "PORT")]
    pub consumer_port: u16,

    /// Port where Prometheus looks for a producer
    #[arg(long, default_value_t = 9102, value_name = "PORT")]
    pub producer_port: u16,

    /// Port of the trainer's pages
    #[arg(long, default_value_t = 9103, value_name = "PORT")]
    pub trainer_port: u16,

    /// Port of the monitor's pages
    #[arg(long, default_value_t = 9104, value_name = "PORT")]
    pub monitor_port: u16,

    /// Port of Prometheus
    #[arg(long, default_value_t = 9090, value_name = "PORT")]
    pub prometheus_port: u16,

    /// Start no Prometheus, though it is installed
    #[arg(long)]
    pub no_prometheus: bool,

    /// How often Prometheus collects and evaluates its rules, as it writes durations [default: as in prometheus.yml]
    #[arg(long, value_name = "TIME")]
    pub scrape_interval: Option<String>,

    /// Folder for logs, models, and what Prometheus collected; kept for the next time
    #[arg(long, default_value = ".verdict-up", value_name = "DIR")]
    pub state: PathBuf,

    /// Folder of the repository: paths are relative to it
    #[arg(long, default_value = ".", value_name = "DIR")]
    pub root: PathBuf,

    /// Folder of the services' binaries [default: that of this one]
    #[arg(long, value_name = "DIR")]
    pub bin: Option<PathBuf>,

    /// Time for a service to become ready, in seconds
    #[arg(long, default_value_t = 60, value_name = "S")]
    pub ready_within_s: u64,
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
        assert!(Settings::try_parse_from(["up", "--consumers=0"]).is_err());
    }
}
