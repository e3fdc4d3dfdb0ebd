//! What is wanted in ECR, what of it is missing, and what is refused. No request is made here.

use std::collections::BTreeMap;

use anyhow::{anyhow, ensure};
use serde::Serialize;
use serde_json::{Value, json};

/// What is published; each has a repository `PREFIX/SERVICE`.
pub(crate) const SERVICES: [&str; 4] = ["consumer", "producer", "trainer", "web"];
/// Images without a tag are kept so long, in days: a push that breaks off leaves them.
const UNTAGGED_DAYS: u64 = 14;

/// What is wanted; as JSON, the answer of `plan --json`.
#[derive(Debug, Serialize)]
pub(crate) struct Wanted {
    pub(crate) repositories: Vec<Repository>,
    /// The tag of this revision's images.
    pub(crate) tag: String,
    /// Whether a tag can be moved to another image; it cannot.
    tag_mutability: &'static str,
    /// The lifecycle policy of each repository.
    pub(crate) lifecycle: Value,
    /// Repositories that scan each push: a filter of the registry's settings.
    scan_on_push: String,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Repository {
    pub(crate) service: String,
    pub(crate) name: String,
}

impl Wanted {
    /// The repositories `PREFIX/SERVICE`, with images tagged by the revision.
    pub(crate) fn new(prefix: &str, services: &[String], revision: &str) -> Self {
        let repositories = services.iter().map(|service| Repository {
            service: service.clone(),
            name: format!("{prefix}/{service}"),
        });
        Self {
            repositories: repositories.collect(),
            tag: revision.to_owned(),
            tag_mutability: "IMMUTABLE",
            lifecycle: lifecycle(),
            scan_on_push: format!("{prefix}/*"),
        }
    }
}

/// Tagged images are left to `prune`, which knows what is pinned. ECR does not take children of an
/// index for untagged.
fn lifecycle() -> Value {
    json!({"rules": [{
        "rulePriority": 1,
        "description": "what a broken push has left",
        "selection": {
            "tagStatus": "untagged",
            "countType": "sinceImagePushed",
            "countUnit": "days",
            "countNumber": UNTAGGED_DAYS,
        },
        "action": {"type": "expire"},
    }]})
}

/// What there is.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// The repositories, of those that are wanted.
    pub(crate) repositories: BTreeMap<String, Settings>,
    /// Filters of the repositories that scan each push, or always.
    pub(crate) scanned: Vec<String>,
}

/// The settings of a repository.
#[derive(Debug)]
pub(crate) struct Settings {
    /// Whether tags stay with their image.
    pub(crate) is_immutable: bool,
    /// Filters of the tags for which the contrary holds.
    pub(crate) except: Vec<String>,
    pub(crate) lifecycle: Option<Value>,
}

/// One step from what there is to what is wanted.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub(crate) enum Change {
    CreateRepository { repository: String },
    MakeTagsImmutable { repository: String },
    PutLifecyclePolicy { repository: String },
    ScanOnPush { filter: String },
}

impl std::fmt::Display for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::CreateRepository { repository } => write!(f, "create repository {repository}"),
            Self::MakeTagsImmutable { repository } => write!(f, "make tags immutable {repository}"),
            Self::PutLifecyclePolicy { repository } => {
                write!(f, "put lifecycle policy {repository}")
            }
            Self::ScanOnPush { filter } => write!(f, "scan on push {filter}"),
        }
    }
}

