//! Settings: what was typed, and what it means.
//!
//! Flags go before the environment. [`RawSettings`] is what was typed; [`RawSettings::check`] turns
//! it into [`Settings`], or lists everything that is wrong with it.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use clap::{Parser, Subcommand};
use verdict_kafka_io::{KafkaArgs, KafkaSettings};
use verdict_messages::topic;
use verdict_service::{Limits, ProbeArgs};
use verdict_telemetry::{CpuPrice, TelemetryArgs};

use crate::{
    ask::ReplyTo,
    http::{AllowedHosts, BodyLimits, Edge, Origin},
    label_rights::LabelSettings,
    peers::Peers,
    pending::PendingLimits,
    rate::Rate,
    stored::Topics,
};

// A client may fetch a verdict that is late by this much; after that nobody here wants it.
const INTEREST: Duration = Duration::from_secs(600);

// Four bytes of UTF-8, percent-encoded; or two escapes of JSON, which a surrogate pair has.
const BYTES_OF_A_CHARACTER: u64 = 12;
// Id, author, source and time, each of them escaped.
const BYTES_OF_ALL_ELSE: u64 = 16 * 1024;
// A client that reads nothing for so long has gone, or means no good.
const WRITE: Duration = Duration::from_secs(10);

/// The frontend of Verdict: a page and an HTTP interface that publish reviews to Kafka and await
/// their verdicts.
#[derive(Debug, Clone, Parser)]
#[command(name = "web", version, args_override_self = true, args_conflicts_with_subcommands = true)]
pub struct RawSettings {
    /// What to do instead of serving.
    #[command(subcommand)]
    pub command: Option<Command>,

    /// Address to serve HTTP on
    #[arg(long, env = "VERDICT_LISTEN", default_value = "127.0.0.1:8080", value_name = "IP:PORT")]
    pub listen: SocketAddr,

    /// How to reach Kafka.
    #[command(flatten)]
    pub kafka: KafkaArgs,

    /// Topic that reviews are published to
    #[arg(long, env = "VERDICT_REVIEWS_TOPIC", default_value = topic::REVIEWS, value_name = "TOPIC")]
    pub reviews_topic: String,

    /// Topic that people's labels of reviews are published to
    #[arg(long, env = "VERDICT_LABELS_TOPIC", default_value = topic::LABELS, value_name = "TOPIC")]
    pub labels_topic: String,

    /// Topic that verdicts are shown from (GET /api/v1/verdicts)
    #[arg(long, env = "VERDICT_VERDICTS_TOPIC", default_value = topic::VERDICTS, value_name = "TOPIC")]
    pub verdicts_topic: String,

    /// Topic of dead letters: GET /api/v1/reviews/{id} says from it why a review has no verdict
    #[arg(long, env = "VERDICT_DEAD_LETTERS_TOPIC", default_value = topic::DEAD_LETTERS, value_name = "TOPIC")]
    pub dead_letters_topic: String,

    /// Topic that models are announced on: the timeline of a review says from it which of them
    /// learned from its label
    #[arg(long, env = "VERDICT_MODELS_TOPIC", default_value = topic::MODELS, value_name = "TOPIC")]
    pub models_topic: String,

    /// Topic that replies are awaited on
    #[arg(long, env = "VERDICT_REPLY_TOPIC", default_value = topic::REPLIES, value_name = "TOPIC")]
    pub reply_topic: String,

    /// This instance's own partition of the reply topic; without it, the number at the end of
    /// --instance, or 0
    #[arg(long, env = "VERDICT_REPLY_PARTITION", value_name = "N")]
    pub reply_partition: Option<i32>,

    /// Name of this instance; a StatefulSet's pods end in their number (web-3)
    #[arg(long, env = "HOSTNAME", value_name = "NAME")]
    pub instance: Option<String>,

    /// Wait for a verdict unless the client says otherwise (Prefer: wait=N), in ms
    #[arg(long, env = "VERDICT_DEFAULT_WAIT_MS", default_value_t = 5_000, value_name = "MS")]
    pub default_wait_ms: u64,

    /// Longest wait for a verdict that a client can ask for, in ms
    #[arg(long, env = "VERDICT_MAX_WAIT_MS", default_value_t = 30_000, value_name = "MS")]
    pub max_wait_ms: u64,

