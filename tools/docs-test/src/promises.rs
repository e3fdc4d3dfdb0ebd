//! The tests that docs/promises.md names.

use std::collections::BTreeSet;

/// The names in backquotes of `promises` that are no function in any of `sources`. A name has two
/// underscores or more, as the name of a test that is a sentence has.
pub fn without_a_test<'a>(
    promises: &str,
    sources: impl IntoIterator<Item = &'a str>,
) -> BTreeSet<String> {
    let quoted = promises.split('`').skip(1).step_by(2);
    let is_name = |text: &&str| {
        text.matches('_').count() >= 2
            && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    let mut missing: BTreeSet<String> = quoted.filter(is_name).map(str::to_owned).collect();
    for source in sources {
        missing.retain(|name| !source.contains(&format!("fn {name}(")));
    }
    missing
}
