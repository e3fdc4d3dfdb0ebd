//! The rules of the compose file.

use serde_yaml_ng::{Mapping, Value};

use crate::is_pinned;

/// A service that is allowed to break a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exception {
    /// The service.
    pub service: &'static str,
    /// The rule, by the name that its breach begins with.
    pub rule: &'static str,
    /// Why.
    pub reason: &'static str,
}

/// All that is allowed to break a rule.
pub const EXCEPTIONS: &[Exception] = &[
    Exception {
        service: "kafka",
        rule: "read_only",
        reason: "the image's start script writes the configuration beside Kafka itself",
    },
    Exception {
        service: "mlflow",
        rule: "user",
        reason: "the image has no other user, and its volume is root's; it has no capability",
    },
    Exception {
        service: "jaeger",
        rule: "healthcheck",
        reason: "the image promises no tool that could ask",
    },
];

type Rule = (&'static str, fn(&Mapping) -> Option<String>);

/// What every service must have: the rule's name, and what is wrong if anything is.
const RULES: &[Rule] = &[
    ("image", image),
    ("limits", limits),
    ("cap_drop", capabilities),
    ("security_opt", privileges),
    ("user", user),
    ("read_only", read_only),
    ("ports", ports),
    ("volumes", volumes),
    ("restart", restart),
    ("logging", logging),
    ("healthcheck", healthcheck),
    ("depends_on", depends_on),
    ("environment", environment),
];

/// Every breach of the rules in a compose file, one sentence each: `SERVICE: RULE: what is wrong`.
///
/// # Errors
/// A sentence, when the text is not YAML or has no services.
pub fn compose_problems(text: &str, exceptions: &[Exception]) -> Result<Vec<String>, String> {
    let mut file: Value = serde_yaml_ng::from_str(text).map_err(|error| error.to_string())?;
    file.apply_merge().map_err(|error| error.to_string())?;
    let mut problems = Vec::new();
    for key in ["version", "name"] {
        if file.get(key).is_some() {
            problems.push(format!("{key}: stands at the top, where not every tool takes it"));
        }
    }
    let services =
        file.get("services").and_then(Value::as_mapping).ok_or("the file has no services")?;
    let mut used = Vec::new();
    for (name, service) in services {
        let name = name.as_str().unwrap_or_default();
        let Some(service) = service.as_mapping() else {
            problems.push(format!("{name}: is no mapping"));
            continue;
        };
        for (rule, check) in RULES {
            let Some(problem) = check(service) else {
                continue;
            };
            let excepted = exceptions.iter().find(|e| e.service == name && e.rule == *rule);
            match excepted {
                Some(exception) => used.push(*exception),
                None => problems.push(format!("{name}: {rule}: {problem}")),
            }
        }
    }
    for exception in exceptions.iter().filter(|exception| !used.contains(exception)) {
        problems.push(format!(
            "{}: {}: the exception is not needed",
            exception.service, exception.rule
        ));
    }
    Ok(problems)
}

fn text<'a>(service: &'a Mapping, key: &str) -> Option<&'a str> {
    service.get(key).and_then(Value::as_str)
}

fn texts<'a>(service: &'a Mapping, key: &str) -> Vec<&'a str> {
    let list = service.get(key).and_then(Value::as_sequence);
    list.into_iter().flatten().filter_map(Value::as_str).collect()
}

fn image(service: &Mapping) -> Option<String> {
    let Some(image) = text(service, "image") else {
        return Some("is not said".to_owned());
    };
    // An image of our own is what was built here, under a name for the registry's version.
    if service.contains_key("build") && image.starts_with("verdict-") {
        return None;
    }
    (!is_pinned(image)).then(|| format!("{image} is not pinned to a version"))
}

fn limits(service: &Mapping) -> Option<String> {
    let missing: Vec<_> = ["mem_limit", "cpus", "pids_limit"]
        .into_iter()
        .filter(|key| !service.contains_key(key))
        .collect();
    (!missing.is_empty()).then(|| format!("{} not set", missing.join(", ")))
}

