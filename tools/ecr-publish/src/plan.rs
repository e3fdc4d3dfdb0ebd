//! What is to be in ECR, what of it is missing, and what is refused. Pure: no request is made here.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

/// What is published; each has a repository `PREFIX/SERVICE`.
pub const SERVICES: [&str; 4] = ["consumer", "producer", "trainer", "web"];
/// Images that nothing names any more are kept so long, in days: a push that breaks off leaves them.
const UNTAGGED_DAYS: u64 = 14;

/// What is to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Wanted {
    /// The repositories, one for each service.
    pub repositories: Vec<Repository>,
    /// The tag of this revision's images.
    pub tag: String,
    /// Whether a tag can be moved to another image; it cannot.
    pub tag_mutability: &'static str,
    /// The lifecycle policy of each repository.
    pub lifecycle: Value,
    /// Repositories whose images are scanned when they are pushed: a filter of the registry's settings.
    pub scan_on_push: String,
}

/// A repository and whose images it has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Repository {
    /// The service.
    pub service: String,
    /// The name in ECR.
    pub name: String,
}

impl Wanted {
    /// The repositories `PREFIX/SERVICE`, with images tagged by the revision.
    #[must_use]
    pub fn new(prefix: &str, services: &[String], revision: &str) -> Self {
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

/// Tagged images are left to `prune`, which knows what is pinned; children of an index are not untagged in ECR's eyes.
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
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// The repositories, of those that are wanted.
    pub repositories: BTreeMap<String, FoundRepository>,
    /// Filters of the repositories whose images are scanned when they are pushed, or always.
    pub scanned: Vec<String>,
}

/// A repository as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundRepository {
    /// Which tags can be moved.
    pub tags: Tags,
    /// Its lifecycle policy.
    pub lifecycle: Option<Value>,
}

/// Which tags can be moved to another image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tags {
    /// All.
    Mutable,
    /// None.
    Immutable,
    /// All but those that match.
    MutableBut(Vec<String>),
    /// None but those that match.
    ImmutableBut(Vec<String>),
}

/// One step from what there is to what is to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum Change {
    /// A repository that is missing, with immutable tags.
    CreateRepository {
        /// Its name.
        repository: String,
    },
    /// Tags that can be moved become immutable.
    MakeTagsImmutable {
        /// Of this repository.
        repository: String,
    },
    /// A repository without a lifecycle policy gets one.
    PutLifecyclePolicy {
        /// Its name.
        repository: String,
    },
    /// Repositories that match are scanned at each push.
    ScanOnPush {
        /// The filter.
        filter: String,
    },
}

impl Change {
    /// What it does, and to what.
    #[must_use]
    pub fn told(&self) -> (&'static str, &str) {
        match self {
            Self::CreateRepository { repository } => ("create repository", repository),
            Self::MakeTagsImmutable { repository } => ("make tags immutable", repository),
            Self::PutLifecyclePolicy { repository } => ("put lifecycle policy", repository),
            Self::ScanOnPush { filter } => ("scan on push", filter),
        }
    }
}

/// What is there and does not fit, one sentence each. It is somebody's decision, so it is not overwritten.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("; "))]
pub struct Refused(pub Vec<String>);

