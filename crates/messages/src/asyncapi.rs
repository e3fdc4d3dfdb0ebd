//! The topics, their records and headers as AsyncAPI 3.1, made from the same types as everything
//! else. `docs/asyncapi.yaml` is compared with it by a test.

use serde_json::{Map, Value, json};

use crate::{
    headers::{self, DESCRIBED},
    topic::{self, TopicPlan, catalogue},
};

const SUBMITTED: &[&str] = &[
    headers::CONTENT_TYPE,
    headers::SPRING_CORRELATION_ID,
    headers::SPRING_REPLY_TOPIC,
    headers::SPRING_REPLY_PARTITION,
    headers::SMALLRYE_CORRELATION_ID,
    headers::SMALLRYE_REPLY_TOPIC,
    headers::SMALLRYE_REPLY_PARTITION,
    headers::DEADLINE_UNIX_MS,
    headers::REDRIVEN,
    headers::REDRIVEN_FROM,
    headers::REDRIVEN_REVIEW,
];
const SCORED: &[&str] = &[headers::CONTENT_TYPE, headers::CE_CAUSATION_ID];
const REPLIED: &[&str] = &[
    headers::CONTENT_TYPE,
    headers::SPRING_CORRELATION_ID,
    headers::SMALLRYE_CORRELATION_ID,
    headers::NEST_IS_DISPOSED,
    headers::NEST_ERR,
];
const FAILED: &[&str] = &[
    headers::DLQ_TOPIC,
    headers::DLQ_PARTITION,
    headers::DLQ_OFFSET,
    headers::DLQ_GROUP,
    headers::DLQ_KIND,
    headers::DLQ_MESSAGE,
    headers::DLQ_TIME,
    headers::VALUE_LEFT_OUT,
];
/// What every record of Verdict has.
const ALWAYS: &[&str] = &[
    headers::CE_SPECVERSION,
    headers::CE_ID,
    headers::CE_SOURCE,
    headers::CE_TYPE,
    headers::CE_TIME,
    headers::TRACEPARENT,
    headers::TRACESTATE,
];

/// A topic with its record: its name, meaning, headers, and the files of the schemas of its value.
type Channel =
    (&'static str, &'static str, &'static str, &'static [&'static str], &'static [&'static str]);

const CHANNELS: [Channel; 7] = [
    (
        topic::REVIEWS,
        "review",
        "A review to score, keyed by its id. JSON, plain text, a CloudEvent or Confluent's framing.",
        SUBMITTED,
        &["review"],
    ),
    (
        topic::VERDICTS,
        "verdict",
        "The verdict on a review, in the review's partition, keyed by its id.",
        SCORED,
        &["verdict"],
    ),
    (
        topic::REPLIES,
        "reply",
        "The answer to who asked for one: a verdict or a problem.",
        REPLIED,
        &["verdict", "problem"],
    ),
    (
        topic::LABELS,
        "label",
        "What somebody says a review is, keyed by the review's id. The last one counts.",
        &[headers::CONTENT_TYPE],
        &["label"],
    ),
    (
        topic::DEAD_LETTERS,
        "deadLetter",
        "A record that could not be scored: its bytes and headers, and why.",
        FAILED,
        &[],
    ),
    (
        topic::UNSURE,
        "unsureReview",
        "A review that the model is unsure about, with its verdict, for people to label. Only where consumers have --unsure-topic.",
        SCORED,
        &["unsure_review"],
    ),
    (
        topic::MODELS,
        "modelPointer",
        "The version of a model that serves, keyed by the model's name.",
        &[headers::CONTENT_TYPE],
        &["model_pointer"],
    ),
];

/// Who does what: the operation, whether Verdict sends or receives, the topic, and its meaning.
const OPERATIONS: [(&str, &str, &str, &str); 9] = [
    ("askOverHttp", "send", topic::REVIEWS, "web and producer publish reviews."),
    ("score", "receive", topic::REVIEWS, "consumer scores each committed review."),
    (
        "judge",
        "send",
        topic::VERDICTS,
        "consumer writes a verdict, in one transaction with its position.",
    ),
    ("giveUp", "send", topic::DEAD_LETTERS, "consumer writes what it cannot score."),
    ("askPeople", "send", topic::UNSURE, "consumer hands on what it is unsure about."),
    ("reply", "send", topic::REPLIES, "consumer answers after the commit, to allowed topics only."),
    ("label", "send", topic::LABELS, "web and producer publish labels."),
    ("learn", "receive", topic::LABELS, "trainer and monitor read labels."),
    ("announceModel", "send", topic::MODELS, "trainer names the version that is to serve."),
];

/// The document. The schemas of values are those of `docs/schemas`.
pub fn document() -> Value {
    let plans = catalogue();
    let described = CHANNELS.iter().map(|channel| {
        let plan = plans.iter().find(|plan| plan.name == channel.0);
        (key(channel.0), described(channel, plan))
    });
    let messages = CHANNELS.iter().map(|channel| (channel.1.to_owned(), message(channel)));
    let operations = OPERATIONS.iter().map(|(name, action, topic, meaning)| {
        let channel = json!({ "$ref": format!("#/channels/{}", key(topic)) });
        let operation = json!({ "action": action, "channel": channel, "summary": meaning });
        ((*name).to_owned(), operation)
    });
    json!({
        "asyncapi": "3.1.0",
        "info": {
            "title": "Verdict",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Reviews in, verdicts out, over Kafka. Readers of verdicts and dead letters read committed records only (isolation.level=read_committed).",
        },
        "defaultContentType": "application/json",
        "channels": described.collect::<Map<_, _>>(),
        "operations": operations.collect::<Map<_, _>>(),
        "components": { "messages": messages.collect::<Map<_, _>>() },
    })
}

/// A topic's name as a key: dots separate names there.
fn key(topic: &str) -> String {
    topic.replace('.', "_")
}

fn described((topic, message, meaning, _, _): &Channel, plan: Option<&TopicPlan>) -> Value {
    let mut channel = json!({
        "address": topic,
        "description": meaning,
        "messages": { *message: { "$ref": format!("#/components/messages/{message}") } },
    });
    if let (Some(plan), Some(members)) = (plan, channel.as_object_mut()) {
        members.insert(
            "bindings".to_owned(),
            json!({ "kafka": {
                "topic": topic,
                "partitions": plan.partitions,
                "topicConfiguration": {
                    "cleanup.policy": [plan.cleanup.as_str()],
                    "retention.ms": plan.retention_ms(),
                },
            }}),
        );
    }
    channel
}

fn message((_, name, meaning, own, files): &Channel) -> Value {
    let known = |name: &&str| DESCRIBED.iter().find(|(known, _)| known == name);
    let headers = own.iter().chain(ALWAYS).filter_map(known);
    let headers = headers.map(|(name, meaning)| {
        ((*name).to_owned(), json!({ "type": "string", "description": meaning.trim() }))
    });
    let mut message = json!({
        "name": name,
        "summary": meaning,
        "headers": { "type": "object", "properties": headers.collect::<Map<_, _>>() },
        "bindings": { "kafka": { "key": { "type": "string" } } },
    });
    let schema = |file: &&str| json!({ "$ref": format!("./schemas/{file}.json") });
    let payload = match files {
        [] => json!({ "description": "The bytes of the record that failed." }),
        [file] => schema(file),
        files => json!({ "oneOf": files.iter().map(schema).collect::<Value>() }),
    };
    if let Some(members) = message.as_object_mut() {
        members.insert("payload".to_owned(), payload);
    }
    message
}
