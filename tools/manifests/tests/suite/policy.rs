//! The rules of the manifests, on every overlay and on overlays that break them.

use serde_json::{Value, json};

use crate::{
    network,
    overlay::{EKS, Overlay, called, containers, list, overlay, overlays, text},
    pod, references,
};

/// What is allowed to break a rule: the object, the rule, and why.
const EXCEPTIONS: [(&str, &str, &str); 3] = [
    (
        "StatefulSet/kafka",
        "read-only-root",
        "the image's start script writes the configuration beside Kafka itself",
    ),
    (
        "StatefulSet/kafka",
        "budget",
        "a single broker for trying things out: a budget would only keep its node from being emptied",
    ),
    (
        "Deployment/monitor",
        "budget",
        "one that reads the logs only: a budget would only keep its node from being emptied",
    ),
];

/// Every breach in an overlay: the object, the rule, and what is wrong.
fn breaches(objects: &[Value], digests: bool) -> Vec<(String, &'static str, String)> {
    let of_objects = objects.iter().flat_map(|object| {
        let secrets = secrets(object).into_iter().map(|what| ("secret", what));
        pod::breaches(object, digests)
            .into_iter()
            .chain(references::breaches(object, objects))
            .chain(secrets)
            .map(|(rule, what)| (called(object), rule, what))
    });
    let of_network = network::breaches(objects).into_iter();
    of_objects.chain(of_network.map(|(object, what)| (object, "network", what))).collect()
}

/// The breaches that no exception allows.
fn unexcused(objects: &[Value], digests: bool) -> Vec<(String, &'static str, String)> {
    let is_allowed = |object: &str, rule| EXCEPTIONS.iter().any(|e| (e.0, e.1) == (object, rule));
    let mut found = breaches(objects, digests);
    found.retain(|(object, rule, _)| !is_allowed(object, rule));
    found
}

/// Values of secrets that stand in an object.
fn secrets(object: &Value) -> Vec<String> {
    let mut found = Vec::new();
    if object["kind"] == "Secret" {
        found.push("a Secret is made in the cluster, not here".to_owned());
    }
    if object["kind"] == "ConfigMap" {
        for (key, value) in object["data"].as_object().into_iter().flatten() {
            if is_secret(key) || holds_secret(text(value)) {
                found.push(format!("{key} looks like a secret"));
            }
        }
    }
    for container in containers(object) {
        for variable in list(&container["env"]) {
            if is_secret(text(&variable["name"])) && !variable["value"].is_null() {
                found.push(format!("the value of {} stands here", variable["name"]));
            }
        }
        for word in list(&container["args"]).iter().chain(list(&container["command"])) {
            if let Some((key, value)) = text(word).split_once('=')
                && is_secret(key)
                && !(value.starts_with("$(") && value.ends_with(')'))
            {
                found.push(format!("the value of {key} stands here"));
            }
        }
    }
    found
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["password", "secret", "token", "credential", "apikey", "api_key", "access_key", "private"]
        .iter()
        .any(|word| name.contains(word))
}

/// What keys and passwords in files and addresses look like.
fn holds_secret(value: &str) -> bool {
    let host = value.split_once("://").and_then(|(_, rest)| rest.split('/').next());
    value.contains("PRIVATE KEY-----")
        || value.contains("AKIA")
        || host.is_some_and(|host| host.contains('@'))
}

#[test]
fn every_overlay_keeps_to_the_rules_or_has_a_reason() {
    for overlay in overlays().unwrap_or_default() {
        let found = unexcused(&overlay.objects, overlay.name == EKS);
        assert!(found.is_empty(), "{}: {found:#?}", overlay.name);
    }
}

#[test]
fn no_exception_is_there_that_nothing_needs() {
    let Some(overlays) = overlays() else { return };
    let found: Vec<_> = overlays.iter().flat_map(|o| breaches(&o.objects, o.name == EKS)).collect();
    for (object, rule, _) in EXCEPTIONS {
        let is_needed = found.iter().any(|(o, r, _)| (o.as_str(), *r) == (object, rule));
        assert!(is_needed, "{object} {rule}");
    }
}

