//! Creates topics, and reports where existing ones differ from the plan.

use std::time::{Duration, Instant};

use futures::executor::block_on;
use rdkafka::{
    admin::{AdminClient, AdminOptions, NewTopic, ResourceSpecifier, TopicReplication},
    consumer::{BaseConsumer, Consumer},
    metadata::Metadata,
    types::RDKafkaErrorCode as Code,
};
use verdict_messages::topic::TopicPlan;

use crate::{Cause, Connection, Failure, KafkaSettings};

/// A topic to create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicSpec {
    /// Topic name.
    pub name: String,
    /// Number of partitions, at least 1.
    pub partitions: i32,
    /// Number of replicas; at most the number of brokers.
    pub replication: i32,
    /// Topic configuration: name and value.
    pub config: Vec<(String, String)>,
}

impl TopicSpec {
    /// The topic of a plan, with this many replicas.
    pub fn planned(plan: &TopicPlan, replication: i32) -> Self {
        let mut config = vec![
            ("cleanup.policy", plan.cleanup.as_str().to_owned()),
            ("retention.ms", plan.retention_ms().to_string()),
        ];
        if replication > 2 {
            // What one broker alone has stored is not confirmed, and one that lacks it never leads.
            config.push(("min.insync.replicas", "2".to_owned()));
            config.push(("unclean.leader.election.enable", "false".to_owned()));
        }
        Self {
            name: plan.name.to_owned(),
            partitions: plan.partitions,
            replication,
            config: config.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        }
    }
}

/// The result for one topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicOutcome {
    /// Topic name.
    pub name: String,
    /// Whether it was created, was there, or differs from the plan.
    pub state: TopicState,
}

/// The state of a topic after [`ensure`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TopicState {
    /// It was created now.
    Created,
    /// It was there and is as planned, as far as the broker answers.
    Present,
    /// It was there and differs from the plan; it is left as it is.
    Differs(Vec<Difference>),
}

/// One setting that is not as planned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// `partitions`, or the name of a topic configuration.
    pub setting: String,
    /// What the plan says.
    pub planned: String,
    /// What the broker says.
    pub found: String,
}

/// Waits until a broker answers, and gives its topics with their numbers of partitions. Blocks the
/// thread.
///
/// # Errors
/// [`Failure::Retry`] when none does within `timeout`, [`Failure::Fatal`] when the settings are
/// refused.
pub fn present(
    settings: &KafkaSettings,
    timeout: Duration,
) -> Result<Vec<(String, usize)>, Failure> {
    let metadata = metadata(&observer(settings)?, settings, timeout)?;
    let topics = metadata.topics().iter();
    Ok(topics.map(|topic| (topic.name().to_owned(), topic.partitions().len())).collect())
}

fn asking(settings: &KafkaSettings) -> String {
    format!("asking {} for its topics", settings.bootstrap())
}

fn observer(settings: &KafkaSettings) -> Result<BaseConsumer<Connection>, Failure> {
    settings
        .finish(settings.client())
        .create_with_context(Connection::default())
        .map_err(|error| Failure::of(asking(settings), &error))
}

fn metadata(
    client: &BaseConsumer<Connection>,
    settings: &KafkaSettings,
    timeout: Duration,
) -> Result<Metadata, Failure> {
    client.fetch_metadata(None, timeout).map_err(|error| Failure::of(asking(settings), &error))
}

/// Creates the topics that are missing and compares the others with the plan, in the order given.
/// Blocks the thread.
///
/// Nothing is ever changed about a topic that exists: more partitions would move keys, and a
/// shorter retention would delete records.
///
/// # Errors
/// [`Failure::Retry`] when no broker answers within `timeout`; [`Failure::Fatal`] when a topic is
/// refused, for instance because it asks for more replicas than there are brokers.
pub fn ensure(
    settings: &KafkaSettings,
    topics: &[TopicSpec],
    timeout: Duration,
) -> Result<Vec<TopicOutcome>, Failure> {
    // Creating a client connects in the background; asking for topics first waits for it.
    let present = present(settings, timeout)?;
    let admin: AdminClient<Connection> = settings
        .finish(settings.client())
        .create_with_context(Connection::default())
        .map_err(|error| Failure::of("creating an admin client", &error))?;
    let options =
        AdminOptions::new().operation_timeout(Some(timeout)).request_timeout(Some(timeout));
    let mut outcomes = Vec::with_capacity(topics.len());
    for spec in topics {
        let found = present.iter().find(|(name, _)| *name == spec.name);
        let state = match found {
            None if create(&admin, spec, &options)? => TopicState::Created,
            // Another process created it at the same moment; the next run compares it.
            None => TopicState::Present,
            Some((_, partitions)) => {
                compare(spec, *partitions, &configuration(&admin, spec, &options))
            }
        };
        outcomes.push(TopicOutcome { name: spec.name.clone(), state });
    }
    if outcomes.iter().any(|topic| topic.state == TopicState::Created) {
        await_leaders(settings, topics, timeout)?;
    }
    Ok(outcomes)
}

