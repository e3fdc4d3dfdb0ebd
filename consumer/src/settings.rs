//! Settings of `consumer run`: what was typed, and what it means.

use std::{
    net::SocketAddr, num::NonZeroUsize, path::PathBuf, thread::available_parallelism,
    time::Duration,
};

use clap::Args;
use uuid::Uuid;
use verdict_kafka_io::{BadSetting, BatchLimits, KafkaArgs, KafkaSettings, SourceOptions};
use verdict_messages::{AllowedReplyTopics, MAX_REVIEW_BYTES, reply::DEFAULT_ALLOWED_REPLY_TOPICS};
use verdict_monitor::topics::TopicArgs;
use verdict_registry::{Resolver, TrackingSettings};
use verdict_telemetry::{CpuPrice, TelemetryArgs};

use crate::{
    breaker::BreakerArgs,
    deliver::Mode,
    models::settings::{ModelArgs, ModelSettings},
    observe::settings::ObserveArgs,
    score::{Explain, ScoreSettings},
};

/// What was typed for `run`.
#[derive(Debug, Clone, Args)]
pub struct RunArgs {
    /// How to reach Kafka.
    #[command(flatten)]
    pub kafka: KafkaArgs,

    /// The topics.
    #[command(flatten)]
    pub topics: TopicArgs,

    /// Consumer group: members of one group share the partitions of the reviews
    #[arg(long, env = "VERDICT_GROUP", default_value = "verdict", value_name = "NAME")]
    pub group: String,

    /// Lasting name of this member: a restart then keeps its partitions without a rebalance
    #[arg(long, env = "VERDICT_INSTANCE", value_name = "NAME")]
    pub instance: Option<String>,

    /// The model that serves while topic `models` has none: a file, a directory that holds
    /// model.verdict, dir:ROOT/NAME@ALIAS, or models:/NAME@ALIAS of the MLflow server that
    /// MLFLOW_TRACKING_URI names
    #[arg(long, env = "VERDICT_MODEL", default_value = "models/default", value_name = "URI")]
    pub model: PathBuf,

    /// The models that follow it.
    #[command(flatten)]
    pub models: ModelArgs,

    /// What is observed.
    #[command(flatten)]
    pub observe: ObserveArgs,

    /// When reading is paused.
    #[command(flatten)]
    pub breaker: BreakerArgs,

    /// Address of /metrics, /healthz, /readyz and /model
    #[arg(long, env = "VERDICT_LISTEN", default_value = "127.0.0.1:9101", value_name = "IP:PORT")]
    pub listen: SocketAddr,

    /// Topics that replies may go to: a regular expression for the whole name
    #[arg(long, env = "VERDICT_REPLY_TOPICS", default_value = DEFAULT_ALLOWED_REPLY_TOPICS, value_name = "REGEX")]
    pub reply_topics: String,

    /// What is promised of each review
    #[arg(long, env = "VERDICT_DELIVERY", value_enum, default_value_t = Mode::Auto, value_name = "PROMISE")]
    pub delivery: Mode,

    /// Topic for the reviews that the model is unsure about, with their verdicts, for people to
    /// label: reviews.unsure; needs at least as many partitions as the reviews have. Without it
    /// they go nowhere else
    #[arg(long, env = "VERDICT_UNSURE_TOPIC", value_name = "TOPIC")]
    pub unsure_topic: Option<String>,

    /// When verdicts list the terms that weighed most
    #[arg(long, env = "VERDICT_EXPLAIN", value_enum, default_value_t = Explain::Replies)]
    pub explain: Explain,

    /// Longest review record; longer ones become dead letters, in bytes
    #[arg(long, env = "VERDICT_MAX_REVIEW_BYTES", default_value_t = MAX_REVIEW_BYTES, value_name = "BYTES")]
    pub max_review_bytes: usize,

    /// Most records of a batch
    #[arg(long, env = "VERDICT_MAX_BATCH_RECORDS", default_value_t = 4_000, value_name = "N")]
    pub max_batch_records: usize,

    /// Threads that score large batches; without it, one for each CPU
    #[arg(long, env = "VERDICT_SCORE_THREADS", value_name = "N")]
    pub score_threads: Option<NonZeroUsize>,

    /// Logs and metrics.
    #[command(flatten)]
    pub telemetry: TelemetryArgs,
}

/// Settings of `run`, checked.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How to reach Kafka.
    pub kafka: KafkaSettings,
    /// What to read, and as whom.
    pub source: SourceOptions,
    /// What is promised of each review.
    pub delivery: Mode,
    /// The `transactional.id`.
    pub transactional_id: String,
    /// When a batch is complete.
    pub limits: BatchLimits,
    /// How to score.
    pub scoring: ScoreSettings,
    /// Threads that score large batches.
    pub threads: NonZeroUsize,
    /// Where the model is.
    pub model: PathBuf,
    /// What finds models by URI.
    pub registry: Resolver,
    /// The models that follow it; without, it serves for ever.
    pub models: Option<ModelSettings>,
    /// What is observed.
    pub observe: ObserveArgs,
    /// When reading is paused.
    pub breaker: BreakerArgs,
    /// Where the operator pages are served.
    pub listen: SocketAddr,
    /// What CPU time costs.
    pub price: CpuPrice,
}

