//! What the manifests have in common with the programs, compared with the types that the programs read their flags into.

use std::collections::{BTreeMap, BTreeSet};

use crate::common::{EKS, LOCAL, OVERLAYS, file, overlay, root};
use clap::{Command, CommandFactory};
use serde_json::Value;
use verdict_manifests::{Object, prometheus_rules};
use verdict_messages::topic;
use verdict_service::Page;

/// Read by crates/registry, beside the flags.
const OF_MLFLOW: [&str; 4] = [
    "MLFLOW_TRACKING_URI",
    "MLFLOW_TRACKING_USERNAME",
    "MLFLOW_TRACKING_PASSWORD",
    "MLFLOW_TRACKING_TOKEN",
];

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A container that runs one of our programs.
struct Ours<'a> {
    called: String,
    object: &'a Object,
    container: &'a Value,
    program: &'static str,
    args: Vec<String>,
    /// Values that stand in the manifest; `None` for what the cluster fills in.
    environment: BTreeMap<String, Option<String>>,
}

fn ours(objects: &[Object]) -> Vec<Ours<'_>> {
    let config = |name: &str| {
        let map = objects.iter().find(|o| o.called() == format!("ConfigMap/{name}"));
        map.unwrap_or_else(|| panic!("{name}")).0["data"].as_object().cloned().unwrap_or_default()
    };
    let mut found = Vec::new();
    for object in objects {
        for container in object.containers() {
            let image = text(container, "/image").split(['@', ':']).next().unwrap();
            let program = match image.rsplit(['/', '-']).next() {
                Some("consumer") => "consumer",
                Some("producer") => "producer",
                Some("trainer") => "trainer",
                Some("web") => "web",
                _ => continue,
            };
            let mut environment = BTreeMap::new();
            for source in list(container, "/envFrom") {
                let map = config(text(source, "/configMapRef/name"));
                environment.extend(
                    map.into_iter().map(|(name, value)| (name, value.as_str().map(str::to_owned))),
                );
            }
            for variable in list(container, "/env") {
                let value = variable.get("value").and_then(Value::as_str).map(str::to_owned);
                environment.insert(text(variable, "/name").to_owned(), value);
            }
            found.push(Ours {
                called: object.called(),
                object,
                container,
                program,
                args: list(container, "/args")
                    .iter()
                    .map(|word| word.as_str().unwrap().to_owned())
                    .collect(),
                environment,
            });
        }
    }
    found
}

fn of_program(name: &str) -> Command {
    match name {
        "consumer" => verdict_consumer::cli::Cli::command(),
        "producer" => verdict_producer::settings::Cli::command(),
        "trainer" => verdict_trainer::cli::Cli::command(),
        "web" => verdict_web::settings::RawSettings::command(),
        _ => panic!("{name}"),
    }
}

impl Ours<'_> {
    /// The command that the arguments name, with its flags.
    fn command(&self) -> Command {
        let mut command = of_program(self.program);
        command.build();
        for word in &self.args {
            let Some(inner) = command.find_subcommand(word) else {
                break;
            };
            command = inner.clone();
        }
        command
    }

    /// Flag and default of the argument that reads this variable.
    fn flag(&self, variable: &str) -> Option<(String, Option<String>)> {
        let command = self.command();
        let argument = command
            .get_arguments()
            .find(|argument| argument.get_env().is_some_and(|name| name == variable))?;
        let default =
            argument.get_default_values().first().map(|value| value.to_string_lossy().into_owned());
        Some((argument.get_long()?.to_owned(), default))
    }

    fn value(&self, variable: &str) -> String {
        let said = self.environment.get(variable).cloned().flatten();
        said.or_else(|| self.flag(variable).unwrap_or_else(|| panic!("{variable}")).1)
            .unwrap_or_else(|| panic!("{variable} has no value"))
    }
}