/// What is missing, in the order in which it is to be done. It loosens no setting.
///
/// # Errors
/// Settings that contradict what is wanted, one sentence each: somebody has decided them, so they
/// are not overwritten. `keep_lifecycle` accepts other lifecycle policies.
pub(crate) fn changes(
    wanted: &Wanted,
    found: &Found,
    keep_lifecycle: bool,
) -> anyhow::Result<Vec<Change>> {
    let (mut changes, mut refused) = (Vec::new(), Vec::new());
    if !wanted.repositories.iter().all(|one| any_matches(&found.scanned, &one.name)) {
        changes.push(Change::ScanOnPush { filter: wanted.scan_on_push.clone() });
    }
    for Repository { name, .. } in &wanted.repositories {
        let repository = name.clone();
        let Some(found) = found.repositories.get(name) else {
            changes.push(Change::CreateRepository { repository: repository.clone() });
            changes.push(Change::PutLifecyclePolicy { repository });
            continue;
        };
        let is_excepted = any_matches(&found.except, &wanted.tag);
        if found.is_immutable && is_excepted {
            refused.extend(found.except.iter().filter(|filter| matches(filter, &wanted.tag)).map(|filter| {
                format!("repository {name} lets tags {filter:?} be moved, and {:?} is one: take that exclusion out, or use another --prefix", wanted.tag)
            }));
        } else if !found.is_immutable && found.except.is_empty() {
            changes.push(Change::MakeTagsImmutable { repository: repository.clone() });
        } else if !found.is_immutable && !is_excepted {
            refused.push(format!(
                "repository {name} lets all tags but {:?} be moved: make it IMMUTABLE, or use another --prefix",
                found.except
            ));
        }
        match &found.lifecycle {
            None => changes.push(Change::PutLifecyclePolicy { repository }),
            Some(there) if *there == wanted.lifecycle || keep_lifecycle => {}
            Some(_) => refused.push(format!(
                "repository {name} has another lifecycle policy, which may delete what runs: read it (aws ecr get-lifecycle-policy \
                 --repository-name {name}), then keep it with --keep-lifecycle, or delete it"
            )),
        }
    }
    ensure!(refused.is_empty(), anyhow!(refused.join("; ")));
    Ok(changes)
}

fn any_matches(filters: &[String], name: &str) -> bool {
    filters.iter().any(|filter| matches(filter, name))
}

/// Whether a name matches a filter of ECR's, in which `*` stands for any characters.
fn matches(filter: &str, name: &str) -> bool {
    let pattern = regex::escape(filter).replace("\\*", ".*");
    regex::Regex::new(&format!("^{pattern}$")).is_ok_and(|pattern| pattern.is_match(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(is_immutable: bool, except: &[&str], policy: Option<Value>, keep: bool) -> String {
        let except = except.iter().map(|filter| (*filter).to_owned()).collect();
        let settings = Settings { is_immutable, except, lifecycle: policy };
        let found = Found {
            repositories: [("verdict/web".to_owned(), settings)].into(),
            scanned: vec!["verdict/*".to_owned()],
        };
        say(&found, keep)
    }

    fn say(found: &Found, keep: bool) -> String {
        let wanted = Wanted::new("verdict", &["web".to_owned()], "abc");
        match changes(&wanted, found, keep) {
            Ok(changes) => changes.iter().map(Change::to_string).collect::<Vec<_>>().join(", "),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn what_is_loose_is_tightened_and_what_is_somebodys_decision_is_refused() {
        for (is_immutable, except, expected) in [
            (false, &[][..], "make tags immutable verdict/web"),
            (true, &["a*"], "lets tags \"a*\" be moved"),
            (true, &["latest"], ""),
            (false, &["a*"], ""),
            (false, &["v*"], "lets all tags but [\"v*\"] be moved"),
        ] {
            let steps = steps(is_immutable, except, Some(lifecycle()), false);
            assert!(steps.contains(expected), "{is_immutable} {except:?}: {steps}");
            assert_eq!(steps.is_empty(), expected.is_empty(), "{is_immutable} {except:?}: {steps}");
        }
        let other = || Some(json!({"rules": []}));
        assert!(steps(true, &[], other(), false).contains("--keep-lifecycle"));
        assert_eq!(steps(true, &[], other(), true), "");
    }

    #[test]
    fn filters_match_as_ecr_says() {
        for (filter, name, is_match) in [
            ("*", "verdict/web", true),
            ("verdict/*", "verdict/web", true),
            ("verdict/*", "other/web", false),
            ("verdict", "verdict/web", false),
            ("verdict/web", "verdict/web", true),
            ("*web", "verdict/web", true),
            ("v*/*b", "verdict/web", true),
            ("v*x*b", "verdict/web", false),
            ("", "verdict/web", false),
            ("v.rdict/web", "verdict/web", false),
        ] {
            assert_eq!(matches(filter, name), is_match, "{filter} {name}");
        }
    }
}
