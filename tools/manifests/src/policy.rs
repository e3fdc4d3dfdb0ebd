//! What every overlay must keep to.

mod network;
mod pod;
mod references;
mod secrets;

use serde_json::Value;

use crate::Object;

/// A breach of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The rule's name.
    pub rule: &'static str,
    /// The object, and what is wrong with it.
    pub what: String,
}

/// An object that is allowed to break a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exception {
    /// `KIND/NAME`.
    pub object: &'static str,
    /// The rule.
    pub rule: &'static str,
    /// Why.
    pub reason: &'static str,
}

/// All that is allowed to break a rule.
pub const EXCEPTIONS: &[Exception] = &[
    Exception {
        object: "StatefulSet/kafka",
        rule: "read-only-root",
        reason: "the image's start script writes the configuration beside Kafka itself",
    },
    Exception {
        object: "StatefulSet/kafka",
        rule: "budget",
        reason: "a single broker for trying things out: a budget would only keep its node from being emptied",
    },
    Exception {
        object: "Deployment/monitor",
        rule: "budget",
        reason: "one that only watches: a budget would only keep its node from being emptied",
    },
];

/// How images must be named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Images {
    /// By a tag that says which version it is, or a digest.
    Pinned,
    /// By digest.
    Digests,
}

pub(crate) type PodRule = (&'static str, fn(&Object, &Value, &[&Value]) -> Vec<String>);

/// Every breach of the rules in an overlay.
#[must_use]
pub fn problems(objects: &[Object], images: Images, exceptions: &[Exception]) -> Vec<Problem> {
    let mut found = Vec::new();
    for object in objects {
        let Some(template) = object.pod() else {
            continue;
        };
        let containers = object.containers();
        for (rule, check) in pod::RULES {
            found.extend(
                check(object, template, &containers)
                    .into_iter()
                    .map(|what| (*rule, object.called(), what)),
            );
        }
        found.extend(
            pod::images(&containers, images)
                .into_iter()
                .map(|what| ("image", object.called(), what)),
        );
    }
    found.extend(secrets::problems(objects));
    found.extend(references::problems(objects));
    found.extend(network::problems(objects));
    found
        .into_iter()
        .filter(|(rule, called, _)| {
            !exceptions.iter().any(|e| e.rule == *rule && e.object == called)
        })
        .map(|(rule, called, what)| Problem { rule, what: format!("{called}: {what}") })
        .collect()
}
