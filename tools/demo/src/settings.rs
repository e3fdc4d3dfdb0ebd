//! Settings: what was typed.

use clap::Parser;
use std::net::{Ipv4Addr, SocketAddr};
use std::num::{NonZeroU32, NonZeroU64};
use std::path::PathBuf;
use verdict_telemetry::{TelemetryArgs, logs::DEFAULT_FILTER};

/// Runs all of Verdict in one process: Kafka broker, consumer, web page, trainer and a trickle of sample reviews.
///
/// Nothing leaves this machine and nothing is downloaded. Ctrl-C stops it; started again, it goes on where it was.
#[derive(Debug, Clone, Parser)]
#[command(name = "demo", version, max_term_width = 100)]
pub struct Settings {
    /// Port of the web page, on 127.0.0.1
    #[arg(
        long,
        env = "VERDICT_DEMO_WEB_PORT",
        default_value_t = 8080,
        value_name = "PORT"
    )]
    pub web_port: u16,

    /// Port of the Kafka broker, on 127.0.0.1
    #[arg(
        long,
        env = "VERDICT_DEMO_KAFKA_PORT",
        default_value_t = 9092,
        value_name = "PORT"
    )]
    pub kafka_port: u16,

    /// Port of the consumer's /metrics, /healthz and /readyz, on 127.0.0.1
    #[arg(
        long,
        env = "VERDICT_DEMO_METRICS_PORT",
        default_value_t = 9101,
        value_name = "PORT"
    )]
    pub metrics_port: u16,

    /// Use this Kafka instead of the embedded broker, as `make kafka` runs one
    #[arg(long, env = "VERDICT_BOOTSTRAP_SERVERS", value_name = "HOST:PORT")]
    pub bootstrap_servers: Option<String>,

    /// Directory that keeps the reviews, the verdicts and the models that are trained from corrections
    #[arg(
        long,
        env = "VERDICT_DEMO_STATE",
        default_value = ".verdict-demo",
        value_name = "DIR"
    )]
    pub state: PathBuf,

    /// The model: a file, or a directory that holds model.verdict
    #[arg(
        long,
        env = "VERDICT_MODEL",
        default_value = "models/default",
        value_name = "PATH"
    )]
    pub model: PathBuf,

    /// Train a new model when so many labels have come since the last one
    #[arg(long, default_value = "1000", value_name = "N")]
    pub retrain_after: NonZeroU64,

    /// Parameters of training and of the promotion gate, as params.yaml has them [default: built in]
    #[arg(long, value_name = "FILE")]
    pub params: Option<PathBuf>,

    /// Sample reviews published per minute
    #[arg(long, default_value = "20", value_name = "N")]
    pub trickle: NonZeroU32,

    /// Publish no sample reviews
    #[arg(long)]
    pub no_trickle: bool,

    /// Logs and metrics.
    #[command(flatten)]
    pub telemetry: TelemetryArgs,
}

impl Settings {
    /// Only warnings and what the trainer does, unless somebody asked for more: the page and the banner are what there is to
    /// see.
    #[must_use]
    pub fn quiet(mut self) -> Self {
        if self.telemetry.log_filter == DEFAULT_FILTER {
            self.telemetry.log_filter = "warn,verdict_trainer=info".to_owned();
        }
        self
    }

    /// Where Kafka is: the one that was named, or the embedded one.
    #[must_use]
    pub fn bootstrap(&self) -> String {
        self.bootstrap_servers
            .clone()
            .unwrap_or_else(|| Self::local(self.kafka_port).to_string())
    }

    /// A port on the loopback interface.
    #[must_use]
    pub fn local(port: u16) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, port))
    }
}