    /// Longest wait for the brokers to confirm a review, in ms
    #[arg(long, env = "VERDICT_PUBLISH_TIMEOUT_MS", default_value_t = 2_000, value_name = "MS")]
    pub publish_timeout_ms: u64,

    /// Reviews that may wait for a verdict at once, half of them in batches; more are answered 429
    #[arg(long, env = "VERDICT_MAX_PENDING", default_value_t = 4_000, value_name = "N")]
    pub max_pending: usize,

    /// Verdicts, and idempotency keys, remembered
    #[arg(long, env = "VERDICT_MAX_REMEMBERED", default_value_t = 4_096, value_name = "N")]
    pub max_remembered: usize,

    /// Memory for remembered verdicts, in MiB
    #[arg(long, env = "VERDICT_MAX_REMEMBERED_MIB", default_value_t = 16, value_name = "MIB")]
    pub max_remembered_mib: usize,

    /// Characters of a review
    #[arg(long, env = "VERDICT_MAX_TEXT_CHARS", default_value_t = 20_000, value_name = "N")]
    pub max_text_chars: usize,

    /// Bytes of a request's body; more are answered 413. Without it, as many as --max-text-chars can
    /// have in any encoding: 12 for each, and 16,384 for all else
    #[arg(long, env = "VERDICT_MAX_BODY_BYTES", value_name = "BYTES")]
    pub max_body_bytes: Option<u64>,

    /// Time for a request's head, and then for its body, to arrive, in ms
    #[arg(long, env = "VERDICT_READ_TIMEOUT_MS", default_value_t = 5_000, value_name = "MS")]
    pub read_timeout_ms: u64,

    /// Connections open at once; a new one takes the place of one that waits for its client
    #[arg(long, env = "VERDICT_MAX_CONNECTIONS", default_value_t = 512, value_name = "N")]
    pub max_connections: usize,

    /// Connections open at once from one address; a new one takes the place of one that waits for
    /// its client, and is closed when all are at work. Behind a proxy, set it as high as
    /// --max-connections
    #[arg(
        long,
        env = "VERDICT_MAX_CONNECTIONS_PER_ADDRESS",
        default_value_t = 128,
        value_name = "N"
    )]
    pub max_connections_per_address: usize,

    /// Where the operator pages of a consumer are, for the page about the model
    #[arg(long, env = "VERDICT_CONSUMER_PAGES", value_name = "HOST:PORT")]
    pub consumer_pages: Option<String>,

    /// Where the operator pages of the monitor are, for live accuracy on the page about the model
    #[arg(long, env = "VERDICT_MONITOR_PAGES", value_name = "HOST:PORT")]
    pub monitor_pages: Option<String>,

    /// Secret that label tokens are made with, the same on all instances, at least 32 bytes. Without
    /// it the tokens of this instance end with it
    #[arg(long, env = "VERDICT_LABEL_KEY", hide_env_values = true, value_name = "SECRET")]
    pub label_key: Option<String>,

    /// File of operators, who may label any review by Authorization: Bearer TOKEN; a line for each,
    /// name and token, which has at least 32 bytes. The name is the label's source
    #[arg(long, env = "VERDICT_LABEL_TOKEN_FILE", value_name = "FILE")]
    pub label_token_file: Option<PathBuf>,

    /// Reviews that one address may send in a second, in the long run; more are answered 429. 0
    /// is no limit: behind a proxy all clients have one address
    #[arg(long, env = "VERDICT_RATE_LIMIT", default_value_t = 0.0, value_name = "PER_SECOND")]
    pub rate_limit: f64,

    /// Reviews that one address may send at once, when there is a --rate-limit
    #[arg(long, env = "VERDICT_RATE_BURST", default_value_t = 20, value_name = "N")]
    pub rate_burst: u32,

    /// Names that clients may use for this server (Host), beside localhost, loopback addresses and
    /// the address listened on; others are answered 421. * is any name: behind a proxy that checks
    /// it
    #[arg(long, env = "VERDICT_ALLOWED_HOSTS", value_delimiter = ',', value_name = "NAME,...")]
    pub allowed_hosts: Vec<String>,

    /// Other sites whose scripts may use the interface, such as `https://shop.example` (CORS)
    #[arg(long, env = "VERDICT_CORS_ORIGIN", value_delimiter = ',', value_name = "ORIGIN,...")]
    pub cors_origin: Vec<String>,

    /// Clients come by TLS, which ends in front of this server: browsers are told to stay with it
    /// (Strict-Transport-Security)
    #[arg(long, env = "VERDICT_BEHIND_TLS")]
    pub behind_tls: bool,

    /// Time between "not ready" and closing the listener at shutdown, so that load balancers
    /// notice, in ms
    #[arg(long, env = "VERDICT_NOTICE_MS", default_value_t = 0, value_name = "MS")]
    pub notice_ms: u64,

    /// Time for open requests to end at shutdown, in ms; then they are cut off
    #[arg(long, env = "VERDICT_DRAIN_MS", default_value_t = 8_000, value_name = "MS")]
    pub drain_ms: u64,

    /// Logs and metrics.
    #[command(flatten)]
    pub telemetry: TelemetryArgs,
}

