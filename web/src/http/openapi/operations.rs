//! Paths, parameters and answers.

mod inference;
mod timeline;

use serde_json::{Map, Value, json};
use verdict_messages::{Decision, ModelRef, Position, Sentiment, TermContribution, Verdict};

use super::kinds::kinds;
use crate::http::shapes::{ID, TEXT};
use crate::problems::HttpProblem;

const JSON: &str = "application/json";
const LINES: &str = "application/x-ndjson";
const PLAIN: &str = "text/plain";

/// An answer of each kind of problem, under its name.
pub(super) fn problems() -> Map<String, Value> {
    let answer = |(name, meaning, problem): (&str, &str, HttpProblem)| {
        let mut headers = Map::new();
        if problem.retry_after.is_some() {
            headers.extend(retry_after());
        }
        if problem.location.is_some() {
            headers.extend(location());
        }
        let content =
            content("application/problem+json", reference("Problem"), json!(*problem.problem));
        (name.to_owned(), json!({ "description": meaning, "headers": headers, "content": content }))
    };
    kinds().into_iter().map(answer).collect()
}

/// These kinds of problems, as answers of an operation.
fn refused(names: &[&str]) -> Map<String, Value> {
    let kinds = kinds();
    let named = kinds.iter().filter(|(name, _, _)| names.contains(name));
    named
        .map(|(name, _, problem)| {
            let reference = format!("#/components/responses/{name}");
            (problem.problem.status.to_string(), json!({ "$ref": reference }))
        })
        .collect()
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn content(media: &str, schema: Value, example: Value) -> Value {
    json!({ media: { "schema": schema, "example": example } })
}

fn location() -> Map<String, Value> {
    let header = json!({
        "description": "Where the verdict will be.",
        "schema": { "type": "string", "format": "uri-reference" },
    });
    Map::from_iter([("Location".to_owned(), header)])
}

fn retry_after() -> Map<String, Value> {
    let header = json!({
        "description": "Seconds after which to try again.",
        "schema": { "type": "integer", "minimum": 1 },
    });
    Map::from_iter([("Retry-After".to_owned(), header)])
}

fn later() -> Map<String, Value> {
    location().into_iter().chain(retry_after()).collect()
}

/// An answer with its status.
fn answer(
    status: u16,
    meaning: &str,
    media: &str,
    schema: Value,
    example: Value,
) -> Map<String, Value> {
    let answer = json!({ "description": meaning, "content": content(media, schema, example) });
    Map::from_iter([(status.to_string(), answer)])
}

fn all(answers: impl IntoIterator<Item = Map<String, Value>>) -> Value {
    answers.into_iter().flatten().collect()
}

fn body(contents: &[(&str, Value, Value)]) -> Value {
    let contents = contents.iter().map(|(media, schema, example)| {
        ((*media).to_owned(), json!({ "schema": schema, "example": example }))
    });
    json!({ "required": true, "content": contents.collect::<Map<_, _>>() })
}

fn parameter(place: &str, name: &str, meaning: &str, schema: Value) -> Value {
    let mut parameter =
        json!({ "name": name, "in": place, "description": meaning, "schema": schema });
    if let (true, Some(members)) = (place == "path", parameter.as_object_mut()) {
        members.insert("required".to_owned(), json!(true));
    }
    parameter
}

/// The id in a path.
fn id() -> Value {
    let schema = json!({ "type": "string", "maxLength": 512, "pattern": ID });
    parameter("path", "id", "The review's id, percent-encoded.", schema)
}

/// When the review was sent.
fn since() -> Value {
    parameter(
        "query",
        "since",
        "When the review was sent, in milliseconds since 1970, or a little earlier; in the Location of reviews whose id does not have its time. Without it only the last ones are looked through.",
        json!({ "type": "integer", "format": "int64" }),
    )
}

fn string() -> Value {
    json!({ "type": "string" })
}

/// A verdict, for the examples.
fn verdict() -> Verdict<'static> {
    let term = |term: &'static str, weight| TermContribution { term: term.into(), weight };
    Verdict {
        id: "r1".into(),
        label: Sentiment::Positive,
        probability: 0.973,
        score: 3.585,
        model: ModelRef { name: "default".into(), version: "1".into(), sha256: "9f86d081".into() },
        explanation: Some(vec![term("wonderful", 2.25), term("dull", -0.5)]),
        intercept: Some(0.125),
        rest: Some(1.71),
        decision: Some(Decision::Positive),
        known_terms: Some(3),
        source: Position::new("reviews", 3, 41),
        read_at: Some("2026-01-02T03:04:04.990Z".into()),
        scored_at: "2026-01-02T03:04:05.000Z".into(),
    }
}

