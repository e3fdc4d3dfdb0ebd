//! The topic `models`: the last record of a name points to the version that serves.
//!
//! The bytes must be durable at the pointer's URI before it is announced
//! ([`verdict_registry::save`] sees to that), so that whatever happens in between, the topic names
//! a model that is whole.

use anyhow::{Context, anyhow};
use serde_json::Value;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::time::Duration;
use verdict_kafka_io::{AsyncPublisher, KafkaSettings, Outgoing, snapshot};
use verdict_messages::cloudevents::{Event, EventType};
use verdict_messages::{ModelPointer, TrainedFrom, time};
use verdict_sentiment::Model;

/// How long Kafka may take to confirm a pointer, and to return the last one.
pub const PATIENCE: Duration = Duration::from_secs(20);
/// `ce_source` of everything the trainer writes.
const EVENT_SOURCE: &str = "/verdict/trainer";

/// The topic of model pointers, which consumers follow.
#[derive(Debug, Clone)]
pub struct ModelsTopic {
    /// How to reach Kafka.
    pub kafka: KafkaSettings,
    /// Name of the topic.
    pub topic: String,
    /// The clock, milliseconds since 1970.
    pub now_unix_ms: fn() -> i64,
}

impl ModelsTopic {
    /// Writes the pointer, keyed by its name, and waits until all replicas have it.
    ///
    /// # Errors
    /// Kafka does not confirm it within [`PATIENCE`]. Then it may stand there or not; to announce
    /// it once more does no harm.
    pub fn announce(&self, pointer: &ModelPointer) -> anyhow::Result<()> {
        let ModelPointer { name, version, .. } = pointer;
        let context = || format!("announcing {name} {version} on topic {}", self.topic);
        let outgoing = record(&self.topic, pointer, (self.now_unix_ms)()).with_context(context)?;
        let publisher = AsyncPublisher::new(&self.kafka, PATIENCE).with_context(context)?;
        // On a thread of its own: who calls this may be inside of a runtime already, where another
        // may neither block nor end.
        let publish = || {
            let runtime = tokio::runtime::Builder::new_current_thread().build();
            let runtime = runtime.context("starting a runtime")?;
            Ok(runtime.block_on(publisher.publish(outgoing)).map(drop)?)
        };
        let confirmed: anyhow::Result<()> = std::thread::scope(|scope| scope.spawn(publish).join())
            .unwrap_or_else(|_| Err(anyhow!("the publisher ended")));
        confirmed.with_context(context)
    }

    /// The pointer that serves under `name` now: the last record of that key, or `None` when there
    /// is none or it was removed.
    ///
    /// # Errors
    /// Kafka cannot be read, there is no such topic, or the last record is not a pointer.
    pub fn last(&self, name: &str) -> anyhow::Result<Option<ModelPointer>> {
        let reading = || format!("reading the last version of {name}");
        let mut last = None;
        snapshot::read(&self.kafka, &self.topic, PATIENCE, |record, _| {
            if record.key.as_deref() == Some(name.as_bytes()) {
                last = Some((record.position(), record.value));
            }
            ControlFlow::Continue(())
        })
        .with_context(reading)?;
        let Some((position, Some(value))) = last else { return Ok(None) };
        let pointer = ModelPointer::decode(&value);
        pointer.map(Some).with_context(|| format!("{}, at {position}", reading()))
    }
}

/// The record of a pointer. Its event's id is that of the version, so that announcing a version
/// twice is one event; to go back to it is another.
fn record(topic: &str, pointer: &ModelPointer, now_unix_ms: i64) -> anyhow::Result<Outgoing> {
    let mut id = format!("{}-{}-{}", pointer.name, pointer.version, pointer.sha256);
    if let Some(newest) = &pointer.withdraws {
        id.push_str("-withdraws-");
        id.push_str(newest);
    }
    let event = Event {
        id,
        source: EVENT_SOURCE.into(),
        event_type: EventType::ModelPublished,
        time: time::rfc3339(now_unix_ms).into(),
        content_type: "application/json",
    };
    Ok(Outgoing::to(topic)
        .key(pointer.name.as_str())
        .value(pointer.encode()?)
        .headers(event.headers()))
}

/// The pointer to `model`, whose file has `bytes` bytes; where that is, the caller adds.
///
/// What the model says of itself goes along: the out-of-fold metrics, and the hash of the data it
/// was trained on. Models carry no time, or the same data would not give the same bytes;
/// `now_unix_ms` (milliseconds since 1970) stands for it.
///
/// # Errors
/// The model does not say what it was trained on.
pub fn pointer(
    model: &Model,
    bytes: u64,
    version: String,
    now_unix_ms: i64,
) -> anyhow::Result<ModelPointer> {
    let identity = model.identity();
    let about = &model.parts().about;
    let data = about.pointer("/data/sha256").and_then(Value::as_str);
    let data = data.ok_or_else(|| {
        anyhow!(
            "model {} does not say which data it was trained on (data.sha256 in what `trainer inspect` shows)",
            identity.name
        )
    })?;
    Ok(ModelPointer {
        name: identity.name.clone(),
        version,
        uri: String::new(),
        sha256: identity.sha256.clone(),
        bytes,
        metrics: numbers(about.pointer("/metrics/out_of_fold")),
        trained_at: time::rfc3339(now_unix_ms),
        trained_from: TrainedFrom::Data { sha256: data.to_owned() },
        withdraws: None,
    })
}

/// The metrics of an object that are numbers, by their names.
pub(crate) fn numbers(measured: Option<&Value>) -> BTreeMap<String, f64> {
    let members = measured.and_then(Value::as_object).into_iter().flatten();
    members.filter_map(|(name, value)| Some((name.clone(), value.as_f64()?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn last(version: &str) -> ModelPointer {
        ModelPointer {
            name: "sentiment".into(),
            version: version.into(),
            uri: "m".into(),
            sha256: "cd".into(),
            bytes: 9,
            metrics: BTreeMap::new(),
            trained_at: String::new(),
            trained_from: TrainedFrom::Data { sha256: String::new() },
            withdraws: None,
        }
    }

    #[test]
    fn a_pointer_is_an_event_under_its_name() {
        let record = record("models", &last("7"), 1_700_000_000_042).unwrap();
        assert_eq!(record.key.as_deref(), Some(&b"sentiment"[..]));
        assert_eq!(ModelPointer::decode(record.value.as_deref().unwrap()).unwrap(), last("7"));
        let header = |name| record.headers.text(name);
        assert_eq!(header("ce_type"), Some("dev.verdict.model.published.v1"));
        assert_eq!(header("ce_source"), Some("/verdict/trainer"));
        assert_eq!(header("ce_id"), Some("sentiment-7-cd"));
        assert_eq!(header("ce_time"), Some("2023-11-14T22:13:20.042Z"));
        assert_eq!(header("content-type"), Some("application/json"));
        let back = last("5").withdrawing(&last("7"));
        let back = super::record("models", &back, 0).unwrap();
        assert_eq!(back.headers.text("ce_id"), Some("sentiment-5-cd-withdraws-7"));
    }

    #[test]
    fn metrics_are_the_numbers_among_what_was_measured() {
        let measured = serde_json::json!({"accuracy": 0.9, "n": 100, "note": "x", "auc": null});
        let expected = BTreeMap::from([("accuracy".to_owned(), 0.9), ("n".to_owned(), 100.0)]);
        assert_eq!(numbers(Some(&measured)), expected);
        assert_eq!(numbers(Some(&Value::Null)), BTreeMap::new());
    }
}
