//! What `docker-compose.yml` must keep to: the rules of the CIS Docker Benchmark that apply to one
//! machine (sections 4 and 5: users, capabilities, limits, read-only root, no privileges, ports),
//! and those that keep the file valid for every version of Compose that a user may have.

use std::{collections::BTreeSet, process::Command};

use serde_json::{Value, json};
use verdict_testkit::{left_out, repository};

use crate::overlay::{file, is_pinned, list, text};

/// A service, the rule that it may break, and why.
type Exception = (&'static str, &'static str, &'static str);

/// All that is allowed to break a rule.
const EXCEPTIONS: [Exception; 3] = [
    ("kafka", "read_only", "the image's start script writes the configuration beside Kafka itself"),
    (
        "mlflow",
        "user",
        "the image has no other user, and its volume is root's; it has no capability",
    ),
    ("jaeger", "healthcheck", "the image promises no tool that could ask"),
];

/// Every breach of the rules in a compose file, one sentence each: `SERVICE: RULE: what is wrong`.
/// An exception that nothing needs is a breach too.
fn breaches(yaml: &str, exceptions: &[Exception]) -> Vec<String> {
    let mut compose: serde_yaml_ng::Value = serde_yaml_ng::from_str(yaml).unwrap();
    compose.apply_merge().unwrap();
    let compose = serde_json::to_value(compose).unwrap();
    let mut found = Vec::new();
    for key in ["version", "name"] {
        if !compose[key].is_null() {
            found.push(format!("{key}: stands at the top, where not every tool takes it"));
        }
    }
    let mut used = Vec::new();
    for (name, service) in compose["services"].as_object().expect("services") {
        for (rule, what) in of_service(service) {
            match exceptions.iter().find(|exception| (exception.0, exception.1) == (name, rule)) {
                Some(exception) => used.push(*exception),
                None => found.push(format!("{name}: {rule}: {what}")),
            }
        }
    }
    for exception in exceptions.iter().filter(|exception| !used.contains(exception)) {
        found.push(format!("{}: {}: the exception is not needed", exception.0, exception.1));
    }
    found
}

/// What is wrong with a service, with the rule that it breaks.
fn of_service(service: &Value) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    let mut must = |rule, holds: bool, what: &str| {
        if !holds {
            found.push((rule, what.to_owned()));
        }
    };
    let image = text(&service["image"]);
    // An image of our own is what was built here, under a name for the registry's version.
    let is_ours = !service["build"].is_null() && image.starts_with("verdict-");
    must("image", is_ours || is_pinned(image), "must be pinned to a version");
    for key in ["mem_limit", "cpus", "pids_limit"] {
        must("limits", !service[key].is_null(), &format!("{key} not set"));
    }
    must("cap_drop", service["cap_drop"] == json!(["ALL"]), "must be [ALL]");
    must("cap_drop", service["cap_add"].is_null(), "cap_add takes capabilities back");
    let privileges = json!("no-new-privileges:true");
    let is_closed = list(&service["security_opt"]).contains(&privileges);
    must("security_opt", is_closed, "must have no-new-privileges:true");
    for key in ["privileged", "network_mode", "pid", "ipc", "userns_mode", "devices"] {
        let what = format!("{key} opens the container to the machine");
        must("security_opt", service[key].is_null(), &what);
    }
    // Of a name nobody sees that it is not root's.
    let user = text(&service["user"]).split(':').next().unwrap_or_default();
    let is_plain = user.parse::<u32>().is_ok_and(|user| user > 0);
    must("user", is_plain, "must be a number above 0");
    must("read_only", service["read_only"] == true, "must be true");
    let mut ports = list(&service["ports"]).iter();
    let is_local = ports.all(|port| text(port).starts_with("127.0.0.1:"));
    must("ports", is_local, "must be 127.0.0.1:HOST:CONTAINER, closed to other machines");
    for volume in list(&service["volumes"]).iter().map(text) {
        // What is the machine's may be read only; the engine's socket would be the machine itself.
        let is_closed = !volume.starts_with(['.', '/', '~', '$']) || volume.ends_with(":ro");
        let what = format!("{volume} lets the container change the machine");
        must("volumes", is_closed && !volume.contains("docker.sock"), &what);
    }
    let restart = text(&service["restart"]);
    let is_known = ["no", "always", "on-failure", "unless-stopped"].contains(&restart);
    must("restart", is_known, "must say what happens at an end");
    let is_bounded = !service["logging"]["options"]["max-size"].is_null();
    must("logging", is_bounded, "max-size is not set, so that the log fills the disk");
    // What ends by itself says by its exit code how it went.
    let is_checked = restart == "no" || !service["healthcheck"]["test"].is_null();
    must("healthcheck", is_checked, "has no test");
    let after = &service["depends_on"];
    let mut conditions = after.as_object().into_iter().flatten();
    let waits = conditions.all(|(_, one)| !one["condition"].is_null());
    let what = "must say a condition for each, since an order alone waits for nothing";
    must("depends_on", after.is_null() || (after.is_object() && waits), what);
    let environment = &service["environment"];
    must("environment", environment.is_null() || environment.is_object(), "must be a mapping");
    for (name, value) in environment.as_object().into_iter().flatten() {
        let words = ["PASSWORD", "SECRET", "TOKEN", "_KEY", "CREDENTIAL"];
        let is_secret = words.iter().any(|word| name.contains(word));
        let what = format!("{name:?} has a value; hand it on without one, or use a secret");
        must("environment", !is_secret || value.is_null(), &what);
    }
    found
}

