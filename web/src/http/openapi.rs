//! The interface for programs as OpenAPI 3.1, made from the types and the problems that it answers
//! with, so that it cannot say what they do not.

mod kinds;
mod operations;

use std::sync::OnceLock;

use askama::Template as _;
use bytes::Bytes;
use http::StatusCode;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};
use verdict_messages::{Problem, Verdict};

use super::{
    inference::{Infer, Inferred},
    labels::NewLabelBody,
    response::{Labelled, Responder, Response, Stored, respond},
    shapes::{Answered, AskedReview, InferenceError},
};
use crate::{ask::AskError, page::Docs, timeline::Timeline};

/// `GET /openapi.json`.
pub(super) fn openapi() -> Response {
    static DOCUMENT: OnceLock<Bytes> = OnceLock::new();
    let document = DOCUMENT.get_or_init(|| document().to_string().into());
    respond(StatusCode::OK, "application/json", document.clone())
}

/// `GET /docs`: the same as a page.
pub(super) fn page() -> Response {
    static PAGE: OnceLock<Result<Bytes, String>> = OnceLock::new();
    let page = PAGE.get_or_init(|| {
        let page = Docs::new(&document()).render();
        page.map(Bytes::from).map_err(|error| error.to_string())
    });
    match page.clone() {
        Ok(html) => respond(StatusCode::OK, "text/html; charset=utf-8", html),
        Err(error) => Responder::JSON.problem(&AskError::Internal(error).into()),
    }
}

/// The document.
pub(super) fn document() -> Value {
    json!({
        "openapi": "3.1.1",
        "info": {
            "title": "Verdict",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Says whether a review is positive or negative, how sure it is, and which words decided it. Every review becomes part of a log in Kafka, and verdicts come from there. Problems are those of RFC 9457.",
            "license": { "name": "MIT or Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "tags": [
            { "name": "reviews", "description": "Reviews and their verdicts" },
            { "name": "labels", "description": "What people say a review is" },
            { "name": "inference", "description": "The Open Inference Protocol, version 2, as KServe, MLServer and Triton speak it" },
            { "name": "operation", "description": "For those who run it" },
        ],
        "paths": operations::paths(),
        "components": { "schemas": schemas(), "responses": operations::problems() },
    })
}

/// The schema of each type, under its name.
fn schemas() -> Map<String, Value> {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut types = settings.into_generator();
    types.subschema_for::<AskedReview>();
    types.subschema_for::<Verdict<'_>>();
    types.subschema_for::<Answered<'_>>();
    types.subschema_for::<Problem>();
    types.subschema_for::<Stored>();
    types.subschema_for::<Timeline>();
    types.subschema_for::<NewLabelBody>();
    types.subschema_for::<Labelled>();
    types.subschema_for::<Infer>();
    types.subschema_for::<Inferred>();
    types.subschema_for::<InferenceError>();
    let mut schemas = types.take_definitions(true);
    schemas.values_mut().for_each(as_enum);
    schemas
}

/// A choice of constants, each with its meaning, as an `enum`: makers of clients know no other.
fn as_enum(schema: &mut Value) {
    let constant = |choice: &Value| choice.get("const").cloned();
    let choices = schema.get("oneOf").and_then(Value::as_array);
    let constants = choices.and_then(|choices| choices.iter().map(constant).collect());
    if let (Some(constants), Some(schema)) = (constants, schema.as_object_mut()) {
        schema.remove("oneOf");
        schema.insert("type".to_owned(), json!("string"));
        schema.insert("enum".to_owned(), Value::Array(constants));
    }
}

#[cfg(test)]
mod tests {
    use super::{super::routes::is_route, *};

    /// Every `$ref` in `value`.
    fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(members) => {
                found.extend(members.get("$ref").and_then(Value::as_str));
                members.values().for_each(|member| references(member, found));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }

    #[test]
    fn every_reference_leads_somewhere_and_every_path_is_a_route() {
        let document = document();
        let twice = document["components"]["schemas"].as_object().expect("schemas").keys();
        assert!(twice.clone().all(|name| !name.ends_with('2')), "two types of one name: {twice:?}");
        let mut found = Vec::new();
        references(&document, &mut found);
        assert!(found.len() > 50, "{found:?}");
        for reference in found {
            let pointer = reference.strip_prefix('#').expect("of this document");
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
        for (path, methods) in document["paths"].as_object().expect("paths") {
            let concrete = path.replace("{id}", "r1").replace("{name}", "verdict");
            for method in methods.as_object().expect("methods").keys() {
                assert!(is_route(&method.to_uppercase(), &concrete), "{method} {path}");
            }
        }
    }

    #[test]
    fn the_page_shows_every_operation_with_its_answers() {
        let page = String::from_utf8(page().into_body().to_vec()).expect("UTF-8");
        for (path, methods) in document()["paths"].as_object().expect("paths") {
            for operation in methods.as_object().expect("methods").values() {
                let id = operation["operationId"].as_str().expect("an id");
                assert!(page.contains(&format!("<h2 id=\"{id}\">")), "{id} {path}");
            }
        }
        for part in ["<code>504</code>", "wait=N", "\n  &quot;label&quot;: &quot;positive&quot;"] {
            assert!(page.contains(part), "{part}");
        }
    }

    #[test]
    fn every_answer_has_an_example_or_is_a_page() {
        let document = document();
        let responses = document["paths"].as_object().expect("paths").values();
        let responses = responses.flat_map(|path| path.as_object().expect("methods").values());
        for operation in responses {
            for (status, response) in operation["responses"].as_object().expect("responses") {
                let response = match response["$ref"].as_str() {
                    Some(reference) => document.pointer(&reference[1..]).expect("a response"),
                    None => response,
                };
                for (media, content) in response["content"].as_object().expect("content") {
                    assert!(content.get("example").is_some(), "{status} {media} {operation}");
                }
            }
        }
    }
}