/// How often the loop looks whether it is to stop while nothing arrives.
const IDLE: Duration = Duration::from_millis(250);
/// Size at which a batch is complete, in bytes of keys and values.
const BATCH_BYTES: usize = 8 << 20;
/// Longest time from a batch's first record to its end; a batch ends sooner when nothing more is at
/// hand.
const SINCE_FIRST: Duration = Duration::from_millis(50);

impl RunArgs {
    /// What was typed, checked.
    ///
    /// # Errors
    /// Every problem: value, bound and flag.
    pub fn check(&self) -> Result<Settings, BadSetting> {
        let mut problems = Vec::new();
        let bounds = [
            ("--max-review-bytes", self.max_review_bytes, 1, 8 << 20),
            ("--max-batch-records", self.max_batch_records, 1, 40_000),
        ];
        for (flag, value, least, most) in bounds {
            if !(least..=most).contains(&value) {
                problems.push(format!("{flag} must be {least} to {most}, got {value}"));
            }
        }
        if self.group.trim().is_empty() {
            problems.push("--group must not be empty".to_owned());
        }
        problems.extend(self.topics.problems());
        let others = self.topics.all().map(String::as_str);
        let unsure = self.unsure_topic.as_deref();
        if let Some(topic) = unsure.filter(|topic| topic.is_empty() || others.contains(topic)) {
            problems.push(format!(
                "--unsure-topic must be a topic of its own, got {topic:?}: readers of {} would take \
                 its records for theirs",
                others.join(", ")
            ));
        }
        let models = self.models.check(&self.topics.all(), &mut problems);
        problems.extend(self.observe.problems());
        problems.extend(self.breaker.problems());
        let kafka = self.kafka.check().map_err(|bad| problems.extend(bad.0)).ok();
        let price = self.telemetry.price().map_err(|problem| problems.push(problem)).ok();
        let registry = TrackingSettings::from_lookup(mlflow_variable)
            .map(|tracking| Resolver { tracking })
            .map_err(|problem| problems.push(problem.to_string()))
            .ok();
        let reply_topics = AllowedReplyTopics::matching(&self.reply_topics)
            .map_err(|bad| problems.push(format!("--reply-topics: {bad}")))
            .ok();
        let (Some(kafka), Some(price), Some(reply_topics), Some(registry), []) =
            (kafka, price, reply_topics, registry, problems.as_slice())
        else {
            return Err(BadSetting(problems));
        };
        // Without a lasting name, what a killed member left open is aborted by the broker, after
        // the transaction's time limit, and not by its successor.
        let member = self.instance.clone().unwrap_or_else(|| Uuid::new_v4().to_string());
        Ok(Settings {
            delivery: self.delivery,
            transactional_id: format!("verdict-{}-{member}", self.group),
            kafka: kafka.client_id("verdict-consumer"),
            source: SourceOptions {
                group: self.group.clone(),
                topics: vec![self.topics.reviews_topic.clone()],
                instance: self.instance.clone(),
            },
            limits: BatchLimits {
                records: self.max_batch_records,
                bytes: BATCH_BYTES,
                since_first: SINCE_FIRST,
                idle: IDLE,
            },
            scoring: ScoreSettings {
                group: self.group.clone(),
                verdicts_topic: self.topics.verdicts_topic.as_str().into(),
                dead_letters_topic: self.topics.dead_letters_topic.as_str().into(),
                unsure_topic: self.unsure_topic.as_deref().map(Into::into),
                reply_topics,
                explain: self.explain,
                max_review_bytes: self.max_review_bytes,
            },
            threads: self
                .score_threads
                .or_else(|| available_parallelism().ok())
                .unwrap_or(NonZeroUsize::MIN),
            model: self.model.clone(),
            registry,
            models,
            observe: self.observe.clone(),
            breaker: self.breaker.clone(),
            listen: self.listen,
            price,
        })
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "MLflow's own variables, as every client of it takes them"
)]
fn mlflow_variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::Cli;

    fn read(arguments: &[&str]) -> RunArgs {
        Cli::parse_from(["consumer"].iter().chain(arguments)).run
    }

    #[test]
    fn nothing_typed_is_the_defaults() {
        let settings = read(&[]).check().unwrap();
        assert_eq!(settings.source.topics, ["reviews"]);
        let models = settings.models.unwrap();
        assert_eq!((&*models.topic, &*models.name), ("models", "sentiment"));
        assert!(!models.allow_rollback);
        let alone = read(&["--no-follow-models", "--model-name="]).check();
        assert_eq!(alone.unwrap().models, None);
        assert_eq!(settings.listen, "127.0.0.1:9101".parse().unwrap());
    }

    #[test]
    fn all_problems_are_told_together() {
        let arguments = [
            "--max-batch-records=0",
            "--kafka=nonsense",
            "--reply-topics=(",
            "--verdicts-topic=reviews",
            "--models-topic=dlq.reviews",
            "--model-name=",
            "--unsure-topic=dlq.reviews",
            "--drift-window=99",
            "--drift-threshold=0",
            "--shadow-share=1.5",
            "--breaker-pause-s=0",
        ];
        let BadSetting(problems) = read(&arguments).check().unwrap_err();
        assert_eq!(problems.len(), arguments.len(), "{problems:?}");
        assert!(
            problems.iter().any(|p| p == "--max-batch-records must be 1 to 40000, got 0"),
            "{problems:?}"
        );
    }
}
