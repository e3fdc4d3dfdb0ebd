use std::process::Command;

use serde_json::{Value, json};
use verdict_docs_test::{files, graph, pure, repository};

const PURE: [&str; 3] = ["learning", "messages", "sentiment"];
const SHELLS: [&str; 8] =
    ["anyhow", "clap", "hyper", "opentelemetry_sdk", "rdkafka", "tokio", "ureq", "warp"];

fn metadata() -> Value {
    let cargo = std::env::var_os("CARGO").unwrap_or("cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--locked", "--offline"])
        .current_dir(repository())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The packages of this workspace only, as `--no-deps` gives them.
fn own(metadata: &Value) -> Value {
    let members = metadata["workspace_members"].as_array().unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    json!({"packages": packages.iter().filter(|p| members.contains(&p["id"])).collect::<Vec<_>>()})
}

#[test]
fn the_picture_is_the_graph_of_the_crates() {
    let mut code = own(&metadata());
    let text = std::fs::read_to_string(repository().join("ARCHITECTURE.md")).unwrap();
    let picture = graph::of_picture(&text).unwrap();
    let differences = graph::differences(&graph::of_metadata(&code), &picture);
    assert!(differences.is_empty(), "ARCHITECTURE.md: {differences:#?}");

    let lacking = {
        let mut picture = picture.clone();
        picture.remove(&("registry".to_owned(), "sentiment".to_owned()));
        picture
    };
    let differences = graph::differences(&graph::of_metadata(&code), &lacking);
    assert_eq!(differences, ["the picture lacks registry --> sentiment"]);

    let packages = code["packages"].as_array_mut().unwrap();
    let sentiment = packages.iter_mut().find(|p| p["name"] == "verdict-sentiment").unwrap();
    let forbidden = json!({"name": "verdict-kafka-io", "kind": null, "path": "crates/kafka-io"});
    sentiment["dependencies"].as_array_mut().unwrap().push(forbidden);
    let differences = graph::differences(&graph::of_metadata(&code), &picture);
    assert_eq!(differences, ["the picture lacks sentiment --> kafka-io"]);
}

#[test]
fn pure_crates_reach_nothing_outside() {
    let mut metadata = metadata();
    for name in PURE {
        let package = format!("verdict-{name}");
        assert!(metadata["packages"].as_array().unwrap().iter().any(|p| p["name"] == package[..]));
        // argmin's errors are anyhow's.
        let known = if name == "learning" { vec!["anyhow"] } else { Vec::new() };
        assert_eq!(graph::reached(&metadata, &package, &SHELLS), known, "{package}");
    }
    let in_sources = files("rs").unwrap().into_iter().filter(|path| {
        PURE.iter().any(|name| path.starts_with(format!("crates/{name}/src")))
            && !path.ends_with("tests.rs")
    });
    for path in in_sources {
        let source = std::fs::read_to_string(repository().join(&path)).unwrap();
        assert_eq!(pure::impure(&source), [""; 0], "{}", path.display());
    }

    assert_eq!(
        pure::impure("// std::fs\nuse std::fs;\n#[cfg(test)]\nmod tests { std::fs }"),
        ["use std::fs;"]
    );
    let id = |name: &str, metadata: &Value| {
        let packages = metadata["packages"].as_array().unwrap();
        packages.iter().find(|p| p["name"] == name).unwrap()["id"].clone()
    };
    let (from, to) = (id("serde_json", &metadata), id("rdkafka", &metadata));
    let nodes = metadata["resolve"]["nodes"].as_array_mut().unwrap();
    let node = nodes.iter_mut().find(|node| node["id"] == from).unwrap();
    let seeded = json!({"pkg": to, "dep_kinds": [{"kind": null}]});
    node["deps"].as_array_mut().unwrap().push(seeded);
    assert_eq!(graph::reached(&metadata, "verdict-sentiment", &["clap", "rdkafka"]), ["rdkafka"]);
}

#[test]
fn only_tests_use_the_testkit() {
    let arrows = graph::of_metadata(&own(&metadata()));
    let users = arrows.iter().filter(|(_, to)| to == "testkit").map(|(from, _)| from);
    assert_eq!(users.collect::<Vec<_>>(), ["chaos"], "a test with a command line");
}

#[test]
fn the_build_of_images_sees_every_package() {
    let ignored = std::fs::read_to_string(repository().join(".dockerignore")).unwrap();
    let metadata = metadata();
    let root = metadata["workspace_root"].as_str().unwrap();
    for package in own(&metadata)["packages"].as_array().unwrap() {
        let manifest = package["manifest_path"].as_str().unwrap().strip_prefix(root).unwrap();
        let folder = manifest.split('/').nth(1).unwrap();
        assert!(ignored.lines().any(|line| line == format!("!{folder}")), "{folder} is left out");
    }
}
