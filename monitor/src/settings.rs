//! Settings of `consumer monitor`: what was typed, and what it means.

use std::{net::SocketAddr, time::Duration};

use clap::{Args, builder::BoolishValueParser};
use verdict_kafka_io::{BadSetting, KafkaArgs, KafkaSettings};
use verdict_messages::topic;
use verdict_telemetry::{CpuPrice, TelemetryArgs};

use crate::{exact::Exact, topics::TopicArgs};

/// What was typed for `monitor`.
#[derive(Debug, Clone, Args)]
pub struct MonitorArgs {
    /// How to reach Kafka.
    #[command(flatten)]
    pub kafka: KafkaArgs,

    /// The topics.
    #[command(flatten)]
    pub topics: TopicArgs,

    /// Topic of the labels
    #[arg(long, env = "VERDICT_LABELS_TOPIC", default_value = topic::LABELS, value_name = "TOPIC")]
    pub labels_topic: String,

    /// Consumer group whose work is audited: reviews that it is not done with are not missing
    #[arg(long, env = "VERDICT_GROUP", default_value = "verdict", value_name = "NAME")]
    pub group: String,

    /// Verdicts without a label to remember; as many with a label, and as many labels; about 200
    /// bytes each. The oldest are forgotten first
    #[arg(long, env = "VERDICT_REMEMBER", default_value_t = 1_000_000, value_name = "N")]
    pub remember: usize,

    /// Time between two audits, in seconds; 0: none
    #[arg(long, env = "VERDICT_AUDIT_EVERY_S", default_value_t = 600, value_name = "S")]
    pub audit_every_s: u64,

    /// Address of /metrics, /healthz and /readyz
    #[arg(long, env = "VERDICT_LISTEN", default_value = "127.0.0.1:9104", value_name = "IP:PORT")]
    pub listen: SocketAddr,

    /// Read up to the present ends of the topics, print how right the verdicts were, and end
    #[arg(long, value_parser = BoolishValueParser::new())]
    pub once: bool,

    /// With --once: print one JSON object
    #[arg(long, requires = "once")]
    pub json: bool,

    /// A single read or an audit gives up when nothing arrives for so long, in seconds
    #[arg(long, default_value_t = 30, value_name = "S")]
    pub patience_s: u64,

    /// Logs and metrics.
    #[command(flatten)]
    pub telemetry: TelemetryArgs,
}

/// Settings of `monitor`, checked.
#[derive(Debug, Clone)]
pub struct MonitorSettings {
    /// How to reach Kafka.
    pub kafka: KafkaSettings,
    /// The topics of reviews and outcomes.
    pub topics: TopicArgs,
    /// Topic of the labels.
    pub labels_topic: String,
    /// Consumer group whose work is audited.
    pub group: String,
    /// How many verdicts without a label, verdicts with one, and labels are remembered.
    pub remember: usize,
    /// Time between two audits; none are made without.
    pub audit_every: Option<Duration>,
    /// How long nothing may arrive while a topic is read to its end.
    pub patience: Duration,
    /// Where the operator pages are served.
    pub listen: SocketAddr,
    /// What CPU time costs.
    pub price: CpuPrice,
}

impl MonitorArgs {
    /// What was typed, checked.
    ///
    /// # Errors
    /// Every problem: value, bound and flag.
    pub fn check(&self) -> Result<MonitorSettings, BadSetting> {
        let mut problems = self.topics.problems();
        if self.labels_topic.is_empty() {
            problems.push("--labels-topic must not be empty".to_owned());
        }
        if self.topics.all().contains(&&self.labels_topic) {
            problems.push(format!(
                "--labels-topic must differ from the topics of reviews, verdicts and dead letters, got {:?}",
                self.labels_topic
            ));
        }
        if self.group.trim().is_empty() {
            problems.push("--group must not be empty".to_owned());
        }
        // More could not be summed exactly.
        let most = Exact::MOST / 2;
        if !(1..=most).contains(&self.remember) {
            problems.push(format!("--remember must be 1 to {most}, got {}", self.remember));
        }
        let kafka = self.kafka.check().map_err(|bad| problems.extend(bad.0)).ok();
        let price = self.telemetry.price().map_err(|problem| problems.push(problem)).ok();
        let (Some(kafka), Some(price), []) = (kafka, price, problems.as_slice()) else {
            return Err(BadSetting(problems));
        };
        Ok(MonitorSettings {
            kafka: kafka.client_id("verdict-monitor"),
            topics: self.topics.clone(),
            labels_topic: self.labels_topic.clone(),
            group: self.group.clone(),
            remember: self.remember,
            audit_every: Some(Duration::from_secs(self.audit_every_s)).filter(|it| !it.is_zero()),
            patience: Duration::from_secs(self.patience_s),
            listen: self.listen,
            price,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Only {
        #[command(flatten)]
        monitor: MonitorArgs,
    }

    fn typed(flags: &[&str]) -> Result<MonitorSettings, BadSetting> {
        Only::parse_from(["monitor"].iter().chain(flags)).monitor.check()
    }

    #[test]
    fn nothing_typed_is_the_defaults() {
        let settings = typed(&[]).unwrap();
        assert_eq!(settings.listen, "127.0.0.1:9104".parse().unwrap());
        assert_eq!(settings.remember, 1_000_000);
        assert_eq!(settings.audit_every, Some(Duration::from_secs(600)));
        assert_eq!((&*settings.group, &*settings.labels_topic), ("verdict", "reviews.labels"));
        let quiet = typed(&["--audit-every-s=0"]).unwrap();
        assert_eq!(quiet.audit_every, None);
    }

    #[test]
    fn all_problems_are_told_together() {
        let flags = ["--remember=0", "--group= ", "--labels-topic=reviews", "--kafka=nonsense"];
        let BadSetting(problems) = typed(&flags).unwrap_err();
        assert_eq!(problems.len(), flags.len(), "{problems:?}");
        let expected = "--remember must be 1 to 67108864, got 0";
        assert!(problems.iter().any(|problem| problem == expected), "{problems:?}");
    }
}
