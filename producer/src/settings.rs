//! The command line: what was typed, and what it means.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use verdict_datasets::{Kind, Labels, OpenOptions, Split};
use verdict_kafka_io::KafkaArgs;
use verdict_messages::{MAX_REVIEW_BYTES, topic};
use verdict_telemetry::TelemetryArgs;

use crate::dlq::commands::DlqCommand;
use crate::encode::Encoder;
use crate::pace::rate;
use crate::publish::PublishSettings;

/// Creates Verdict's topics, publishes reviews in bulk, and brings dead letters back.
///
/// Exit codes: 0 done, 1 a topic is not as planned or a dead letter cannot be redriven, 2 bad usage
/// or input (also when only some reviews could not be read), 70 Kafka or something else is in the
/// way.
#[derive(Debug, Parser)]
#[command(name = "producer", version)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Work on topics.
    #[command(subcommand)]
    Topics(TopicsCommand),
    /// Publish the reviews of a file, a folder or standard input.
    Publish(Box<PublishArgs>),
    /// Look at dead letters, and publish them again.
    #[command(subcommand)]
    Dlq(Box<DlqCommand>),
}

/// Work on topics.
#[derive(Debug, Subcommand)]
pub enum TopicsCommand {
    /// Create the topics that are missing and say where the others differ; nothing that exists is changed.
    Ensure(EnsureArgs),
}

/// `producer topics ensure`.
#[derive(Debug, Args)]
pub struct EnsureArgs {
    /// Where Kafka is.
    #[command(flatten)]
    pub kafka: KafkaArgs,
    /// Replicas of each topic; at most the number of brokers.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(i32).range(1..=100))]
    pub replication_factor: i32,
    /// Partitions of the reviews, and of verdicts, labels, dead letters and unsure reviews [default: 12].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..=10_000))]
    pub partitions: Option<i32>,
    /// How long Kafka may take to answer, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub timeout: u64,
    /// Print one JSON object as the last line of standard output.
    #[arg(long)]
    pub json: bool,
    /// Logs.
    #[command(flatten)]
    pub telemetry: TelemetryArgs,
}

/// `producer publish`.
#[derive(Debug, Args)]
pub struct PublishArgs {
    /// A file, a folder in the layout of aclImdb, or `-` for standard input; each file may be gzipped.
    pub path: PathBuf,
    /// Layout of the source: aclimdb, csv, jsonl or lines; without it, told from the name or the first line.
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<Kind>,
    /// Part of an aclImdb source: train, test or all.
    #[arg(long, default_value_t = Split::All)]
    pub split: Split,
    /// Publish at most so many reviews.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub limit: Option<u64>,
    /// Publish at most so many reviews a second [default: as fast as Kafka takes them].
    #[arg(long, value_name = "N", value_parser = rate)]
    pub rate: Option<f64>,
    /// Publish the labels of the source too; a review without one is then an error.
    #[arg(long)]
    pub labels: bool,
    /// Put in front of every review's id, to keep two sources apart that name their reviews alike.
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub id_prefix: String,
    /// Topic of the reviews.
    #[arg(long, value_name = "TOPIC", default_value = topic::REVIEWS)]
    pub topic: String,
    /// Topic of the labels.
    #[arg(long, value_name = "TOPIC", default_value = topic::LABELS)]
    pub labels_topic: String,
    /// How long Kafka may take to answer at the start, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub timeout: u64,
    /// Address for /metrics, /healthz and /readyz while it runs. One that is taken is no error: the work goes on without.
    #[arg(
        long,
        env = "VERDICT_LISTEN",
        value_name = "ADDRESS:PORT",
        default_value = "127.0.0.1:9102"
    )]
    pub listen: SocketAddr,
    /// Print one JSON object as the last line of standard output.
    #[arg(long)]
    pub json: bool,
    /// Where Kafka is.
    #[command(flatten)]
    pub kafka: KafkaArgs,
    /// Logs and metrics.
    #[command(flatten)]
    pub telemetry: TelemetryArgs,
}

impl PublishArgs {
    /// What it means. `started_ms` (milliseconds since 1970) tells one run over standard input from another: its lines
    /// have no name of their own.
    pub fn settings(&self, started_ms: i64) -> PublishSettings {
        let stdin = self.path.as_os_str() == "-";
        let name = self
            .path
            .file_name()
            .map_or_else(|| self.path.to_string_lossy(), |name| name.to_string_lossy());
        PublishSettings {
            path: self.path.clone(),
            open: OpenOptions {
                kind: self.format,
                split: self.split,
                labels: if self.labels { Labels::Required } else { Labels::Optional },
                max_review_bytes: MAX_REVIEW_BYTES,
            },
            encoder: Encoder {
                reviews: self.topic.as_str().into(),
                labels: self.labels.then(|| self.labels_topic.as_str().into()),
                source: if stdin { "stdin".to_owned() } else { name.into_owned() },
                prefix: self.id_prefix.clone(),
                place_prefix: if stdin { format!("{started_ms}-") } else { String::new() },
            },
            limit: self.limit,
            rate: self.rate,
            timeout: Duration::from_secs(self.timeout),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn publish(args: &[&str]) -> Result<PublishSettings, String> {
        let typed = ["producer", "publish"].iter().chain(args);
        match Cli::try_parse_from(typed).map_err(|error| error.to_string())?.command {
            Command::Publish(args) => Ok(args.settings(1_700_000_000_042)),
            _ => Err("not publish".to_owned()),
        }
    }

    #[test]
    fn flags_become_settings() {
        let settings = publish(&[
            "data/r.csv",
            "--format",
            "csv",
            "--labels",
            "--rate",
            "2.5",
            "--limit",
            "7",
            "--split",
            "test",
        ])
        .unwrap();
        assert_eq!((settings.open.kind, settings.open.split), (Some(Kind::Csv), Split::Test));
        assert_eq!(
            (settings.open.labels, settings.rate, settings.limit),
            (Labels::Required, Some(2.5), Some(7))
        );
        assert_eq!(
            (settings.encoder.source.as_str(), settings.encoder.place_prefix.as_str()),
            ("r.csv", "")
        );
        assert_eq!(settings.encoder.labels.as_deref(), Some("reviews.labels"));
    }

    #[test]
    fn standard_input_gets_ids_of_its_own_on_each_run() {
        let settings = publish(&["-"]).unwrap();
        assert_eq!(settings.encoder.place_prefix, "1700000000042-");
        assert_eq!(settings.encoder.source, "stdin");
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_its_bounds() {
        for (args, said) in [
            (["x", "--rate", "0"], "from 0.001 to 1e9, got \"0\""),
            (["x", "--rate", "NaN"], "from 0.001 to 1e9, got \"NaN\""),
            (["x", "--limit", "0"], "0 is not in 1.."),
            (
                ["x", "--format", "xml"],
                "format must be one of aclimdb, csv, jsonl, lines, got \"xml\"",
            ),
            (["x", "--split", "dev"], "split must be one of train, test, all, got \"dev\""),
        ] {
            let error = publish(&args).unwrap_err();
            assert!(error.contains(said), "{error}");
        }
    }
}