#[test]
fn every_argument_and_every_value_is_taken_by_its_program() {
    for name in OVERLAYS {
        let Some((objects, _)) = overlay(name) else {
            return;
        };
        let containers = ours(&objects);
        let programs: BTreeSet<_> = containers.iter().map(|ours| ours.program).collect();
        assert_eq!(programs.len(), 4, "{name}: {programs:?}");
        for ours in containers {
            let mut line = vec![ours.program.to_owned()];
            // What the cluster fills in is not known here.
            line.extend(ours.args.iter().map(|word| word.replace("$(", "").replace(')', "")));
            for (variable, value) in &ours.environment {
                if let (Some((flag, _)), Some(value)) = (ours.flag(variable), value) {
                    line.push(format!("--{flag}={value}"));
                }
            }
            if let Err(error) = of_program(ours.program).try_get_matches_from(&line) {
                panic!("{name}: {}: {line:?}: {error}", ours.called);
            }
        }
    }
}

#[test]
fn every_variable_is_read_by_the_program_that_gets_it() {
    let registry = std::fs::read_dir(root().join("crates/registry/src/mlflow")).unwrap();
    let registry: String = registry
        .map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap())
        .chain([file("crates/registry/src/mlflow.rs"), file("crates/registry/src/load.rs")])
        .collect();
    for name in OF_MLFLOW {
        assert!(registry.contains(name), "crates/registry does not read {name}");
    }
    for name in OVERLAYS {
        let Some((objects, _)) = overlay(name) else {
            return;
        };
        for ours in ours(&objects) {
            for variable in ours.environment.keys() {
                let in_arguments =
                    ours.args.iter().any(|word| word.contains(&format!("$({variable})")));
                let of_registry = OF_MLFLOW.contains(&variable.as_str())
                    && ["consumer", "trainer"].contains(&ours.program);
                assert!(
                    in_arguments || of_registry || ours.flag(variable).is_some(),
                    "{name}: {}: {} {:?} does not read {variable}",
                    ours.called,
                    ours.program,
                    ours.args
                );
            }
            for word in &ours.args {
                for used in word.split("$(").skip(1) {
                    let used = used.split(')').next().unwrap();
                    assert!(
                        ours.environment.contains_key(used),
                        "{name}: {}: {used} is not set",
                        ours.called
                    );
                }
            }
        }
    }
}

#[test]
fn every_probe_asks_a_page_at_the_port_that_the_program_listens_on() {
    for name in OVERLAYS {
        let Some((objects, _)) = overlay(name) else {
            return;
        };
        for ours in ours(&objects).iter().filter(|ours| ours.object.is_service()) {
            let listens = ours.value("VERDICT_LISTEN");
            // All addresses, else nothing outside of the pod reaches it.
            let port = listens
                .strip_prefix("0.0.0.0:")
                .unwrap_or_else(|| panic!("{}: {listens}", ours.called));
            let ports = list(ours.container, "/ports");
            assert_eq!(ports.len(), 1, "{}", ours.called);
            assert_eq!(ports[0]["containerPort"].to_string(), port, "{}", ours.called);
            // The port that the program has without being told is the one that everything else in the repository names.
            let default = ours.flag("VERDICT_LISTEN").unwrap().1.unwrap();
            assert!(default.ends_with(&format!(":{port}")), "{}: {default}", ours.called);
            for (probe, page) in [
                ("startupProbe", "/healthz"),
                ("livenessProbe", "/healthz"),
                ("readinessProbe", "/readyz"),
            ] {
                let asked = &ours.container[probe]["httpGet"];
                assert_eq!(text(asked, "/path"), page, "{}", ours.called);
                assert!(Page::at(page).is_some(), "{page}");
                assert_eq!(asked["port"], ports[0]["name"], "{}", ours.called);
            }
        }
        for monitor in objects.iter().filter(|object| object.kind() == "ServiceMonitor") {
            for endpoint in monitor.list("/spec/endpoints") {
                assert!(Page::at(text(endpoint, "/path")).is_some(), "{endpoint}");
            }
        }
    }
}

