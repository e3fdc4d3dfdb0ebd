//! Schemas of what is read by hand.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use verdict_messages::Verdict;

/// An id has no control characters, and is not `.` or `..`.
pub(super) const ID: &str = "^(?!\\.{1,2}$)[^\\u0000-\\u001f\\u007f-\\u009f]+$";
/// Not blank, without NUL.
pub(super) const TEXT: &str = "^[^\\u0000]*[^\\s\\u0000][^\\u0000]*$";

/// A label in any of its forms.
pub(super) fn label(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "anyOf": [
            { "enum": ["positive", "negative"] },
            { "type": "boolean", "description": "true is positive" },
            { "enum": [0, 1], "description": "1 is positive" },
        ],
    })
}

/// A review as a request has it. Other members are ignored.
#[derive(Debug, JsonSchema)]
#[schemars(rename = "Review")]
#[expect(dead_code, reason = "the shape of what Review::from_body reads")]
pub(super) struct AskedReview {
    /// What the reviewer wrote; not blank, without NUL.
    #[schemars(regex(pattern = TEXT))]
    text: String,
    /// The review's id; without one it gets a random one.
    id: Option<Id>,
    /// Who wrote it.
    author: Option<String>,
    /// Where it comes from: a site, a data set.
    source: Option<String>,
    /// When it was written, RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    created_at: Option<String>,
}

/// An id: of a number it is the text.
#[derive(Debug, JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "a shape")]
enum Id {
    Text(#[schemars(length(max = 512), regex(pattern = ID))] String),
    Number(f64),
}

/// The answer to a review: its verdict, and what allows to label it.
#[derive(Debug, JsonSchema)]
#[expect(dead_code, reason = "the shape of a verdict with one more member")]
pub(super) struct Answered<'a> {
    #[schemars(flatten)]
    verdict: Verdict<'a>,
    /// Send it with a label of this review.
    label_token: String,
}

/// An error as the Open Inference Protocol has it.
#[derive(Debug, JsonSchema)]
#[expect(dead_code, reason = "a shape")]
pub(super) struct InferenceError {
    /// What is wrong.
    error: String,
}