/// What `web` does beside serving.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Ask the web server of this machine whether it is ready; exit code 1 when not
    Healthcheck(ProbeArgs),
}

/// Settings that have been checked.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Address to serve HTTP on.
    pub listen: SocketAddr,
    /// How to reach Kafka.
    pub kafka: KafkaSettings,
    /// Topic that reviews are published to.
    pub reviews_topic: String,
    /// Topic that labels are published to.
    pub labels_topic: String,
    /// Topic that verdicts are shown from.
    pub verdicts_topic: String,
    /// Topic of dead letters.
    pub dead_letters_topic: String,
    /// Topic that models are announced on.
    pub models_topic: String,
    /// Where replies come in.
    pub reply_to: ReplyTo,
    /// Wait for a verdict unless the client says otherwise.
    pub default_wait: Duration,
    /// Longest wait that a client can ask for.
    pub max_wait: Duration,
    /// Longest wait for the brokers to confirm a review.
    pub publish_timeout: Duration,
    /// What is remembered.
    pub pending: PendingLimits,
    /// Characters of a review.
    pub max_text_chars: usize,
    /// Bodies.
    pub body: BodyLimits,
    /// Connections.
    pub connections: Limits,
    /// Who may ask, and how they come here.
    pub edge: Edge,
    /// Reviews an address may send, if that is limited.
    pub rate: Option<Rate>,
    /// Who may label.
    pub label_rights: LabelSettings,
    /// Operator pages of other services.
    pub peers: Peers,
    /// Time between "not ready" and closing the listener.
    pub notice: Duration,
    /// What CPU time costs.
    pub price: CpuPrice,
}

impl Settings {
    /// Where reviews and what becomes of them are stored.
    pub(crate) fn topics(&self) -> Topics {
        Topics {
            reviews: self.reviews_topic.clone(),
            verdicts: self.verdicts_topic.clone(),
            dead_letters: self.dead_letters_topic.clone(),
            replies: self.reply_to.topic.clone(),
            labels: self.labels_topic.clone(),
            models: self.models_topic.clone(),
        }
    }
}

/// Everything that is wrong with the settings, one sentence each.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct BadSettings(pub Vec<String>);

