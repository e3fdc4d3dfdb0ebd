use std::collections::BTreeSet;
use std::path::Path;

use verdict_docs_test::{files, links, promises, repository};

fn read(path: &Path) -> String {
    std::fs::read_to_string(repository().join(path)).unwrap()
}

#[test]
fn every_link_in_every_document_resolves() {
    let documents = files("md").unwrap();
    assert!(documents.len() > 20, "{documents:?}");
    let broken: Vec<String> =
        documents.iter().flat_map(|path| links::broken(&repository(), path, &read(path))).collect();
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn a_link_to_nothing_is_found() {
    let text = "# One thing\n[a](Cargo.toml) [b](nothing.md) ![c](docs/none.png)\n[d](#one-thing) [e](#two)\n\
        <img src=\"docs/lost.png\">\n[f](../outside.md) [g](README.md#no-such-heading) [h](https://a.example/b)\n";
    let broken = links::broken(&repository(), Path::new("x.md"), text);
    let found: Vec<&str> =
        broken.iter().map(|line| line.split_whitespace().nth(1).unwrap()).collect();
    let expected = [
        "nothing.md",
        "docs/none.png",
        "#two",
        "docs/lost.png",
        "../outside.md",
        "README.md#no-such-heading",
    ];
    assert_eq!(found, expected);
}

#[test]
fn every_promise_names_tests_that_exist() {
    let text = read(Path::new("docs/promises.md"));
    let sources: Vec<String> = files("rs").unwrap().iter().map(|path| read(path)).collect();
    let missing = promises::without_a_test(&text, sources.iter().map(String::as_str));
    assert!(missing.is_empty(), "docs/promises.md names tests that do not exist: {missing:?}");
    let seeded =
        promises::without_a_test("`no_test_has_this` and `fn`", ["fn a_test_has_this() {"]);
    assert_eq!(seeded, BTreeSet::from(["no_test_has_this".to_owned()]));
}

#[test]
fn no_file_is_longer_than_450_lines() {
    let long: Vec<_> =
        files("rs").unwrap().into_iter().filter(|path| read(path).lines().count() > 450).collect();
    assert!(long.is_empty(), "split these: {long:?}");
}

/// The titles of problems in a source file: what stands in quotes behind the status.
fn titles(source: &str) -> BTreeSet<String> {
    let own = source.split("mod tests").next().unwrap();
    let words: Vec<&str> = own.split('"').collect();
    let is_title = |before: &str| {
        let Some(before) = before.trim_end().strip_suffix(',') else {
            return before.trim_end().ends_with("unauthorized(");
        };
        let status = before.trim_end_matches(|c: char| c.is_ascii_digit());
        before.ends_with("problem(status") || (status.len() < before.len() && status.ends_with('('))
    };
    words
        .windows(2)
        .step_by(2)
        .filter(|pair| is_title(pair[0]))
        .map(|pair| pair[1].to_owned())
        .collect()
}

#[test]
fn every_problem_has_its_section_and_every_section_its_problem() {
    let sources = ["web/src/problems.rs", "crates/messages/src/problem.rs"];
    let titles: BTreeSet<_> = sources.iter().flat_map(|at| titles(&read(Path::new(at)))).collect();
    assert!(titles.len() > 30, "{titles:?}");
    let text = read(Path::new("docs/problems.md"));
    let sections = text.lines().filter_map(|line| line.strip_prefix("## ")).map(str::to_owned);
    assert_eq!(titles, sections.collect());
}