#[test]
fn a_pod_is_given_longer_than_its_program_takes_to_end() {
    // The constant is private; its line is its only home.
    let service = file("crates/service/src/process.rs");
    let consumer: u64 = service
        .split("const END_WITHIN: Duration = Duration::from_secs(")
        .nth(1)
        .and_then(|rest| rest.split(')').next())
        .and_then(|seconds| seconds.parse().ok())
        .expect("END_WITHIN");
    for name in OVERLAYS {
        let Some((objects, _)) = overlay(name) else {
            return;
        };
        let mut seen = 0;
        for ours in ours(&objects).iter().filter(|ours| ours.object.is_service()) {
            let takes = match ours.program {
                "web" => {
                    let ms = |variable| ours.value(variable).parse::<u64>().unwrap();
                    (ms("VERDICT_NOTICE_MS") + ms("VERDICT_DRAIN_MS")).div_ceil(1000)
                }
                _ => consumer,
            };
            let grace = ours.object.pod().unwrap()["spec"]["terminationGracePeriodSeconds"]
                .as_u64()
                .unwrap();
            assert!(grace >= takes + 10, "{name}: {}: {grace} s for {takes} s", ours.called);
            seen += 1;
        }
        assert_eq!(seen, 3, "{name}");
    }
}

#[test]
fn names_and_numbers_of_topics_are_those_of_the_contract() {
    for name in OVERLAYS {
        let Some((objects, _)) = overlay(name) else {
            return;
        };
        let containers = ours(&objects);
        let consumer =
            containers.iter().find(|ours| ours.called == "StatefulSet/consumer").unwrap();
        let monitor = containers.iter().find(|ours| ours.called == "Deployment/monitor").unwrap();
        assert_eq!(consumer.value("VERDICT_GROUP"), monitor.value("VERDICT_GROUP"));
        // What a pod calls itself is its name: the group's lasting member, and the number of the reply partition.
        let by_name = |ours: &Ours<'_>, variable: &str| {
            let found =
                list(ours.container, "/env").iter().find(|v| text(v, "/name") == variable).cloned();
            assert_eq!(text(&found.unwrap(), "/valueFrom/fieldRef/fieldPath"), "metadata.name");
        };
        by_name(consumer, "VERDICT_INSTANCE");
        let web = containers.iter().find(|ours| ours.called == "StatefulSet/web").unwrap();
        by_name(web, "HOSTNAME");
        let replicas = web.object.0["spec"]["replicas"].as_i64().unwrap();
        assert!(replicas <= i64::from(topic::REPLY_PARTITIONS), "{replicas}");

        let most = i64::from(topic::REVIEW_PARTITIONS);
        for object in &objects {
            match object.kind() {
                "ScaledObject" => {
                    assert_eq!(object.0["spec"]["maxReplicaCount"], most);
                    assert!(object.0["spec"]["minReplicaCount"].as_i64().unwrap() >= 1);
                    let trigger = &object.0["spec"]["triggers"][0]["metadata"];
                    assert_eq!(text(trigger, "/topic"), consumer.value("VERDICT_REVIEWS_TOPIC"));
                    assert_eq!(text(trigger, "/topic"), topic::REVIEWS);
                    assert_eq!(text(trigger, "/consumerGroup"), consumer.value("VERDICT_GROUP"));
                    // From another namespace Kafka's Service has a longer name.
                    let brokers = consumer
                        .value("VERDICT_BOOTSTRAP_SERVERS")
                        .replace("kafka:9092", "kafka.verdict.svc:9092");
                    assert_eq!(text(trigger, "/bootstrapServers"), brokers);
                }
                "HorizontalPodAutoscaler" => assert_eq!(object.0["spec"]["maxReplicas"], most),
                _ => {}
            }
        }
        for ours in &containers {
            let labels = &ours.object.pod().unwrap()["metadata"]["labels"];
            assert_eq!(
                labels["verdict.io/kafka"], "client",
                "{}: the network keeps it from Kafka",
                ours.called
            );
        }
    }
}

#[test]
fn kafka_s_port_is_open_to_those_who_use_it() {
    for (name, brokers_port) in [(LOCAL, "9092"), (EKS, "9096")] {
        let Some((objects, _)) = overlay(name) else {
            return;
        };
        let policy =
            objects.iter().find(|o| o.called() == "NetworkPolicy/verdict-to-kafka").unwrap();
        let open = &policy.0["spec"]["egress"][0]["ports"][0]["port"];
        assert_eq!(open.to_string(), brokers_port, "{name}");
        for ours in ours(&objects) {
            let brokers = ours.value("VERDICT_BOOTSTRAP_SERVERS");
            assert!(
                brokers.split(',').all(|broker| broker.ends_with(&format!(":{brokers_port}"))),
                "{brokers}"
            );
        }
    }
}

