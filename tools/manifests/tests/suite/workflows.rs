//! What every workflow of `.github/workflows/` must keep to.
//!
//! actionlint knows what GitHub accepts; the rules here are what this repository asks of itself:
//! actions pinned by commit, no more rights than needed, an end to every job, and no step that
//! stands in YAML only.

use std::{fs, path::PathBuf, process::Command};

use serde_json::{Value, json};
use verdict_testkit::repository;

use crate::overlay::{file, list, text, tool};

/// Every breach in a workflow, one sentence each.
fn breaches(workflow: &str) -> Vec<String> {
    let file: Value = serde_yaml_ng::from_str(workflow).expect("YAML");
    let mut found = Vec::new();
    let mut must = |holds: bool, what: &str| {
        if !holds {
            found.push(what.to_owned());
        }
    };
    let is_empty = file["permissions"] == json!({});
    must(is_empty, "permissions at the top must be {}: each job names its own");
    must(!text(&file["concurrency"]["group"]).is_empty(), "has no concurrency group");
    let is_ours = file["on"]["pull_request_target"].is_null();
    must(is_ours, "pull_request_target runs a stranger's change with our rights");
    for word in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "aws-access-key-id", "password:"] {
        let what = format!("{word}: keys that last are not used; who we are is said by OIDC");
        must(!workflow.contains(word), &what);
    }
    for (name, job) in file["jobs"].as_object().into_iter().flatten() {
        let mut must = |holds, what: &str| must(holds, &format!("job {name}: {what}"));
        let rights = job["permissions"].as_object();
        must(rights.is_some(), "has no permissions of its own");
        for (right, level) in rights.into_iter().flatten() {
            must(may(right, text(level)), &format!("has the right {right}: {level}"));
        }
        must(job["timeout-minutes"].is_u64(), "has no timeout-minutes");
        for step in list(&job["steps"]) {
            let (uses, command) = (step["uses"].as_str(), step["run"].as_str());
            let is_checkout = uses.is_some_and(|uses| uses.starts_with("actions/checkout@"));
            let is_closed = step["with"]["persist-credentials"] == false;
            let what = "checkout leaves its token behind: persist-credentials must be false";
            must(is_closed || !is_checkout, what);
            if let Some(problem) = uses.and_then(|uses| pinned(uses, workflow)) {
                must(false, &problem);
            }
            if let Some(problem) = command.and_then(run) {
                must(false, &format!("run {}: {problem}", step["run"]));
            }
        }
    }
    found
}

/// The rights that jobs of this repository may have; anything may be read.
fn may(right: &str, level: &str) -> bool {
    let written = [
        // A short-lived token of AWS, and the signature of an attestation.
        "id-token",
        "attestations",
        "artifact-metadata",
        // The comment on a pull request.
        "pull-requests",
    ];
    level == "read" || (level == "write" && written.contains(&right))
}

fn pinned(uses: &str, workflow: &str) -> Option<String> {
    if uses.starts_with("./") {
        return None;
    }
    let commit = uses.split_once('@').map(|(_, commit)| commit).unwrap_or_default();
    if commit.len() != 40 || !commit.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Some(format!("{uses} is not pinned by a commit"));
    }
    let says_version = workflow
        .lines()
        .filter(|line| line.contains(uses))
        .all(|line| line.contains(&format!("{uses} # v")));
    (!says_version).then(|| format!("{uses} does not say its version in a comment"))
}

fn run(command: &str) -> Option<String> {
    let command = command.trim();
    if command.contains("${{") {
        return Some("what GitHub fills in becomes code; hand it over by env".to_owned());
    }
    if command.lines().count() != 1 || command.contains(['|', ';', '&', '>', '<', '`']) {
        return Some("must be one command".to_owned());
    }
    let mut words = command.split_whitespace();
    match words.next() {
        Some("make") => {
            let target = words.next().unwrap_or_default();
            let is_there =
                file("Makefile").lines().any(|line| line.starts_with(&format!("{target}:")));
            (!is_there).then(|| format!("there is no target {target:?} in the Makefile"))
        }
        Some(script) if script.starts_with("tools/") || script.starts_with(".ci/") => {
            (!repository().join(script).is_file()).then(|| "there is no such script".to_owned())
        }
        _ => Some("must be a Make target or a script of the repository".to_owned()),
    }
}

fn workflows() -> Vec<PathBuf> {
    let entries =
        fs::read_dir(repository().join(".github/workflows")).expect("the folder is there");
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 2, "{files:?}");
    files
}

#[test]
fn every_workflow_keeps_to_the_rules() {
    for path in workflows() {
        let found = breaches(&fs::read_to_string(&path).unwrap());
        assert!(found.is_empty(), "{}: {found:#?}", path.display());
    }
}