/// What is missing, in the order in which it is to be done. Nothing that is there becomes looser by it.
///
/// # Errors
/// Settings of repositories that contradict what is wanted; `keep_lifecycle` accepts other lifecycle policies.
pub fn changes(
    wanted: &Wanted,
    found: &Found,
    keep_lifecycle: bool,
) -> Result<Vec<Change>, Refused> {
    let mut changes = Vec::new();
    let mut refused = Vec::new();
    let scanned = |name: &str| found.scanned.iter().any(|filter| matches(filter, name));
    if !wanted.repositories.iter().all(|one| scanned(&one.name)) {
        changes.push(Change::ScanOnPush { filter: wanted.scan_on_push.clone() });
    }
    for Repository { name, .. } in &wanted.repositories {
        let repository = name.clone();
        let Some(found) = found.repositories.get(name) else {
            changes.push(Change::CreateRepository { repository: repository.clone() });
            changes.push(Change::PutLifecyclePolicy { repository });
            continue;
        };
        match &found.tags {
            Tags::Immutable => {}
            Tags::Mutable => {
                changes.push(Change::MakeTagsImmutable { repository: repository.clone() })
            }
            Tags::ImmutableBut(filters) => {
                refused.extend(filters.iter().filter(|filter| matches(filter, &wanted.tag)).map(|filter| {
                    format!("repository {name} lets tags {filter:?} be moved, and {:?} is one: take that exclusion out, or use another --prefix", wanted.tag)
                }));
            }
            Tags::MutableBut(filters) => {
                if !filters.iter().any(|filter| matches(filter, &wanted.tag)) {
                    refused.push(format!(
                        "repository {name} lets all tags but {filters:?} be moved: make it IMMUTABLE, or use another --prefix"
                    ));
                }
            }
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
    if refused.is_empty() { Ok(changes) } else { Err(Refused(refused)) }
}

/// Whether a name matches a filter of ECR's, in which `*` stands for any characters.
fn matches(filter: &str, name: &str) -> bool {
    let mut parts = filter.split('*');
    let Some(mut rest) = parts.next().and_then(|first| name.strip_prefix(first)) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    let Some((last, between)) = parts.split_last() else {
        return rest.is_empty();
    };
    for part in between {
        let Some((_, after)) = rest.split_once(part) else {
            return false;
        };
        rest = after;
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted() -> Wanted {
        Wanted::new("verdict", &["web".to_owned()], "abc")
    }

    fn found(tags: Tags, lifecycle: Option<Value>) -> Found {
        let repository = FoundRepository { tags, lifecycle };
        Found {
            repositories: [("verdict/web".to_owned(), repository)].into(),
            scanned: vec!["verdict/*".to_owned()],
        }
    }

    #[test]
    fn from_nothing_everything_is_made_and_then_nothing_is_left() {
        let told = changes(&wanted(), &Found::default(), false).unwrap();
        let told: Vec<_> = told.iter().map(Change::told).collect();
        assert_eq!(
            told,
            [
                ("scan on push", "verdict/*"),
                ("create repository", "verdict/web"),
                ("put lifecycle policy", "verdict/web"),
            ]
        );
        let made = found(Tags::Immutable, Some(lifecycle()));
        assert_eq!(changes(&wanted(), &made, false), Ok(vec![]));
    }

    #[test]
    fn what_is_loose_is_tightened_and_what_is_somebodys_decision_is_refused() {
        let filters = |filter: &str| vec![filter.to_owned()];
        let tightened = changes(&wanted(), &found(Tags::Mutable, Some(lifecycle())), false);
        assert_eq!(
            tightened.unwrap(),
            [Change::MakeTagsImmutable { repository: "verdict/web".to_owned() }]
        );
        for (tags, refusal) in [
            (Tags::ImmutableBut(filters("a*")), Some("lets tags \"a*\"")),
            (Tags::ImmutableBut(filters("latest")), None),
            (Tags::MutableBut(filters("a*")), None),
            (Tags::MutableBut(filters("v*")), Some("lets all tags but")),
        ] {
            let result = changes(&wanted(), &found(tags.clone(), Some(lifecycle())), false);
            match refusal {
                None => assert_eq!(result, Ok(vec![]), "{tags:?}"),
                Some(part) => assert!(result.unwrap_err().to_string().contains(part), "{tags:?}"),
            }
        }
        let other = found(Tags::Immutable, Some(json!({"rules": []})));
        let refused = changes(&wanted(), &other, false).unwrap_err();
        assert!(refused.to_string().contains("--keep-lifecycle"), "{refused}");
        assert_eq!(changes(&wanted(), &other, true), Ok(vec![]));
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
        ] {
            assert_eq!(matches(filter, name), is_match, "{filter} {name}");
        }
    }
}