const TOKEN: &str = "6cf0a1c7d1b54fbc9d3f5e0a7b2c8e41";

fn with_token(verdict: &Value) -> Value {
    let mut answered = verdict.clone();
    if let Some(members) = answered.as_object_mut() {
        members.insert("label_token".to_owned(), json!(TOKEN));
    }
    answered
}

/// Every path.
pub(super) fn paths() -> Map<String, Value> {
    let mut paths = reviews();
    paths.extend(inference::paths());
    paths.extend(operation());
    paths
}

fn reviews() -> Map<String, Value> {
    let long = json!(verdict());
    let short = json!(Verdict { explanation: None, intercept: None, rest: None, ..verdict() });
    let review = json!({ "id": "r1", "text": "A wonderful film with a dull end." });
    let accepted = |meaning: &str| {
        answer(
            202,
            meaning,
            JSON,
            reference("Stored"),
            json!({ "review_id": "r1", "accepted": true, "location": "/api/v1/reviews/r1" }),
        )
    };
    let accepted = |meaning: &str| {
        let mut accepted = accepted(meaning);
        if let Some(answer) = accepted.get_mut("202").and_then(Value::as_object_mut) {
            answer.insert("headers".to_owned(), json!(later()));
        }
        accepted
    };
    let ask = json!({ "post": {
        "operationId": "ask",
        "tags": ["reviews"],
        "summary": "Send a review and have its verdict",
        "description": "The review is published to Kafka, and its verdict awaited. It becomes part of the log that models are trained from.",
        "parameters": [
            parameter("header", "Prefer", "`wait=N` waits at most N seconds for the verdict, and answers 202 then if that is less than usual; `respond-async`, or `wait=0`, answers 202 as soon as the review is stored.", string()),
            parameter("header", "Idempotency-Key", "A request with the key and the body of an earlier one is the same review: it is stored once, and has the same answer.", json!({ "type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$" })),
            parameter("header", "traceparent", "W3C Trace Context, which the records carry on.", string()),
        ],
        "requestBody": body(&[
            (JSON, reference("Review"), review),
            (PLAIN, json!({ "type": "string", "pattern": TEXT }), json!("A wonderful film with a dull end.")),
        ]),
        "responses": all([
            answer(200, "The verdict.", JSON, reference("Answered"), with_token(&long)),
            accepted("The review is stored; its verdict will be at Location."),
            refused(&["BadRequest", "CrossSite", "KeyReused", "NotAcceptable", "TooSlow", "TooLarge", "MediaType", "NotAReview", "TooMany", "Defect", "Away", "Late"]),
        ]),
    }});
    let batch = json!({ "post": {
        "operationId": "askMany",
        "tags": ["reviews"],
        "summary": "Send many reviews as JSON lines",
        "description": "Each line that is not blank is a review as above, and has one line of the answer: its verdict, or a problem. The answers stand in the order of the lines, and come while the request is still sent.",
        "requestBody": body(&[(LINES, string(), json!("{\"id\": \"r1\", \"text\": \"A wonderful film.\"}\n"))]),
        "responses": all([
            answer(200, "A verdict or a problem for each line.", LINES, string(), json!(format!("{}\n", with_token(&short)))),
            refused(&["BadRequest", "CrossSite", "NotAcceptable", "MediaType", "TooMany"]),
        ]),
    }});
    let fetch = json!({ "get": {
        "operationId": "verdict",
        "tags": ["reviews"],
        "summary": "The verdict on a review",
        "description": "From the topics, so on any instance and for as long as they keep it. It has no explanation when it was read from there.",
        "parameters": [id(), since()],
        "responses": all([
            answer(200, "The verdict.", JSON, reference("Verdict"), long),
            accepted("The review is not scored yet, or (accepted: unknown) more has to be searched: ask again."),
            refused(&["BadRequest", "NotFound", "NotAcceptable", "Gone", "TooLarge", "NotAReview", "TooMany", "Defect", "Away"]),
        ]),
    }});
    let label = json!({ "post": {
        "operationId": "label",
        "tags": ["labels"],
        "summary": "Say what a review really is",
        "description": "The next model learns from it. The last label of a review counts. Who sent the review may label it, by the label_token of the answer; and operators, by `Authorization: Bearer`. The label has the source `user`, or the operator's name.",
        "parameters": [id()],
        "requestBody": body(&[(JSON, reference("NewLabel"), json!({ "label": "positive", "label_token": TOKEN }))]),
        "responses": all([
            answer(202, "The label is stored.", JSON, reference("Labelled"), json!({ "review_id": "r1", "label": "positive", "accepted": true })),
            refused(&["BadRequest", "NoToken", "WrongToken", "NotAcceptable", "TooSlow", "TooLarge", "MediaType", "NotALabel", "TooMany", "Away"]),
        ]),
    }});
    let part = || json!({ "type": "number", "minimum": 0, "maximum": 1 });
    let feed = json!({ "get": {
        "operationId": "verdicts",
        "tags": ["reviews"],
        "summary": "The verdicts as they come",
        "description": "Server-sent events without end. `verdict`: a verdict without its explanation; the event's id is its place in the topic, `partition-offset`. `gap`: not all is known any more of what came after `Last-Event-ID`. `cut`: this reader is too slow and missed so many; the connection ends. A comment comes every 15 s.",
        "parameters": [
            parameter("header", "Last-Event-ID", "Goes on behind this event.", string()),
            parameter("query", "label", "Only verdicts with this label.", json!({ "type": "string", "enum": ["positive", "negative"] })),
            parameter("query", "above", "Only verdicts with a probability above this.", part()),
            parameter("query", "below", "Only verdicts with a probability below this.", part()),
            parameter("query", "model", "Only verdicts by this version of the model.", string()),
            parameter("query", "recent", "So many verdicts of before come first.", json!({ "type": "integer", "minimum": 0, "maximum": 1000 })),
        ],
        "responses": all([
            answer(200, "The events.", "text/event-stream", string(), json!(format!("id: 3-41\nevent: verdict\ndata: {short}\n\n"))),
            refused(&["BadRequest", "NotAcceptable", "Away"]),
        ]),
    }});
    Map::from_iter([
        ("/api/v1/reviews".to_owned(), ask),
        ("/api/v1/reviews:batch".to_owned(), batch),
        ("/api/v1/reviews/{id}".to_owned(), fetch),
        ("/api/v1/reviews/{id}/label".to_owned(), label),
        ("/api/v1/reviews/{id}/timeline".to_owned(), timeline::path()),
        ("/api/v1/verdicts".to_owned(), feed),
    ])
}

fn operation() -> Map<String, Value> {
    let page = |id: &str, summary: &str, answers: &[(u16, &str, &str)]| {
        let answers = answers.iter().map(|(status, meaning, example)| {
            answer(*status, meaning, PLAIN, string(), json!(example))
        });
        json!({ "get": {
            "operationId": id, "tags": ["operation"], "summary": summary, "responses": all(answers),
        }})
    };
    Map::from_iter([
        (
            "/healthz".to_owned(),
            page(
                "healthz",
                "Whether the server runs",
                &[(200, "It does.", "alive\n"), (503, "It does not.", "not alive\n")],
            ),
        ),
        (
            "/readyz".to_owned(),
            page(
                "readyz",
                "Whether reviews can be answered, and what is missing",
                &[
                    (200, "They can.", "ready\n"),
                    (503, "They cannot.", "not ready\nkafka: no broker is connected\n"),
                ],
            ),
        ),
        (
            "/metrics".to_owned(),
            page(
                "metrics",
                "Metrics in Prometheus' text format",
                &[(200, "The metrics.", "verdict_web_pending 0\n")],
            ),
        ),
    ])
}
