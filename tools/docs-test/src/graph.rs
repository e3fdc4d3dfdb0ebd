//! The dependency graph of the workspace, and its picture in ARCHITECTURE.md.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// Arrows between packages: who depends on whom when the programs are built. What only tests use is
/// not among them.
pub type Arrows = BTreeSet<(String, String)>;

/// The arrows of the workspace in the output of `cargo metadata`.
#[must_use]
pub fn of_metadata(metadata: &Value) -> Arrows {
    let mut arrows = Arrows::new();
    for package in array(&metadata["packages"]) {
        let dependencies = array(&package["dependencies"]);
        for dependency in dependencies.filter(|d| d["path"].is_string() && d["kind"] != "dev") {
            arrows.insert((folder_name(&package["name"]), folder_name(&dependency["name"])));
        }
    }
    arrows
}

/// `verdict-kafka-io` is `kafka-io` in the picture.
fn folder_name(package: &Value) -> String {
    let name = package.as_str().unwrap_or_default();
    name.strip_prefix("verdict-").unwrap_or(name).to_owned()
}

/// The arrows of the first Mermaid graph in `markdown`: `a --> b & c`, each `id` or `id[label]`.
/// The label's last path component is the package.
///
/// # Errors
///
/// The line that is no arrow.
pub fn of_picture(markdown: &str) -> Result<Arrows, String> {
    let graph = markdown.split("```mermaid").nth(1).and_then(|rest| rest.split("```").next());
    let graph = graph.ok_or("there is no Mermaid graph")?;
    let mut labels: BTreeMap<String, String> = BTreeMap::new();
    let mut ids = Vec::new();
    for line in graph.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if line.starts_with("graph ") {
            continue;
        }
        let (from, to) = line.split_once("-->").ok_or(format!("no arrow: {line:?}"))?;
        let mut nodes = |side: &str| -> Vec<String> {
            let node = |text: &str| {
                let (id, label) = text.trim().split_once('[').unwrap_or((text.trim(), ""));
                if !label.is_empty() {
                    labels.insert(id.to_owned(), label.trim_end_matches(']').to_owned());
                }
                id.to_owned()
            };
            side.split('&').map(node).collect()
        };
        let (from, to) = (nodes(from), nodes(to));
        ids.extend(from.iter().flat_map(|a| to.iter().map(move |b| (a.clone(), b.clone()))));
    }
    let name = |id: String| {
        let label = labels.get(&id).unwrap_or(&id);
        label.rsplit('/').next().unwrap_or(label).to_owned()
    };
    Ok(ids.into_iter().map(|(from, to)| (name(from), name(to))).collect())
}

/// What the picture lacks and what it has too much, as sentences.
#[must_use]
pub fn differences(code: &Arrows, picture: &Arrows) -> Vec<String> {
    let missing = code.difference(picture).map(|(a, b)| format!("the picture lacks {a} --> {b}"));
    let untrue = picture.difference(code).map(|(a, b)| format!("{a} does not depend on {b}"));
    missing.chain(untrue).collect()
}

/// Which of `forbidden` packages `package` reaches, in the resolved graph of `cargo metadata`,
/// without what only tests use.
#[must_use]
pub fn reached<'a>(metadata: &Value, package: &str, forbidden: &[&'a str]) -> Vec<&'a str> {
    let names: BTreeMap<&str, &str> = array(&metadata["packages"])
        .filter_map(|package| Some((package["id"].as_str()?, package["name"].as_str()?)))
        .collect();
    let nodes: BTreeMap<&str, &Value> = metadata
        .pointer("/resolve/nodes")
        .into_iter()
        .flat_map(array)
        .filter_map(|node| Some((node["id"].as_str()?, node)))
        .collect();
    let mut seen = BTreeSet::new();
    let mut open: Vec<&str> =
        names.iter().filter(|(_, name)| **name == package).map(|(id, _)| *id).collect();
    while let Some(id) = open.pop() {
        if !seen.insert(id) {
            continue;
        }
        let dependencies = nodes.get(id).map(|node| array(&node["deps"])).into_iter().flatten();
        let built =
            dependencies.filter(|d| array(&d["dep_kinds"]).any(|kind| kind["kind"].is_null()));
        open.extend(built.filter_map(|dependency| dependency["pkg"].as_str()));
    }
    let reached: BTreeSet<&str> = seen.iter().filter_map(|id| names.get(id).copied()).collect();
    forbidden.iter().copied().filter(|name| reached.contains(name)).collect()
}

fn array(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}
