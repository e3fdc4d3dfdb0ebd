//! The rules, on the files of the repository and on files that break them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "tests"
)]

use std::{collections::BTreeSet, path::PathBuf, process::Command};

use verdict_compose_test::{EXCEPTIONS, compose_problems, dockerfile_problems};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn file(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).expect("the file is there")
}

#[test]
fn every_service_keeps_to_the_rules_or_has_a_reason() {
    let problems = compose_problems(&file("docker-compose.yml"), EXCEPTIONS).expect("readable");
    assert!(problems.is_empty(), "{problems:#?}");
}

#[test]
fn the_images_keep_to_the_rules() {
    let problems = dockerfile_problems(&file("Dockerfile"));
    assert!(problems.is_empty(), "{problems:#?}");
}

/// A test that a manifest names without its path is looked for, and `.dockerignore` leaves tests out.
#[test]
fn every_manifest_can_be_read_without_its_tests() {
    let listed = Command::new("git")
        .args(["ls-files", "*Cargo.toml"])
        .current_dir(root())
        .output()
        .expect("git runs");
    let manifests = String::from_utf8(listed.stdout).expect("paths are UTF-8");
    assert!(manifests.lines().count() > 10, "{manifests}");
    let without_path = manifests.lines().flat_map(|manifest| {
        let text = file(manifest);
        let sections = text.split("\n[");
        let named = sections.filter(|section| section.starts_with("[test]]"));
        let pathless: Vec<_> = named
            .filter(|section| !section.contains("\npath = "))
            .map(|section| format!("{manifest}: [{section}"))
            .collect();
        pathless
    });
    assert_eq!(without_path.collect::<Vec<_>>(), Vec::<String>::new());
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
    // Other words in capitals have no underscore, and the underscore of a word in small letters stands alone.
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
    assert_eq!(compose_problems(&service("", ""), &[]), Ok(vec![]));
    for (replaced, by, problem) in [
        ("services:", "version: '3'\nservices:", "version: "),
        ("services:", "name: x\nservices:", "name: "),
        ("one:1.0", "one:latest", "one: image: "),
        ("one:1.0", "one", "one: image: "),
        ("    mem_limit: 64m\n", "", "one: limits: mem_limit not set"),
        ("    cpus: 1\n    pids_limit: 10\n", "", "one: limits: cpus, pids_limit not set"),
        ("[ALL]", "[NET_RAW]", "one: cap_drop: "),
        ("[ALL]", "[ALL]\n    cap_add: [SYS_ADMIN]", "one: cap_drop: cap_add"),
        ("no-new-privileges:true", "seccomp:unconfined", "one: security_opt: "),
        ("cpus: 1", "cpus: 1\n    privileged: true", "one: security_opt: privileged"),
        ("cpus: 1", "cpus: 1\n    network_mode: host", "one: security_opt: network_mode"),
        ("    user: '1000'\n", "", "one: user: is not said"),
        ("'1000'", "'0:0'", "one: user: 0:0 is root"),
        ("'1000'", "nobody", "one: user: nobody is no number"),
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
        let problems = compose_problems(&service(replaced, by), &[]).expect("readable");
        assert!(
            problems.len() == 1 && problems.iter().all(|found| found.starts_with(problem)),
            "{by:?} gives {problems:?}, not {problem:?}"
        );
    }
}

#[test]
fn an_exception_is_needed_or_it_is_a_breach() {
    let [exception, ..] = EXCEPTIONS else { panic!("there are exceptions") };
    let problems = compose_problems(&service("", ""), &[*exception]).expect("readable");
    assert_eq!(problems, ["kafka: read_only: the exception is not needed"]);
    let breach = service("  one:", "  kafka:").replace("read_only: true", "read_only: false");
    assert_eq!(compose_problems(&breach, &[*exception]), Ok(vec![]));
}

#[test]
fn what_is_no_compose_file_is_an_error() {
    for text in ["", "services: [", "volumes: {}"] {
        assert!(compose_problems(text, &[]).is_err(), "{text:?}");
    }
}

#[test]
fn every_rule_of_the_dockerfile_finds_its_breach() {
    let good = "ARG BASE=example/base:1\nFROM ${BASE} AS build\nRUN cargo build \\\n  --locked\n\
                FROM ${BASE} AS service\nUSER 65532:65532\nFROM service AS one\nENTRYPOINT [\"/one\"]\n";
    assert_eq!(dockerfile_problems(good), Vec::<String>::new());
    let cross =
        good.replace("FROM ${BASE} AS build", "FROM --platform=${BUILDPLATFORM} ${BASE} AS build");
    let empty = cross.replace("FROM ${BASE} AS service", "FROM scratch AS service");
    assert_eq!(dockerfile_problems(&empty), Vec::<String>::new());
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
        let problems = dockerfile_problems(&good.replacen(replaced, by, 1));
        assert!(
            !problems.is_empty() && problems.iter().all(|found| found.contains(problem)),
            "{by:?} gives {problems:?}, not {problem:?}"
        );
    }
}

#[test]
fn compose_itself_takes_the_file_with_every_profile() {
    // Compose 2 is a part of docker, docker-compose its forerunner; the file is valid for both.
    let tools = [vec!["docker", "compose"], vec!["docker-compose"]];
    let works = |tool: &&Vec<&str>| {
        let [program, arguments @ ..] = tool.as_slice() else {
            return false;
        };
        let version = Command::new(program).args(arguments).arg("version").output();
        version.is_ok_and(|output| output.status.success())
    };
    let found: Vec<_> = tools.iter().filter(works).collect();
    #[expect(clippy::disallowed_methods, reason = "a test may ask whether it runs in CI")]
    if found.is_empty() {
        assert!(std::env::var("CI").is_err(), "CI runs every test: apt-get install docker-compose");
        eprintln!("left out: neither docker compose nor docker-compose is installed");
        return;
    }
    for tool in found {
        let [program, arguments @ ..] = tool.as_slice() else {
            continue;
        };
        let output = Command::new(program)
            .args(arguments)
            .args([
                "--profile",
                "load",
                "--profile",
                "train",
                "--profile",
                "mlflow",
                "--profile",
                "traces",
            ])
            .args(["config"])
            .current_dir(root())
            .output()
            .expect("runs");
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{tool:?}: {told}");
        // The tool has resolved it: every service is there, and every variable has its default.
        let resolved = String::from_utf8(output.stdout).expect("text");
        for service in [
            "kafka",
            "topics",
            "consumer",
            "monitor",
            "web",
            "producer",
            "trainer",
            "prometheus",
            "grafana",
            "mlflow",
            "jaeger",
        ] {
            assert!(
                resolved.contains(&format!("\n  {service}:\n")),
                "{tool:?}: {service} is missing"
            );
        }
    }
}