/// One change each that a reviewer could overlook, and the rule that must find it: the object, the
/// place in it (`pod/` and `container/` are those of its first pod and container), and the value.
fn changed() -> Vec<(&'static str, &'static str, &'static str, Value)> {
    let (web, consumer) = ("StatefulSet/web", "StatefulSet/consumer");
    let socket = json!([{"name": "sock", "hostPath": {"path": "/var/run"}}]);
    let raw = json!({"drop": ["ALL"], "add": ["NET_RAW"]});
    let password = json!({"name": "KAFKA_PASSWORD", "value": "canary"});
    vec![
        ("non-root", web, "pod/securityContext/runAsNonRoot", json!(false)),
        ("non-root", web, "pod/securityContext/runAsUser", json!(0)),
        ("non-root", web, "container/securityContext/runAsUser", json!(0)),
        (
            "read-only-root",
            consumer,
            "container/securityContext/readOnlyRootFilesystem",
            json!(false),
        ),
        ("capabilities", "Deployment/monitor", "container/securityContext/capabilities", raw),
        ("privileges", web, "container/securityContext/privileged", json!(true)),
        ("seccomp", "Job/topics", "pod/securityContext/seccompProfile/type", json!("Unconfined")),
        ("token", consumer, "pod/automountServiceAccountToken", json!(true)),
        ("service-links", consumer, "pod/enableServiceLinks", Value::Null),
        ("host", web, "pod/hostNetwork", json!(true)),
        ("host", web, "pod/volumes", socket),
        ("limits", consumer, "container/resources/limits", json!({"cpu": "1"})),
        ("probes", web, "container/readinessProbe", Value::Null),
        ("spread", web, "pod/topologySpreadConstraints", json!([])),
        ("image", web, "container/image", json!("registry.example:5000/verdict/web:latest")),
        ("image", web, "container/image", json!("registry.example/verdict/web:1.2.3")),
        ("secret", web, "container/env/0", password),
        ("secret", web, "container/args/7", json!("sasl.password=canary")),
        ("replicas", consumer, "spec/replicas", json!(3)),
        ("reference", "ScaledObject/consumer", "spec/scaleTargetRef/name", json!("consumers")),
        ("reference", "Service/web", "spec/ports/0/targetPort", json!("https")),
        ("reference", web, "pod/serviceAccountName", json!("frontend")),
        ("reference", "ServiceMonitor/verdict", "spec/endpoints/0/port", json!("metrics")),
        (
            "pod-security",
            "Namespace/verdict",
            "metadata/labels/pod-security.kubernetes.io~1enforce",
            json!("baseline"),
        ),
        ("network", "NetworkPolicy/verdict-to-kafka", "spec/egress/0/ports/0/port", json!(22)),
        ("network", "NetworkPolicy/web-from-clients", "spec/ingress/0/from", json!([])),
    ]
}

/// The objects with one of them changed.
fn with_change(objects: &[Value], name: &str, place: &str, value: Value) -> Vec<Value> {
    let mut objects = objects.to_vec();
    let object = objects.iter_mut().find(|object| called(object) == name);
    let place = place.replacen("container/", "pod/containers/0/", 1);
    let place = format!("/{}", place.replacen("pod/", "spec/template/spec/", 1));
    let (parent, key) = place.rsplit_once('/').unwrap();
    match object.unwrap().pointer_mut(parent).unwrap() {
        Value::Array(list) => list[key.parse::<usize>().unwrap()] = value,
        parent => parent[key.replace("~1", "/")] = value,
    }
    objects
}

#[test]
fn each_seeded_breach_is_found_by_its_rule_and_by_no_other() {
    let Some(Overlay { objects, .. }) = overlay(EKS) else { return };
    let path = json!({"path": "/", "pathType": "Prefix",
        "backend": {"service": {"name": "web", "port": {"name": "http"}}}});
    let with = |kind, name, field: &str, value| {
        let object = json!({"kind": kind, "metadata": {"name": name}, field: value});
        [&objects[..], &[object]].concat()
    };
    let address = json!({"MLFLOW_TRACKING_URI": "https://user:canary@mlflow.example.com"});
    let without = |name| objects.iter().filter(|object| called(object) != name).cloned().collect();
    let mut seeds = vec![
        ("secret", with("Secret", "kafka-web", "data", json!({}))),
        ("secret", with("ConfigMap", "a", "data", address)),
        ("public", with("Ingress", "web", "spec", json!({"rules": [{"http": {"paths": [path]}}]}))),
        ("budget", without("PodDisruptionBudget/web")),
        // Without the policy that closes everything, both directions are open.
        ("network", without("NetworkPolicy/nothing-else")),
    ];
    seeds.extend(
        changed()
            .into_iter()
            .map(|(rule, name, place, value)| (rule, with_change(objects, name, place, value))),
    );
    for (number, (rule, broken)) in seeds.iter().enumerate() {
        assert_ne!(broken, objects, "seed {number} ({rule}) changes nothing");
        let found = unexcused(broken, true).into_iter();
        let mut found: Vec<_> = found.map(|(_, rule, _)| rule).collect();
        found.dedup();
        assert_eq!(found, [*rule], "seed {number}");
    }
}
