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