/// Waits until each partition has a leader: a new topic can be used only then.
fn await_leaders(
    settings: &KafkaSettings,
    topics: &[TopicSpec],
    timeout: Duration,
) -> Result<(), Failure> {
    const PAUSE: Duration = Duration::from_millis(20);
    let client = observer(settings)?;
    let started = Instant::now();
    loop {
        let known = metadata(&client, settings, timeout)?;
        let is_led = |name: &str| {
            let topic = known.topics().iter().find(|topic| topic.name() == name);
            topic.is_some_and(|topic| {
                let partitions = topic.partitions();
                !partitions.is_empty() && partitions.iter().all(|one| one.leader() >= 0)
            })
        };
        let Some(spec) = topics.iter().find(|spec| !is_led(&spec.name)) else {
            return Ok(());
        };
        if started.elapsed() >= timeout {
            let reason = format!("no leader within {timeout:?}");
            let context = format!("creating topic {}", spec.name);
            return Err(Failure::retry(context, reason, Cause::Transport));
        }
        std::thread::park_timeout(PAUSE);
    }
}

/// Whether the topic was created; false when it is there already.
fn create(
    admin: &AdminClient<Connection>,
    spec: &TopicSpec,
    options: &AdminOptions,
) -> Result<bool, Failure> {
    let context = || format!("creating topic {}", spec.name);
    let new = spec.config.iter().fold(
        NewTopic::new(&spec.name, spec.partitions, TopicReplication::Fixed(spec.replication)),
        |topic, (name, value)| topic.set(name, value),
    );
    let results = block_on(admin.create_topics([&new], options))
        .map_err(|error| Failure::of(context(), &error))?;
    match results.into_iter().next() {
        Some(Ok(_)) => Ok(true),
        Some(Err((_, Code::TopicAlreadyExists))) => Ok(false),
        Some(Err((
            _,
            code @ (Code::RequestTimedOut | Code::OperationTimedOut | Code::NotController),
        ))) => Err(Failure::retry(context(), code.to_string(), Cause::Transport)),
        Some(Err((_, code))) => Err(Failure::fatal(context(), code.to_string(), Cause::Settings)),
        None => Err(Failure::retry(context(), "the broker said nothing about it", Cause::Other)),
    }
}

/// The topic's configuration as the broker reports it; some brokers report none.
fn configuration(
    admin: &AdminClient<Connection>,
    spec: &TopicSpec,
    options: &AdminOptions,
) -> Vec<(String, Option<String>)> {
    let described =
        block_on(admin.describe_configs(&[ResourceSpecifier::Topic(&spec.name)], options));
    match described.map(|resources| resources.into_iter().next()) {
        Ok(Some(Ok(resource))) => {
            resource.entries.into_iter().map(|entry| (entry.name, entry.value)).collect()
        }
        Ok(Some(Err(code))) => {
            tracing::debug!(target: "kafka", topic = spec.name, "no configuration: {code}");
            Vec::new()
        }
        Ok(None) => Vec::new(),
        Err(error) => {
            tracing::debug!(target: "kafka", topic = spec.name, "no configuration: {error}");
            Vec::new()
        }
    }
}

fn compare(spec: &TopicSpec, partitions: usize, config: &[(String, Option<String>)]) -> TopicState {
    let found = |name: &str| {
        let entry = config.iter().find(|(known, _)| known == name);
        entry.and_then(|(_, value)| value.clone())
    };
    let partitions = ("partitions", spec.partitions.to_string(), Some(partitions.to_string()));
    let settings =
        spec.config.iter().map(|(name, planned)| (&**name, planned.clone(), found(name)));
    let all = std::iter::once(partitions).chain(settings);
    let differences: Vec<Difference> = all
        .filter_map(|(setting, planned, found)| {
            let found = found.filter(|found| *found != planned)?;
            Some(Difference { setting: setting.to_owned(), planned, found })
        })
        .collect();
    if differences.is_empty() { TopicState::Present } else { TopicState::Differs(differences) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec() -> TopicSpec {
        TopicSpec {
            name: "reviews".into(),
            partitions: 12,
            replication: 1,
            config: vec![("retention.ms".into(), "-1".into())],
        }
    }

    #[test]
    fn a_topic_differs_where_the_broker_says_so() {
        let config = |value: &str| vec![("retention.ms".to_owned(), Some(value.to_owned()))];
        assert_eq!(compare(&spec(), 12, &config("-1")), TopicState::Present);
        assert_eq!(compare(&spec(), 12, &[]), TopicState::Present);
        let TopicState::Differs(differences) = compare(&spec(), 6, &config("1000")) else {
            panic!("6 partitions and a retention of 1 s are not the plan");
        };
        let seen: Vec<_> =
            differences.iter().map(|d| (&*d.setting, &*d.planned, &*d.found)).collect();
        assert_eq!(seen, [("partitions", "12", "6"), ("retention.ms", "-1", "1000")]);
    }

    #[test]
    fn a_plan_becomes_topic_configuration() {
        let plan = verdict_messages::topic::catalogue();
        let plan = plan.into_iter().find(|plan| plan.name == "reviews").unwrap();
        let spec = TopicSpec::planned(&plan, 3);
        assert_eq!((spec.name.as_str(), spec.partitions, spec.replication), ("reviews", 12, 3));
        let expected = [
            ("cleanup.policy", "delete"),
            ("retention.ms", "-1"),
            ("min.insync.replicas", "2"),
            ("unclean.leader.election.enable", "false"),
        ];
        assert_eq!(spec.config, expected.map(|(n, v)| (n.to_owned(), v.to_owned())));
        assert_eq!(TopicSpec::planned(&plan, 1).config.len(), 2, "one broker is not asked for two");
    }
}
