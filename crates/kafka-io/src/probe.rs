//! Asks the broker itself whether it keeps transactions, instead of believing its version.

use std::{
    thread,
    time::{Duration, Instant},
};

use rdkafka::{
    Message as _,
    consumer::{BaseConsumer, Consumer as _},
    metadata::MetadataTopic,
};
use verdict_messages::{Headers, topic::PROBES};

use crate::{
    Cause, Connection, Failure, KafkaSettings, Outgoing, Settled, TransactionalPublisher,
    partitions::{assign, ranges, reader},
};

const CONTEXT: &str = "probing transactions";
/// Longest wait for one answer of the broker.
const WITHIN: Duration = Duration::from_secs(5);

/// Aborts one transaction and commits another on the topic of probes, and reads them as readers do:
/// what is aborted must not be seen. `publisher` has no transaction open, before and after; `name`
/// tells its records from those of others. Returns the topics that only one of several brokers
/// holds: its loss is theirs.
///
/// # Errors
/// [`Failure::Retry`] when the broker does not answer; otherwise why it does not keep transactions.
/// In both cases the publisher must be replaced.
pub fn probe(
    settings: &KafkaSettings,
    publisher: &TransactionalPublisher,
    name: &str,
) -> Result<Vec<String>, Failure> {
    let group = "verdict-probe";
    // A fetch that began before the commit would wait for its time to be up.
    let at_once = [("fetch.wait.max.ms", "10")];
    let reader = reader(settings, group, &at_once, Connection::default(), CONTEXT)?;
    let range = ranges(&reader, PROBES, WITHIN)?.into_iter().find(|range| range.partition == 0);
    let end = range.map_or(0, |range| range.to);
    for is_committed in [false, true] {
        publisher.begin()?;
        publisher.send(&record(name, is_committed))?;
        publisher.wait_delivered(WITHIN)?;
        let ended =
            if is_committed { publisher.commit(WITHIN)? } else { publisher.abort(WITHIN)? };
        if ended == Settled::Unknown {
            return Err(Failure::retry(CONTEXT, "no answer came", Cause::Transport));
        }
    }
    assign(&reader, PROBES, [(0, end)]).map_err(|error| Failure::of(CONTEXT, &error))?;
    read(&reader, name)?;
    let known =
        reader.fetch_metadata(None, WITHIN).map_err(|error| Failure::of(CONTEXT, &error))?;
    let is_on_one = |topic: &&MetadataTopic| {
        topic.partitions().iter().any(|partition| partition.replicas().len() == 1)
    };
    let topics = known.topics().iter().filter(|_| known.brokers().len() > 1).filter(is_on_one);
    let topics = topics.map(|topic| topic.name().to_owned()).collect();
    // Closing it takes the client a tenth of a second.
    thread::spawn(move || drop(reader));
    Ok(topics)
}

fn record(name: &str, is_committed: bool) -> Outgoing {
    Outgoing {
        topic: PROBES.into(),
        partition: Some(0),
        key: Some(name.into()),
        value: Some(word(is_committed).into()),
        headers: Headers::new(),
        timestamp_ms: None,
    }
}

fn word(is_committed: bool) -> &'static str {
    if is_committed { "committed" } else { "aborted" }
}

fn read(reader: &BaseConsumer<Connection>, name: &str) -> Result<(), Failure> {
    let started = Instant::now();
    while let Some(left) = WITHIN.checked_sub(started.elapsed()) {
        let Some(message) = reader.poll(left) else { continue };
        let message = message.map_err(|error| Failure::of(CONTEXT, &error))?;
        if message.key() != Some(name.as_bytes()) {
            continue;
        }
        if message.payload() == Some(word(true).as_bytes()) {
            return Ok(());
        }
        let reason =
            "the broker shows records of an aborted transaction to readers of committed ones";
        return Err(Failure::fatal(CONTEXT, reason, Cause::Other));
    }
    let reason = format!("a committed record was not to be read within {WITHIN:?}");
    Err(Failure::retry(CONTEXT, reason, Cause::Transport))
}
