//! How the trainer reaches the review log.

use crate::ingest::review_log::LogSource;
use std::time::Duration;
use verdict_kafka_io::KafkaArgs;
use verdict_messages::topic;

/// Options of every command that reads the review log.
#[derive(Debug, Clone, clap::Args)]
pub struct ReviewLogArgs {
    /// How to reach Kafka.
    #[command(flatten)]
    pub(crate) kafka: KafkaArgs,

    /// Topic of the reviews.
    #[arg(long, env = "VERDICT_REVIEWS_TOPIC", default_value = topic::REVIEWS, value_name = "TOPIC")]
    pub(crate) reviews_topic: String,

    /// Topic of the labels.
    #[arg(long, env = "VERDICT_LABELS_TOPIC", default_value = topic::LABELS, value_name = "TOPIC")]
    pub(crate) labels_topic: String,

    /// Give up when nothing arrives for so long, in seconds.
    #[arg(long, default_value_t = 30, value_name = "S")]
    pub(crate) patience_s: u64,
}

impl ReviewLogArgs {
    /// What was typed, checked.
    ///
    /// # Errors
    /// Every problem of the Kafka settings.
    pub(crate) fn check(&self) -> anyhow::Result<LogSource> {
        Ok(LogSource {
            kafka: self.kafka.check()?.client_id("verdict-trainer"),
            reviews: self.reviews_topic.clone(),
            labels: self.labels_topic.clone(),
            patience: Duration::from_secs(self.patience_s),
        })
    }
}
