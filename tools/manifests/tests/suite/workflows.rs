//! The workflows, and workflows that break the rules.

use std::{fs, path::PathBuf, process::Command};

use crate::common::{root, tool};
use verdict_manifests::{Tool, workflow::problems};

fn workflows() -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join(".github/workflows")).expect("the folder is there");
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 2, "{files:?}");
    files
}

#[test]
fn every_workflow_keeps_to_the_rules() {
    for path in workflows() {
        let found = problems(&fs::read_to_string(&path).unwrap(), &root()).expect("YAML");
        assert!(found.is_empty(), "{}: {found:#?}", path.display());
    }
}

#[test]
fn github_accepts_every_workflow() {
    let Some(actionlint) = tool(Tool::Actionlint) else {
        return;
    };
    let output = Command::new(&actionlint).args(workflows()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.is_empty(), "{said}");
    // The control: it finds what is wrong.
    let folder = std::env::temp_dir().join(format!("verdict-actionlint-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let broken = folder.join("broken.yml");
    fs::write(&broken, "on: push\njobs:\n  one:\n    runs-on: ubuntu-24.04\n    needs: [two]\n    steps:\n      - run: make\n").unwrap();
    let output = Command::new(&actionlint).arg(&broken).output().unwrap();
    fs::remove_dir_all(&folder).unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).contains("\"two\""));
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
    assert_eq!(problems(GOOD, &root()).unwrap(), Vec::<String>::new());
    for (good, bad, told) in [
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
    ] {
        assert!(GOOD.contains(good), "{good}");
        let found = problems(&GOOD.replacen(good, bad, 1), &root()).unwrap();
        assert_eq!(found.len(), 1, "{bad}: {found:#?}");
        assert!(found[0].contains(told), "{bad}: {found:#?}");
    }
}
