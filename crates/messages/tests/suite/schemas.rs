//! The stored schemas are those of the types.

use std::{fs, path::Path};

#[test]
fn the_schemas_in_docs_are_those_of_the_types() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schemas");
    for (name, schema) in verdict_messages::schemas::all() {
        let stored = fs::read_to_string(directory.join(name)).unwrap_or_default();
        let hint = "run: cargo run -p verdict-messages --example schemas -- docs/schemas";
        assert_eq!(
            stored,
            verdict_messages::schemas::text(&schema).unwrap(),
            "docs/schemas/{name} is old; {hint}"
        );
    }
}

#[test]
fn the_topics_in_docs_are_those_of_the_types_and_every_reference_leads_somewhere() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    let stored = fs::read_to_string(docs.join("asyncapi.yaml")).unwrap();
    let document = verdict_messages::asyncapi::document();
    let hint = "run: cargo run -p verdict-messages --example schemas -- docs/schemas";
    assert_eq!(
        stored,
        serde_yaml_ng::to_string(&document).unwrap(),
        "asyncapi.yaml is old; {hint}"
    );
    let mut references = 0;
    for line in stored.lines() {
        let Some((_, reference)) = line.split_once("$ref: ") else { continue };
        let reference = reference.trim_matches('\'');
        match reference.strip_prefix('#') {
            Some(pointer) => assert!(document.pointer(pointer).is_some(), "{reference}"),
            None => assert!(docs.join(reference).is_file(), "{reference}"),
        }
        references += 1;
    }
    assert!(references > 15, "{references}");
    let channels = document["channels"].as_object().unwrap();
    let public = verdict_messages::topic::catalogue()
        .iter()
        .filter(|plan| plan.name != "reviews.probes")
        .count();
    assert_eq!(channels.len(), public, "a topic has no channel");
}