#[test]
fn prometheus_jobs_rules_and_dashboards_are_those_of_the_observability_folder() {
    let Some((objects, _)) = overlay(EKS) else {
        return;
    };
    // A job is the value of a label of the Service.
    let monitor = objects.iter().find(|o| o.kind() == "ServiceMonitor").unwrap();
    let label = monitor.text("/spec/jobLabel");
    let jobs: BTreeSet<_> = objects
        .iter()
        .filter(|o| {
            o.kind() == "Service"
                && o.text("/metadata/labels/app.kubernetes.io~1component") == "instances"
        })
        .map(|o| o.0["metadata"]["labels"][label].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(jobs.len(), 3, "{jobs:?}");
    let config: Value =
        serde_yaml_ng::from_str(&file("observability/prometheus/prometheus.yml")).unwrap();
    let known: BTreeSet<_> = list(&config, "/scrape_configs")
        .iter()
        .map(|job| text(job, "/job_name").to_owned())
        .collect();
    assert!(jobs.is_subset(&known), "{jobs:?} {known:?}");

    let recording = file("observability/prometheus/rules/recording.yml");
    let alerts = file("observability/prometheus/rules/alerts.yml");
    let rules =
        prometheus_rules::of(&[("recording.yml", &recording), ("alerts.yml", &alerts)]).unwrap();
    assert!(
        file("k8s/components/monitoring/prometheus-rules.yaml") == rules,
        "k8s/components/monitoring/prometheus-rules.yaml is older than the rules: make manifests"
    );
    assert!(objects.iter().any(|o| o.kind() == "PrometheusRule"));
    let object: Value = serde_yaml_ng::from_str(&rules).unwrap();
    let groups = list(&object, "/spec/groups");
    let names: BTreeSet<_> = groups.iter().map(|group| text(group, "/name")).collect();
    assert_eq!(names.len(), groups.len(), "the API server refuses groups of one name");

    let folder = root().join("observability/grafana/dashboards");
    let wanted: BTreeSet<_> = std::fs::read_dir(folder)
        .map(|entries| {
            let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
            names.filter(|name| name.ends_with(".json")).collect()
        })
        .unwrap_or_default();
    let is_dashboard = |o: &&Object| o.text("/metadata/labels/grafana_dashboard") == "1";
    let there: BTreeSet<String> = objects
        .iter()
        .filter(is_dashboard)
        .flat_map(|o| o.0["data"].as_object().unwrap().keys().cloned().collect::<Vec<_>>())
        .collect();
    assert_eq!(there, wanted, "name every dashboard in observability/grafana/kustomization.yaml");
    let datasource = objects.iter().find(|o| o.called() == "ConfigMap/grafana-datasource").unwrap();
    assert!(datasource.text("/data/datasource.yaml").contains("uid: verdict-prometheus"));
}

#[test]
fn kafka_inside_is_the_one_of_compose() {
    let Some((objects, _)) = overlay(LOCAL) else {
        return;
    };
    let compose: Value = serde_yaml_ng::from_str(&file("docker-compose.yml")).unwrap();
    let compose = &compose["services"]["kafka"];
    let kafka = objects.iter().find(|o| o.called() == "StatefulSet/kafka").unwrap();
    let container = kafka.containers()[0];
    assert_eq!(container["image"], compose["image"]);
    // Where it is and what it is called differs; how it behaves does not.
    let of_the_place = [
        "CLUSTER_ID",
        "KAFKA_CONTROLLER_QUORUM_VOTERS",
        "KAFKA_LISTENERS",
        "KAFKA_ADVERTISED_LISTENERS",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP",
        "KAFKA_LOG_DIRS",
    ];
    let written = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let inside: BTreeMap<_, _> = list(container, "/env")
        .iter()
        .map(|v| (text(v, "/name").to_owned(), written(&v["value"])))
        .collect();
    let outside: BTreeMap<_, _> = compose["environment"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(k, v)| (k.clone(), written(v)))
        .collect();
    assert_eq!(inside.keys().collect::<Vec<_>>(), outside.keys().collect::<Vec<_>>());
    for (name, value) in inside.iter().filter(|(name, _)| !of_the_place.contains(&name.as_str())) {
        assert_eq!(Some(value), outside.get(name), "{name}");
    }
}
