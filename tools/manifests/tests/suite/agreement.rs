//! What the manifests have in common with the programs, compared with the types that the programs
//! read their flags into.

use std::{
    collections::{BTreeMap, BTreeSet},
    process,
};

use clap::{Command, CommandFactory};
use serde_json::Value;
use verdict_messages::topic;
use verdict_service::Page;
use verdict_testkit::{repository, run};

use crate::{
    network,
    overlay::{
        EKS, LOCAL, Overlay, called, containers, file, find, is_service, list, of_kind, overlay,
        overlays, parse, pod, selects, text,
    },
};

/// Read by crates/registry, beside the flags.
const OF_MLFLOW: [&str; 4] = [
    "MLFLOW_TRACKING_URI",
    "MLFLOW_TRACKING_USERNAME",
    "MLFLOW_TRACKING_PASSWORD",
    "MLFLOW_TRACKING_TOKEN",
];

/// A container that runs one of our programs.
struct Ours {
    called: String,
    object: &'static Value,
    container: &'static Value,
    program: &'static str,
    args: Vec<&'static str>,
    /// Values that stand in the manifest; `None` for what the cluster fills in.
    environment: BTreeMap<&'static str, Option<&'static str>>,
}

fn ours(overlay: &'static Overlay) -> Vec<Ours> {
    let mut found = Vec::new();
    for object in &overlay.objects {
        for container in containers(object) {
            let image = text(&container["image"]).split(['@', ':']).next().unwrap();
            let name = image.rsplit(['/', '-']).next();
            let programs = ["consumer", "producer", "trainer", "web"];
            let Some(program) = programs.into_iter().find(|program| name == Some(program)) else {
                continue;
            };
            let mut environment = BTreeMap::new();
            for source in list(&container["envFrom"]) {
                let name = format!("ConfigMap/{}", text(&source["configMapRef"]["name"]));
                let data = find(&overlay.objects, &name)["data"].as_object();
                let data = data.into_iter().flatten();
                environment.extend(data.map(|(name, value)| (name.as_str(), value.as_str())));
            }
            for variable in list(&container["env"]) {
                environment.insert(text(&variable["name"]), variable["value"].as_str());
            }
            let args = list(&container["args"]).iter().map(|word| word.as_str().unwrap()).collect();
            let called = called(object);
            found.push(Ours { called, object, container, program, args, environment });
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

impl Ours {
    /// Flag and default of the argument that reads this variable, of the command that the
    /// container runs.
    fn flag(&self, variable: &str) -> Option<(String, Option<String>)> {
        let mut command = of_program(self.program);
        command.build();
        for word in &self.args {
            let Some(inner) = command.find_subcommand(word) else { break };
            command = inner.clone();
        }
        let mut arguments = command.get_arguments();
        let argument = arguments.find(|a| a.get_env().is_some_and(|name| name == variable))?;
        let default = argument.get_default_values().first();
        let default = default.map(|value| value.to_string_lossy().into_owned());
        Some((argument.get_long()?.to_owned(), default))
    }

    fn value(&self, variable: &str) -> String {
        let set = self.environment.get(variable).copied().flatten().map(str::to_owned);
        set.or_else(|| self.flag(variable).unwrap_or_else(|| panic!("{variable}")).1)
            .unwrap_or_else(|| panic!("{variable} has no value"))
    }
}

#[test]
fn every_argument_and_every_value_is_taken_by_its_program() {
    for overlay in overlays().unwrap_or_default() {
        let name = overlay.name;
        let containers = ours(overlay);
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
    let registry = std::fs::read_dir(repository().join("crates/registry/src/mlflow")).unwrap();
    let registry: String = registry
        .map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap())
        .chain([file("crates/registry/src/mlflow.rs"), file("crates/registry/src/load.rs")])
        .collect();
    for name in OF_MLFLOW {
        assert!(registry.contains(name), "crates/registry does not read {name}");
    }
    for overlay in overlays().unwrap_or_default() {
        for ours in ours(overlay) {
            let place = format!("{}: {} {:?}", overlay.name, ours.called, ours.args);
            for variable in ours.environment.keys() {
                let in_arguments = format!("$({variable})");
                let is_read = ours.args.iter().any(|word| word.contains(&in_arguments))
                    || ours.flag(variable).is_some()
                    || OF_MLFLOW.contains(variable)
                        && ["consumer", "trainer"].contains(&ours.program);
                assert!(is_read, "{place} does not read {variable}");
            }
            for used in ours.args.iter().flat_map(|word| word.split("$(").skip(1)) {
                let used = used.split(')').next().unwrap();
                assert!(ours.environment.contains_key(used), "{place}: {used} is not set");
            }
        }
    }
}

#[test]
fn every_probe_asks_a_page_at_the_port_that_the_program_listens_on() {
    for overlay in overlays().unwrap_or_default() {
        for ours in ours(overlay).iter().filter(|ours| is_service(ours.object)) {
            let called = &ours.called;
            // All addresses, else nothing outside of the pod reaches it.
            let listens = ours.value("VERDICT_LISTEN");
            let port = listens.strip_prefix("0.0.0.0:");
            let port = port.unwrap_or_else(|| panic!("{called}: {listens}"));
            let ports = list(&ours.container["ports"]);
            assert_eq!(ports.len(), 1, "{called}");
            assert_eq!(ports[0]["containerPort"].to_string(), port, "{called}");
            // Everything else in the repository names the port that the program has by default.
            let default = ours.flag("VERDICT_LISTEN").unwrap().1.unwrap();
            assert!(default.ends_with(&format!(":{port}")), "{called}: {default}");
            for (probe, page) in [
                ("startupProbe", "/healthz"),
                ("livenessProbe", "/healthz"),
                ("readinessProbe", "/readyz"),
            ] {
                let asked = &ours.container[probe]["httpGet"];
                assert_eq!(asked["path"], page, "{called}");
                assert!(Page::at(page).is_some(), "{page}");
                assert_eq!(asked["port"], ports[0]["name"], "{called}");
            }
        }
        for monitor in of_kind(&overlay.objects, "ServiceMonitor") {
            for endpoint in list(&monitor["spec"]["endpoints"]) {
                assert!(Page::at(text(&endpoint["path"])).is_some(), "{endpoint}");
            }
        }
    }
}

#[test]
fn a_pod_is_given_longer_than_its_program_takes_to_end() {
    // The constant is private; its line is its only home.
    let service = file("crates/service/src/process.rs");
    let line = service.split("const END_WITHIN: Duration = Duration::from_secs(").nth(1);
    let consumer: u64 = line.unwrap().split(')').next().unwrap().parse().unwrap();
    for overlay in overlays().unwrap_or_default() {
        let containers = ours(overlay);
        let services: Vec<_> = containers.iter().filter(|ours| is_service(ours.object)).collect();
        assert_eq!(services.len(), 3, "{}", overlay.name);
        for ours in services {
            let ms = |variable| ours.value(variable).parse::<u64>().unwrap();
            let takes = match ours.program {
                "web" => (ms("VERDICT_NOTICE_MS") + ms("VERDICT_DRAIN_MS")).div_ceil(1000),
                _ => consumer,
            };
            let grace = &pod(ours.object)["spec"]["terminationGracePeriodSeconds"];
            let is_enough = grace.as_u64().unwrap() >= takes + 10;
            assert!(is_enough, "{}: {}: {grace} s for {takes} s", overlay.name, ours.called);
        }
    }
}

/// The CPU of `requests` or `limits`, in thousandths of one.
fn millicpu(resources: &Value) -> i64 {
    let amount = text(&resources["cpu"]);
    amount.strip_suffix('m').map_or_else(
        || amount.parse::<i64>().unwrap() * 1000,
        |thousandths| thousandths.parse().unwrap(),
    )
}

#[test]
fn names_and_numbers_of_topics_are_those_of_the_contract() {
    for overlay in overlays().unwrap_or_default() {
        let containers = ours(overlay);
        let of = |name: &str| containers.iter().find(|ours| ours.called == name).unwrap();
        let (consumer, web) = (of("StatefulSet/consumer"), of("StatefulSet/web"));
        let group = consumer.value("VERDICT_GROUP");
        assert_eq!(group, of("Deployment/monitor").value("VERDICT_GROUP"));
        // The name of a pod is the lasting member of the group, and has the number of the reply
        // partition.
        for (ours, name) in [(consumer, "VERDICT_INSTANCE"), (web, "HOSTNAME")] {
            let variable = list(&ours.container["env"]).iter().find(|v| v["name"] == name).unwrap();
            assert_eq!(variable["valueFrom"]["fieldRef"]["fieldPath"], "metadata.name");
        }
        let replicas = web.object["spec"]["replicas"].as_i64().unwrap();
        assert!(replicas <= i64::from(topic::REPLY_PARTITIONS), "{replicas}");

        let most = i64::from(topic::REVIEW_PARTITIONS);
        for scaled in of_kind(&overlay.objects, "ScaledObject").map(|object| &object["spec"]) {
            assert_eq!(scaled["maxReplicaCount"], most);
            assert!(scaled["minReplicaCount"].as_i64().unwrap() >= 1);
            let trigger = &scaled["triggers"][0]["metadata"];
            assert_eq!(trigger["topic"], consumer.value("VERDICT_REVIEWS_TOPIC"));
            assert_eq!(trigger["topic"], topic::REVIEWS);
            assert_eq!(trigger["consumerGroup"], group);
            // From another namespace Kafka's Service has a longer name.
            let brokers = consumer.value("VERDICT_BOOTSTRAP_SERVERS");
            let brokers = brokers.replace("kafka:9092", "kafka.verdict.svc:9092");
            assert_eq!(trigger["bootstrapServers"], brokers);
            // A group that keeps up has no lag, so what its members use must keep them; a target at
            // their limit is never exceeded.
            let cpu = list(&scaled["triggers"]).iter().find(|trigger| trigger["type"] == "cpu");
            let resources = &consumer.container["resources"];
            let percent: i64 = text(&cpu.unwrap()["metadata"]["value"]).parse().unwrap();
            let used = percent * millicpu(&resources["requests"]) / 100;
            let limit = millicpu(&resources["limits"]);
            assert!(used * 4 <= limit * 3, "{}: {used} of {limit} millicpu", overlay.name);
        }
        for scaled in of_kind(&overlay.objects, "HorizontalPodAutoscaler") {
            assert_eq!(scaled["spec"]["maxReplicas"], most);
        }
        for ours in &containers {
            let labels = &pod(ours.object)["metadata"]["labels"];
            let called = &ours.called;
            assert_eq!(labels["verdict.io/kafka"], "client", "{called}: cannot reach Kafka");
        }
    }
}

#[test]
fn kafka_s_port_is_open_to_those_who_use_it() {
    for (name, port) in [(LOCAL, 9092), (EKS, 9096)] {
        let Some(overlay) = overlay(name) else { return };
        let policy = find(&overlay.objects, "NetworkPolicy/verdict-to-kafka");
        assert_eq!(policy["spec"]["egress"][0]["ports"][0]["port"], port, "{name}");
        for ours in ours(overlay) {
            let brokers = ours.value("VERDICT_BOOTSTRAP_SERVERS");
            let mut brokers = brokers.split(',');
            assert!(brokers.all(|broker| broker.ends_with(&format!(":{port}"))), "{}", ours.called);
        }
    }
}

#[test]
fn the_web_server_finds_and_reaches_the_pages_that_it_shows() {
    for Overlay { name, objects, .. } in overlays().unwrap_or_default() {
        let containers = ours(overlay(name).unwrap());
        let of = |name: &str| containers.iter().find(|ours| ours.called == name).unwrap();
        let web = of("StatefulSet/web");
        for (variable, asked) in [
            ("VERDICT_CONSUMER_PAGES", of("StatefulSet/consumer")),
            ("VERDICT_MONITOR_PAGES", of("Deployment/monitor")),
        ] {
            let address = web.value(variable);
            let (service, port) = address.split_once(':').unwrap();
            let service = &find(objects, &format!("Service/{service}"))["spec"];
            let labels = &pod(asked.object)["metadata"]["labels"];
            assert!(selects(&service["selector"], labels), "{name}: {address}");
            let port = Value::from(port.parse::<u64>().unwrap());
            assert_eq!(service["ports"][0]["port"], port, "{name}: {address}");
            assert_eq!(list(&asked.container["ports"])[0]["containerPort"], port);
            assert!(network::lets(objects, web.object, asked.object, &port), "{name}: {address}");
            assert!(!network::lets(objects, asked.object, web.object, &Value::from(8080)));
        }
    }
}

#[test]
fn what_the_pages_lead_to_is_on_the_ingress_and_what_operators_read_is_not() {
    let Some(Overlay { objects, .. }) = overlay(LOCAL) else { return };
    let paths = list(&find(objects, "Ingress/web")["spec"]["rules"][0]["http"]["paths"]);
    let is_open = |asked: &str| {
        paths.iter().any(|open| {
            let path = text(&open["path"]);
            let below = asked.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'));
            path == asked || open["pathType"] == "Prefix" && below
        })
    };
    let pages =
        ["/", "/predict", "/r/r1", "/label", "/model", "/status", "/docs", "/assets/icon.svg"];
    for path in
        pages.iter().chain(&["/openapi.json", "/api/v1/reviews/r1", "/v2/models/verdict/infer"])
    {
        assert!(is_open(path), "{path}");
    }
    for path in ["/metrics", "/healthz", "/readyz"] {
        assert!(!is_open(path), "{path}");
    }
}

#[test]
fn prometheus_jobs_rules_and_dashboards_are_those_of_the_observability_folder() {
    let Some(Overlay { objects, .. }) = overlay(EKS) else { return };
    // A job is the value of a label of the Service.
    let monitor = of_kind(objects, "ServiceMonitor").next().unwrap();
    let label = text(&monitor["spec"]["jobLabel"]);
    let jobs: BTreeSet<_> = of_kind(objects, "Service")
        .map(|service| &service["metadata"]["labels"])
        .filter(|labels| labels["app.kubernetes.io/component"] == "instances")
        .map(|labels| labels[label].as_str().unwrap())
        .collect();
    assert_eq!(jobs.len(), 3, "{jobs:?}");
    let config = parse(&file("observability/prometheus/prometheus.yml")).remove(0);
    let known: BTreeSet<_> =
        list(&config["scrape_configs"]).iter().map(|job| text(&job["job_name"])).collect();
    assert!(jobs.is_subset(&known), "{jobs:?} {known:?}");

    let rules = run(&mut process::Command::new(env!("CARGO_BIN_EXE_verdict-manifests")));
    assert!(
        file("k8s/components/monitoring/prometheus-rules.yaml") == rules,
        "k8s/components/monitoring/prometheus-rules.yaml is older than the rules: make manifests"
    );
    let rule = of_kind(objects, "PrometheusRule").next().unwrap();
    let groups = list(&rule["spec"]["groups"]);
    let names: BTreeSet<_> = groups.iter().map(|group| text(&group["name"])).collect();
    assert_eq!(names.len(), groups.len(), "the API server refuses groups of one name");

    let folder = std::fs::read_dir(repository().join("observability/grafana/dashboards")).unwrap();
    let wanted: BTreeSet<_> = folder
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".json"))
        .collect();
    let dashboards = of_kind(objects, "ConfigMap")
        .filter(|map| map["metadata"]["labels"]["grafana_dashboard"] == "1");
    let there: BTreeSet<_> =
        dashboards.flat_map(|map| map["data"].as_object().unwrap().keys().cloned()).collect();
    assert_eq!(there, wanted, "name every dashboard in observability/grafana/kustomization.yaml");
    let datasource = &find(objects, "ConfigMap/grafana-datasource")["data"]["datasource.yaml"];
    assert!(text(datasource).contains("uid: verdict-prometheus"));
}

#[test]
fn kafka_inside_is_the_one_of_compose() {
    let Some(Overlay { objects, .. }) = overlay(LOCAL) else { return };
    let compose = &parse(&file("docker-compose.yml"))[0]["services"]["kafka"];
    let container = containers(find(objects, "StatefulSet/kafka")).next().unwrap();
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
    let written = |name: &str, value: &Value| {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        (name.to_owned(), if of_the_place.contains(&name) { String::new() } else { value })
    };
    let variables = list(&container["env"]).iter();
    let inside: BTreeMap<_, _> =
        variables.map(|variable| written(text(&variable["name"]), &variable["value"])).collect();
    let variables = compose["environment"].as_object().unwrap().iter();
    let outside: BTreeMap<_, _> = variables.map(|(name, value)| written(name, value)).collect();
    assert_eq!(inside, outside);
}