fn capabilities(service: &Mapping) -> Option<String> {
    if texts(service, "cap_drop") != ["ALL"] {
        return Some("must be [ALL]".to_owned());
    }
    service.contains_key("cap_add").then(|| "cap_add takes capabilities back".to_owned())
}

fn privileges(service: &Mapping) -> Option<String> {
    if !texts(service, "security_opt").contains(&"no-new-privileges:true") {
        return Some("must have no-new-privileges:true".to_owned());
    }
    let open = ["privileged", "network_mode", "pid", "ipc", "userns_mode", "devices"]
        .into_iter()
        .find(|key| service.contains_key(key));
    open.map(|key| format!("{key} opens the container to the machine"))
}

fn user(service: &Mapping) -> Option<String> {
    let Some(user) = text(service, "user") else {
        return Some("is not said".to_owned());
    };
    let id = user.split(':').next().unwrap_or(user);
    match id.parse::<u32>() {
        Ok(0) => Some(format!("{user} is root")),
        Ok(_) => None,
        Err(_) => Some(format!("{user} is no number, so nobody sees that it is not root")),
    }
}

fn read_only(service: &Mapping) -> Option<String> {
    let is_set = service.get("read_only").and_then(Value::as_bool) == Some(true);
    (!is_set).then(|| "must be true".to_owned())
}

fn ports(service: &Mapping) -> Option<String> {
    let open = service
        .get("ports")
        .and_then(Value::as_sequence)?
        .iter()
        .find(|port| !port.as_str().is_some_and(|port| port.starts_with("127.0.0.1:")));
    open.map(|port| format!("{port:?} is open to other machines; write 127.0.0.1:HOST:CONTAINER"))
}

fn volumes(service: &Mapping) -> Option<String> {
    let open = texts(service, "volumes").into_iter().find(|volume| {
        // What is the machine's may be read only; the engine's socket would be the machine itself.
        let host = volume.starts_with(['.', '/', '~', '$']);
        volume.contains("docker.sock") || (host && !volume.ends_with(":ro"))
    });
    open.map(|volume| format!("{volume} lets the container change the machine"))
}

fn restart(service: &Mapping) -> Option<String> {
    match text(service, "restart") {
        Some("no" | "always" | "on-failure" | "unless-stopped") => None,
        other => Some(format!("must say what happens at an end, got {other:?}")),
    }
}

fn logging(service: &Mapping) -> Option<String> {
    let options = service.get("logging").and_then(|logging| logging.get("options"));
    let bounded = options.is_some_and(|options| options.get("max-size").is_some());
    (!bounded).then(|| "max-size is not set, so that the log fills the disk".to_owned())
}

fn healthcheck(service: &Mapping) -> Option<String> {
    // What ends by itself is told by its exit code.
    if text(service, "restart") == Some("no") {
        return None;
    }
    let test = service.get("healthcheck").and_then(|check| check.get("test"));
    test.is_none().then(|| "has no test".to_owned())
}

fn depends_on(service: &Mapping) -> Option<String> {
    let after = service.get("depends_on")?;
    let said = after
        .as_mapping()
        .is_some_and(|after| after.values().all(|one| one.get("condition").is_some()));
    (!said)
        .then(|| "must say a condition for each, since an order alone waits for nothing".to_owned())
}

fn environment(service: &Mapping) -> Option<String> {
    let environment = service.get("environment")?;
    let Some(variables) = environment.as_mapping() else {
        return Some("must be a mapping".to_owned());
    };
    let secret = variables.iter().find(|(name, value)| {
        let name = name.as_str().unwrap_or_default();
        let is_secret = ["PASSWORD", "SECRET", "TOKEN", "_KEY", "CREDENTIAL"]
            .iter()
            .any(|part| name.contains(part));
        is_secret && !value.is_null()
    });
    secret.map(|(name, _)| format!("{name:?} has a value; hand it on without one, or use a secret"))
}