#[test]
fn every_service_keeps_to_the_rules_or_has_a_reason() {
    assert_eq!(breaches(&file("docker-compose.yml"), &EXCEPTIONS), Vec::<String>::new());
}

#[test]
fn every_variable_is_in_the_example_and_the_example_has_no_other() {
    // `${NAME:-default}`, and the variables that are handed on without a value.
    let compose = file("docker-compose.yml");
    let interpolated = compose.split("${").skip(1).filter_map(|rest| rest.split([':', '}']).next());
    let handed_on =
        compose.lines().filter_map(|line| line.trim().strip_suffix(':')).filter(|name| {
            !name.is_empty() && name.bytes().all(|c| c.is_ascii_uppercase() || c == b'_')
        });
    let used: BTreeSet<_> = interpolated.chain(handed_on).collect();
    let example = file(".env.example");
    // Other words in capitals have no underscore, and the underscore of a word in small letters
    // stands alone.
    let named: BTreeSet<_> = example
        .split(|c: char| !c.is_ascii_uppercase() && c != '_')
        .filter(|word| word.contains('_') || *word == "REVISION" || *word == "CREATED")
        .filter(|name| name.len() > 3 && *name != "COMPOSE_PROJECT_NAME")
        .collect();
    assert_eq!(used, named);
}

/// A service that keeps to all rules, with one line replaced or added.
fn service(replaced: &str, by: &str) -> String {
    let good = "services:
  one:
    image: example/one:1.0
    user: '1000'
    read_only: true
    restart: unless-stopped
    mem_limit: 64m
    cpus: 1
    pids_limit: 10
    cap_drop: [ALL]
    security_opt: ['no-new-privileges:true']
    ports: ['127.0.0.1:80:80']
    volumes: ['./here:/there:ro', 'data:/data']
    environment: {A: b, SOME_TOKEN: }
    depends_on: {two: {condition: service_started}}
    logging: {options: {max-size: 1m}}
    healthcheck: {test: [CMD, ask]}
";
    assert!(good.contains(replaced), "{replaced}");
    good.replacen(replaced, by, 1)
}

