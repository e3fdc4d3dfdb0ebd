//! The interface for programs as a page: what `/openapi.json` says, for people.

use askama::Template;
use serde_json::{Map, Value};

use super::at;

/// The page of a description.
#[derive(Debug, Template)]
#[template(path = "docs.html")]
pub(crate) struct Docs<'a> {
    description: &'a str,
    groups: Vec<Group<'a>>,
}

/// Operations of one purpose.
#[derive(Debug)]
struct Group<'a> {
    meaning: &'a str,
    operations: Vec<Operation<'a>>,
}

#[derive(Debug)]
struct Operation<'a> {
    id: &'a str,
    method: String,
    path: &'a str,
    summary: &'a str,
    description: &'a str,
    /// Name, where it stands, meaning.
    parameters: Vec<[&'a str; 3]>,
    /// Media type and example of the body.
    bodies: Vec<(&'a str, String)>,
    answers: Vec<Answer<'a>>,
}

#[derive(Debug)]
struct Answer<'a> {
    status: &'a str,
    meaning: &'a str,
    examples: Vec<(&'a str, String)>,
}

impl<'a> Docs<'a> {
    /// Of an OpenAPI document; what it does not have is left out.
    pub(crate) fn new(document: &'a Value) -> Self {
        let all: Vec<_> = members(at(document, "/paths"))
            .flat_map(|(path, methods)| {
                members(methods).map(move |(method, operation)| {
                    (at(operation, "/tags/0"), Operation::new(document, path, method, operation))
                })
            })
            .collect();
        let mut all: Vec<_> = all.into_iter().map(Some).collect();
        let mut group = |tag: &'a Value| Group {
            meaning: text(at(tag, "/description")),
            operations: all
                .iter_mut()
                .filter_map(|entry| entry.take_if(|(of, _)| *of == at(tag, "/name")))
                .map(|(_, operation)| operation)
                .collect(),
        };
        let tags = at(document, "/tags").as_array().map(Vec::as_slice).unwrap_or_default();
        Self {
            description: text(at(document, "/info/description")),
            groups: tags.iter().map(&mut group).collect(),
        }
    }
}

impl<'a> Operation<'a> {
    fn new(document: &'a Value, path: &'a str, method: &str, operation: &'a Value) -> Self {
        let parameters =
            at(operation, "/parameters").as_array().map(Vec::as_slice).unwrap_or_default();
        let parameter = |it: &'a Value| {
            ["name", "in", "description"].map(|name| text(it.get(name).unwrap_or(&Value::Null)))
        };
        let answer = |(status, answer): (&'a str, &'a Value)| {
            let reference = at(answer, "/$ref").as_str().and_then(|at| at.strip_prefix('#'));
            let answer = reference.and_then(|at| document.pointer(at)).unwrap_or(answer);
            Answer {
                status,
                meaning: text(at(answer, "/description")),
                examples: examples(at(answer, "/content")),
            }
        };
        Self {
            id: text(at(operation, "/operationId")),
            method: method.to_uppercase(),
            path,
            summary: text(at(operation, "/summary")),
            description: text(at(operation, "/description")),
            parameters: parameters.iter().map(parameter).collect(),
            bodies: examples(at(operation, "/requestBody/content")),
            answers: members(at(operation, "/responses")).map(answer).collect(),
        }
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn members(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter).map(|(name, value)| (name.as_str(), value))
}

fn examples(content: &Value) -> Vec<(&str, String)> {
    let shown = |example: &Value| match example {
        Value::String(text) => text.clone(),
        other => serde_json::to_string_pretty(other).unwrap_or_default(),
    };
    members(content).map(|(media, content)| (media, shown(at(content, "/example")))).collect()
}
