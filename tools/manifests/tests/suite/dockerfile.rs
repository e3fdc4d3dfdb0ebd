//! What the Dockerfile must keep to: it builds from pinned images, with the locked versions of the
//! crates and without a frontend or secrets of its own, and what it makes runs as user 65532 and
//! without a shell.

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

use verdict_testkit::{repository, run};

use crate::overlay::{file, is_pinned};

/// The user of the images, `nonroot` as distroless images have it.
const USER: &str = "USER 65532:65532";

/// Every breach of the rules in a Dockerfile, one sentence each.
fn breaches(text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let (mut arguments, mut stages) = (BTreeMap::new(), BTreeMap::new());
    let mut stage = String::new();
    for instruction in instructions(text) {
        let (word, rest) = instruction.split_once(' ').unwrap_or((&instruction, ""));
        match word {
            "ARG" => {
                if let Some((name, value)) = rest.split_once('=') {
                    arguments.insert(name.to_owned(), value.to_owned());
                }
            }
            "FROM" => {
                let mut words = rest.split_whitespace().filter(|word| !word.starts_with("--"));
                let base = words.next().unwrap_or_default();
                stage = words.nth(1).unwrap_or_default().to_owned();
                let image = base
                    .strip_prefix("${")
                    .and_then(|name| name.strip_suffix('}'))
                    .and_then(|name| arguments.get(name))
                    .map_or(base, String::as_str);
                if !stages.contains_key(image) && !is_pinned(image) {
                    problems.push(format!("FROM {base}: {image} is not pinned to a version"));
                }
                stages.insert(stage.clone(), Stage { base: image.to_owned(), ..Stage::default() });
            }
            _ => {
                problems.extend(plain(&instruction));
                let has_instructions = stages.entry(stage.clone()).or_default();
                has_instructions.instructions.push(instruction);
            }
        }
    }
    problems.extend(made(&stages));
    problems
}

#[derive(Debug, Default)]
struct Stage {
    base: String,
    instructions: Vec<String>,
}

/// The instructions, each on one line and without comments.
fn instructions(text: &str) -> Vec<String> {
    let (mut all, mut one) = (Vec::new(), String::new());
    for line in
        text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        match line.strip_suffix('\\') {
            Some(part) => {
                one.push_str(part.trim());
                one.push(' ');
            }
            None => all.push(std::mem::take(&mut one) + line),
        }
    }
    all
}

/// What any instruction must keep to.
fn plain(instruction: &str) -> Option<String> {
    if instruction.starts_with("RUN --mount") || instruction.contains("<<") {
        return Some(format!("{instruction:?}: only newer builders than some in use know this"));
    }
    let builds = ["auditable build", "cargo build", "cargo install", "chef cook"]
        .iter()
        .any(|command| instruction.contains(command));
    (builds && !instruction.contains("--locked"))
        .then(|| format!("{instruction:?}: builds without --locked"))
}

/// What the images must keep to: the stages that have an entry point.
fn made(stages: &BTreeMap<String, Stage>) -> BTreeSet<String> {
    let mut problems = BTreeSet::new();
    for (name, stage) in stages {
        let Some(entry) = stage.instructions.iter().find(|one| one.starts_with("ENTRYPOINT"))
        else {
            continue;
        };
        if !entry.starts_with("ENTRYPOINT [") {
            problems.insert(format!("{name}: {entry:?} needs a shell"));
        }
        // From the image back to where it comes from; the last word of each counts.
        let lineage = std::iter::successors(Some(stage), |stage| stages.get(&stage.base));
        let user = lineage
            .flat_map(|stage| stage.instructions.iter().rev())
            .find(|one| one.starts_with("USER"));
        if user.map(String::as_str) != Some(USER) {
            problems.insert(format!("{name}: runs as {user:?}, not {USER:?}"));
        }
        if let Some(run) = stage.instructions.iter().find(|one| one.starts_with("RUN")) {
            problems.insert(format!("{name}: {run:?} needs a shell in the image"));
        }
    }
    problems
}

#[test]
fn the_images_keep_to_the_rules() {
    let found = breaches(&file("Dockerfile"));
    assert!(found.is_empty(), "{found:#?}");
}

/// A test that a manifest names without its path is looked for, and `.dockerignore` leaves tests
/// out.
#[test]
fn every_manifest_can_be_read_without_its_tests() {
    let mut git = Command::new("git");
    let listed = run(git.args(["ls-files", "*Cargo.toml"]).current_dir(repository()));
    assert!(listed.lines().count() > 10, "{listed}");
    for manifest in listed.lines() {
        let text = file(manifest);
        for section in text.split("\n[").filter(|section| section.starts_with("[test]]")) {
            assert!(section.contains("\npath = "), "{manifest}: [{section}");
        }
    }
}

#[test]
fn every_rule_of_the_dockerfile_finds_its_breach() {
    let good = "ARG BASE=example/base:1\nFROM ${BASE} AS build\nRUN cargo build \\\n  --locked\n\
                FROM ${BASE} AS service\nUSER 65532:65532\nFROM service AS one\nENTRYPOINT [\"/one\"]\n";
    assert_eq!(breaches(good), Vec::<String>::new());
    let cross =
        good.replace("FROM ${BASE} AS build", "FROM --platform=${BUILDPLATFORM} ${BASE} AS build");
    let empty = cross.replace("FROM ${BASE} AS service", "FROM scratch AS service");
    assert_eq!(breaches(&empty), Vec::<String>::new());
    for (replaced, by, problem) in [
        ("base:1", "base", "not pinned"),
        ("base:1", "base:latest", "not pinned"),
        ("RUN cargo", "RUN --mount=type=cache,target=/x cargo", "only newer builders"),
        ("USER 65532:65532\n", "", "runs as None"),
        ("USER 65532:65532", "USER root", "runs as Some"),
        ("  --locked", "  --release", "without --locked"),
        ("[\"/one\"]", "/one", "needs a shell"),
        ("ENTRYPOINT", "RUN true\nENTRYPOINT", "needs a shell in the image"),
    ] {
        let found = breaches(&good.replacen(replaced, by, 1));
        let is_found = !found.is_empty() && found.iter().all(|one| one.contains(problem));
        assert!(is_found, "{by:?}: {found:?}");
    }
}