#[test]
fn every_rule_of_compose_finds_its_breach() {
    assert_eq!(breaches(&service("", ""), &[]), Vec::<String>::new());
    for (replaced, by, problem) in [
        ("services:", "version: '3'\nservices:", "version: "),
        ("services:", "name: x\nservices:", "name: "),
        ("one:1.0", "one:latest", "one: image: "),
        ("one:1.0", "one", "one: image: "),
        ("    mem_limit: 64m\n", "", "one: limits: mem_limit not set"),
        ("    cpus: 1\n", "", "one: limits: cpus not set"),
        ("    pids_limit: 10\n", "", "one: limits: pids_limit not set"),
        ("[ALL]", "[NET_RAW]", "one: cap_drop: "),
        ("[ALL]", "[ALL]\n    cap_add: [SYS_ADMIN]", "one: cap_drop: cap_add"),
        ("no-new-privileges:true", "seccomp:unconfined", "one: security_opt: "),
        ("cpus: 1", "cpus: 1\n    privileged: true", "one: security_opt: privileged"),
        ("cpus: 1", "cpus: 1\n    network_mode: host", "one: security_opt: network_mode"),
        ("    user: '1000'\n", "", "one: user: "),
        ("'1000'", "'0:0'", "one: user: "),
        ("'1000'", "nobody", "one: user: "),
        ("read_only: true", "read_only: false", "one: read_only: "),
        ("127.0.0.1:80:80", "80:80", "one: ports: "),
        ("127.0.0.1:80:80", "0.0.0.0:80:80", "one: ports: "),
        ("/there:ro", "/there", "one: volumes: "),
        ("./here:", "/var/run/docker.sock:", "one: volumes: "),
        ("unless-stopped", "sometimes", "one: restart: "),
        ("max-size: 1m", "max-file: 1", "one: logging: "),
        ("    healthcheck: {test: [CMD, ask]}\n", "", "one: healthcheck: "),
        ("{two: {condition: service_started}}", "[two]", "one: depends_on: "),
        ("SOME_TOKEN: }", "SOME_TOKEN: hunter2}", "one: environment: "),
    ] {
        let found = breaches(&service(replaced, by), &[]);
        assert!(found.len() == 1 && found[0].starts_with(problem), "{by:?}: {found:?}");
    }
}

#[test]
fn an_exception_is_needed_or_it_is_a_breach() {
    let [exception, ..] = EXCEPTIONS;
    let found = breaches(&service("", ""), &[exception]);
    assert_eq!(found, ["kafka: read_only: the exception is not needed"]);
    let breach = service("  one:", "  kafka:").replace("read_only: true", "read_only: false");
    assert_eq!(breaches(&breach, &[exception]), Vec::<String>::new());
}

#[test]
fn compose_itself_takes_the_file_with_every_profile() {
    // Compose 2 is a part of docker, docker-compose its forerunner; the file is valid for both.
    let profiles = "--profile load --profile train --profile mlflow --profile traces";
    let mut found = 0;
    for (program, first) in [("docker", "compose "), ("docker-compose", "")] {
        let run = |arguments: &str| {
            let arguments = format!("{first}{arguments}");
            Command::new(program).args(arguments.split(' ')).current_dir(repository()).output()
        };
        if !run("version").is_ok_and(|output| output.status.success()) {
            continue;
        }
        found += 1;
        let output = run(&format!("{profiles} config")).unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{program}: {errors}");
        // The tool has resolved it: every service is there, and every variable has its default.
        let resolved: Value = serde_yaml_ng::from_slice(&output.stdout).unwrap();
        let services: Vec<_> = resolved["services"].as_object().unwrap().keys().collect();
        let compose: Value = serde_yaml_ng::from_str(&file("docker-compose.yml")).unwrap();
        let wanted = compose["services"].as_object().unwrap().keys();
        assert_eq!(services.len(), 11, "{program}: {services:?}");
        assert_eq!(services, wanted.collect::<Vec<_>>(), "{program}");
    }
    if found == 0 {
        left_out(
            "neither docker compose nor docker-compose is installed (apt-get install docker-compose)",
        );
    }
}
