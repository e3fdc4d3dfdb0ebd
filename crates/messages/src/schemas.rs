//! JSON Schema 2020-12 of every message, generated from the types.
//!
//! The copies in `docs/schemas` are compared with these by a test and written by
//! `cargo run -p verdict-messages --example schemas -- docs/schemas`.

use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings};

use crate::{Label, ModelPointer, Problem, Review, UnsureReview, Verdict};

/// File name (`review.json`) and schema of each message, in the order of the contract.
pub fn all() -> [(&'static str, Schema); 6] {
    [
        ("review.json", schema::<Review<'_>>()),
        ("verdict.json", schema::<Verdict<'_>>()),
        ("unsure_review.json", schema::<UnsureReview<'_>>()),
        ("label.json", schema::<Label<'_>>()),
        ("model_pointer.json", schema::<ModelPointer>()),
        ("problem.json", schema::<Problem>()),
    ]
}

/// The schema as it is stored: indented JSON with a line end.
///
/// # Errors
/// None that is known; what the JSON writer reports is passed on.
pub fn text(schema: &Schema) -> Result<String, serde_json::Error> {
    serde_json::to_string_pretty(schema).map(|json| json + "\n")
}

fn schema<T: JsonSchema>() -> Schema {
    SchemaGenerator::new(SchemaSettings::draft2020_12()).into_root_schema_for::<T>()
}
