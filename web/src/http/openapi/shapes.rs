//! Schemas of what is read by hand.

use schemars::JsonSchema;

/// A review as a request has it. Other members are ignored.
#[derive(Debug, JsonSchema)]
#[schemars(rename = "Review")]
#[expect(dead_code, reason = "the shape of what Review::from_body reads")]
pub(super) struct AskedReview {
    /// What the reviewer wrote; not blank, without NUL.
    #[schemars(length(min = 1))]
    text: String,
    /// The review's id; without one it gets a random one.
    id: Option<Id>,
    /// Who wrote it.
    author: Option<String>,
    /// Where it comes from: a site, a data set.
    source: Option<String>,
    /// When it was written, RFC 3339.
    created_at: Option<String>,
}

/// An id: of a number it is the text.
#[derive(Debug, JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "a shape")]
enum Id {
    Text(#[schemars(length(min = 1, max = 512))] String),
    Number(f64),
}

/// An error as the Open Inference Protocol has it.
#[derive(Debug, JsonSchema)]
#[expect(dead_code, reason = "a shape")]
pub(super) struct InferenceError {
    /// What is wrong.
    error: String,
}
