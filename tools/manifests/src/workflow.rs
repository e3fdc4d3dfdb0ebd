//! What every workflow of `.github/workflows/` must keep to.
//!
//! actionlint knows what GitHub accepts; these rules are what this repository asks of itself: actions pinned by commit, no more
//! rights than needed, an end to every job, and nothing that lives in YAML only.

use std::path::Path;

use serde_json::Value;

use crate::object::{list, text};

/// Every breach in a workflow, one sentence each. `root` is the repository, where scripts and Make targets are looked up.
///
/// # Errors
/// The text is not YAML.
pub fn problems(workflow: &str, root: &Path) -> Result<Vec<String>, serde_yaml_ng::Error> {
    let file: Value = serde_yaml_ng::from_str(workflow)?;
    let mut found = Vec::new();
    if file.get("permissions") != Some(&Value::Object(serde_json::Map::new())) {
        found.push("permissions at the top must be {}: each job names its own".to_owned());
    }
    if text(&file, "/concurrency/group").is_empty() {
        found.push("has no concurrency group".to_owned());
    }
    if file.pointer("/on/pull_request_target").is_some() {
        found.push("pull_request_target runs a stranger's change with our rights".to_owned());
    }
    let makefile = std::fs::read_to_string(root.join("Makefile")).unwrap_or_default();
    let jobs = file.get("jobs").and_then(Value::as_object);
    for (name, job) in jobs.into_iter().flatten() {
        let mut say = |what: String| found.push(format!("job {name}: {what}"));
        let Some(rights) = job.get("permissions").and_then(Value::as_object) else {
            say("has no permissions of its own".to_owned());
            continue;
        };
        for (right, level) in rights {
            if !may(right, level.as_str().unwrap_or_default()) {
                say(format!("has the right {right}: {level}"));
            }
        }
        if job.get("timeout-minutes").and_then(Value::as_u64).is_none() {
            say("has no timeout-minutes".to_owned());
        }
        for step in list(job, "/steps") {
            let uses = text(step, "/uses");
            if !uses.is_empty() {
                if let Some(problem) = pinned(uses, workflow) {
                    say(problem);
                }
                let keeps = step.pointer("/with/persist-credentials");
                if uses.starts_with("actions/checkout@") && keeps != Some(&Value::Bool(false)) {
                    say("checkout leaves its token behind: persist-credentials must be false"
                        .to_owned());
                }
            }
            if let Some(command) = step.get("run").and_then(Value::as_str)
                && let Some(problem) = run(command, root, &makefile)
            {
                say(format!("run {command:?}: {problem}"));
            }
        }
    }
    for word in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "aws-access-key-id"] {
        if workflow.contains(word) {
            found.push(format!("{word}: keys that last are not used; a role is assumed by OIDC"));
        }
    }
    Ok(found)
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

fn run(command: &str, root: &Path, makefile: &str) -> Option<String> {
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
            let is_there = makefile.lines().any(|line| line.starts_with(&format!("{target}:")));
            (!is_there).then(|| format!("there is no target {target:?} in the Makefile"))
        }
        Some(script) if script.starts_with("tools/") || script.starts_with(".ci/") => {
            (!root.join(script).is_file()).then(|| "there is no such script".to_owned())
        }
        _ => Some("must be a Make target or a script of the repository".to_owned()),
    }
}
