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