impl RawSettings {
    /// What was typed, checked.
    ///
    /// # Errors
    /// [`BadSettings`] with a sentence for each problem: value, bound and flag.
    pub fn check(&self) -> Result<Settings, BadSettings> {
        let mut problems = Vec::new();
        let mut at_least = |value: u64, bound: u64, flag: &str| {
            if value < bound {
                problems.push(format!("{flag} must be at least {bound}, got {value}"));
            }
        };
        at_least(self.default_wait_ms, 1, "--default-wait-ms");
        at_least(self.max_wait_ms, self.default_wait_ms, "--max-wait-ms (with --default-wait-ms)");
        at_least(self.publish_timeout_ms, 100, "--publish-timeout-ms");
        at_least(self.max_pending as u64, 1, "--max-pending");
        at_least(self.max_remembered as u64, 1, "--max-remembered");
        at_least(self.max_remembered_mib as u64, 1, "--max-remembered-mib");
        at_least(self.max_text_chars as u64, 1, "--max-text-chars");
        let max_body_bytes = self.max_body_bytes.unwrap_or_else(|| {
            let chars = self.max_text_chars as u64;
            chars.saturating_mul(BYTES_OF_A_CHARACTER).saturating_add(BYTES_OF_ALL_ELSE)
        });
        at_least(max_body_bytes, 16, "--max-body-bytes");
        at_least(self.read_timeout_ms, 1, "--read-timeout-ms");
        at_least(self.max_connections as u64, 1, "--max-connections");
        at_least(self.max_connections_per_address as u64, 1, "--max-connections-per-address");
        at_least(self.rate_burst.into(), 1, "--rate-burst");
        if !self.rate_limit.is_finite() || self.rate_limit < 0.0 {
            problems.push(format!("--rate-limit must be a number >= 0, got {}", self.rate_limit));
        }
        let partition = self.reply_partition.unwrap_or_else(|| self.ordinal());
        if partition < 0 {
            problems.push(format!("--reply-partition must be at least 0, got {partition}"));
        }
        let hosts = AllowedHosts::new(self.listen.ip(), &self.allowed_hosts)
            .map_err(|problem| problems.push(format!("--allowed-hosts {problem}")))
            .ok();
        let cors = self.cors_origin.iter().filter_map(|origin| {
            let parsed = Origin::parse(origin);
            if parsed.is_none() {
                let expected = "scheme, host and port as https://shop.example";
                problems.push(format!("--cors-origin must be {expected}, got {origin:?}"));
            }
            parsed
        });
        let cors = cors.collect();
        let label_rights =
            LabelSettings::read(self.label_key.as_deref(), self.label_token_file.as_deref())
                .map_err(|problem| problems.push(problem))
                .unwrap_or_default();
        let kafka = self.kafka.check().map_err(|bad| problems.extend(bad.0)).ok();
        let price = self.telemetry.price().map_err(|problem| problems.push(problem)).ok();
        let (Some(kafka), Some(price), Some(hosts), []) =
            (kafka, price, hosts, problems.as_slice())
        else {
            return Err(BadSettings(problems));
        };
        let kafka = kafka.client_id("verdict-web");
        let ms = Duration::from_millis;
        Ok(Settings {
            listen: self.listen,
            kafka,
            reviews_topic: self.reviews_topic.clone(),
            labels_topic: self.labels_topic.clone(),
            verdicts_topic: self.verdicts_topic.clone(),
            dead_letters_topic: self.dead_letters_topic.clone(),
            models_topic: self.models_topic.clone(),
            reply_to: ReplyTo {
                topic: self.reply_topic.clone(),
                partition,
                interest: INTEREST.max(ms(self.max_wait_ms)),
            },
            default_wait: ms(self.default_wait_ms),
            max_wait: ms(self.max_wait_ms),
            publish_timeout: ms(self.publish_timeout_ms),
            pending: PendingLimits {
                pending: self.max_pending,
                remembered: self.max_remembered,
                remembered_bytes: self.max_remembered_mib.saturating_mul(1024 * 1024),
            },
            max_text_chars: self.max_text_chars,
            body: BodyLimits { bytes: max_body_bytes, read: ms(self.read_timeout_ms) },
            connections: Limits {
                connections: self.max_connections,
                connections_per_address: self.max_connections_per_address,
                header_read: ms(self.read_timeout_ms),
                write: WRITE,
                headers: 64,
                buffer: 16 * 1024,
                drain: ms(self.drain_ms),
            },
            edge: Edge { hosts, cors, behind_tls: self.behind_tls },
            rate: (self.rate_limit > 0.0)
                .then(|| Rate { per_second: self.rate_limit, burst: self.rate_burst.into() }),
            label_rights,
            peers: Peers {
                consumer: self.consumer_pages.clone(),
                monitor: self.monitor_pages.clone(),
            },
            notice: ms(self.notice_ms),
            price,
        })
    }

    /// The number at the end of the instance's name, wrapped into the reply topic's partitions.
    fn ordinal(&self) -> i32 {
        let name = self.instance.as_deref().unwrap_or_default();
        let number = name.rsplit_once('-').and_then(|(_, number)| number.parse::<i32>().ok());
        number.unwrap_or(0).rem_euclid(topic::REPLY_PARTITIONS)
    }
}

#[cfg(test)]
mod tests;