#[test]
fn github_accepts_every_workflow() {
    let Some(actionlint) = tool("actionlint") else { return };
    let output = Command::new(&actionlint).args(workflows()).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && errors.is_empty(), "{errors}");
    // The control: it finds what is wrong.
    let folder = tempfile::tempdir().unwrap();
    let broken = folder.path().join("broken.yml");
    fs::write(&broken, GOOD.replace("    steps:", "    needs: [two]\n    steps:")).unwrap();
    let output = Command::new(&actionlint).arg(&broken).output().unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).contains("\"two\""));
}

/// What is published is what was installed and asked before, by a job that can do nothing else.
#[test]
fn wheels_are_published_from_a_tag_after_they_were_tried() {
    let file: Value = serde_yaml_ng::from_str(&file(".github/workflows/wheels.yml")).unwrap();
    assert_eq!(file["on"], json!({"push": {"tags": ["v*"]}}));
    let jobs = file["jobs"].as_object().unwrap();
    let uses = |job: &Value, action: &str| {
        list(&job["steps"]).iter().any(|step| text(&step["uses"]).starts_with(action))
    };
    for (name, job) in jobs {
        let publishes = uses(job, "pypa/gh-action-pypi-publish@");
        assert_eq!(publishes, job["permissions"]["id-token"] == "write", "{name}");
        assert_eq!(publishes, job["environment"] == "wheels", "{name}");
        assert_eq!(publishes, job["needs"] == json!(["wheel", "sources"]), "{name}");
        assert_ne!(
            publishes,
            uses(job, "actions/checkout@"),
            "{name}: runs code of the repository"
        );
    }
    let tries = list(&jobs["wheel"]["steps"]);
    let run = |step: &Value| text(&step["run"]) == "tools/ci/test-wheel.sh dist";
    let uploads = |step: &Value| text(&step["uses"]).starts_with("actions/upload-artifact@");
    assert!(tries.iter().position(run).unwrap() < tries.iter().position(uploads).unwrap());
    let matrix = list(&jobs["wheel"]["strategy"]["matrix"]["include"]);
    let platforms: Vec<_> = matrix.iter().map(|one| text(&one["platform"])).collect();
    assert_eq!(platforms, ["linux-x86_64", "linux-aarch64", "macos-arm64"]);
}

/// A workflow that keeps to all rules.
const GOOD: &str = "on: {push: {branches: [main]}}
permissions: {}
concurrency: {group: one}
jobs:
  one:
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    permissions: {contents: read}
    steps:
      - uses: actions/checkout@0123456789012345678901234567890123456789 # v1
        with: {persist-credentials: false}
      - run: make lint
        env: {TITLE: '${{ github.event.head_commit.message }}'}
";

#[test]
fn each_breach_is_found() {
    assert_eq!(breaches(GOOD), Vec::<String>::new());
    for (good, bad, part) in [
        ("@0123456789012345678901234567890123456789 # v1", "@v1", "is not pinned by a commit"),
        (" # v1", "", "does not say its version"),
        ("permissions: {}", "permissions: {contents: read}", "at the top must be {}"),
        ("    permissions: {contents: read}\n", "", "has no permissions of its own"),
        (
            "permissions: {contents: read}",
            "permissions: {contents: write}",
            "has the right contents",
        ),
        ("    timeout-minutes: 5\n", "", "has no timeout-minutes"),
        ("concurrency: {group: one}\n", "", "has no concurrency group"),
        ("on: {push: {branches: [main]}}", "on: {pull_request_target: {}}", "a stranger's change"),
        ("{persist-credentials: false}", "{}", "leaves its token behind"),
        (
            "run: make lint",
            "run: 'make lint # ${{ github.event.head_commit.message }}'",
            "becomes code",
        ),
        ("run: make lint", "run: make lint && make test", "must be one command"),
        ("run: make lint", "run: make nothing-of-the-kind", "there is no target"),
        ("run: make lint", "run: tools/nothing-of-the-kind.sh", "there is no such script"),
        ("run: make lint", "run: cargo test", "must be a Make target or a script"),
        ("env: {TITLE", "env: {AWS_ACCESS_KEY_ID: a, TITLE", "keys that last"),
        ("with: {persist", "with: {password: a, persist", "keys that last"),
    ] {
        assert!(GOOD.contains(good), "{good}");
        let found = breaches(&GOOD.replacen(good, bad, 1));
        assert_eq!(found.len(), 1, "{bad}: {found:#?}");
        assert!(found[0].contains(part), "{bad}: {found:#?}");
    }
}
