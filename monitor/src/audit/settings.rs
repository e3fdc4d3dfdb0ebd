//! Settings of `consumer audit`.

use clap::Args;
use verdict_kafka_io::KafkaArgs;
use verdict_telemetry::TelemetryArgs;

use crate::topics::TopicArgs;

/// What was typed for `audit`.
#[derive(Debug, Clone, Args)]
pub struct AuditArgs {
    /// How to reach Kafka.
    #[command(flatten)]
    pub kafka: KafkaArgs,

    /// The topics.
    #[command(flatten)]
    pub topics: TopicArgs,

    /// Audit only reviews that this consumer group is done with; without it, all that are there
    #[arg(long, value_name = "NAME")]
    pub group: Option<String>,

    /// Positions to show of each kind
    #[arg(long, default_value_t = 5, value_name = "N")]
    pub first: usize,

    /// Accept duplicates: after a crash, an at-least-once consumer delivers some outcomes twice
    #[arg(long)]
    pub allow_duplicates: bool,

    /// Give up when nothing arrives for so long, in seconds
    #[arg(long, default_value_t = 30, value_name = "S")]
    pub patience_s: u64,

    /// Print one JSON object as the last line of standard output
    #[arg(long)]
    pub json: bool,

    /// Logs and metrics.
    #[command(flatten)]
    pub telemetry: TelemetryArgs,
}
