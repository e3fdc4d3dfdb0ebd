//! The rules of the manifests, on every overlay and on overlays that break them.

use serde_json::{Value, json};

use crate::{
    network,
    overlay::{EKS, called, containers, list, overlay, overlays, text},
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

type Seed = (&'static str, fn(&mut Vec<Value>));

fn of<'a>(objects: &'a mut [Value], name: &str) -> &'a mut Value {
    let found = objects.iter_mut().find(|object| called(object) == name);
    found.unwrap_or_else(|| panic!("{name} is not there"))
}

fn spec<'a>(objects: &'a mut [Value], name: &str) -> &'a mut Value {
    &mut of(objects, name)["spec"]["template"]["spec"]
}

fn container<'a>(objects: &'a mut [Value], name: &str) -> &'a mut Value {
    &mut spec(objects, name)["containers"][0]
}

/// One change each that a reviewer could overlook, and the rule that must find it.
const SEEDS: &[Seed] = &[
    ("non-root", |o| spec(o, "StatefulSet/web")["securityContext"]["runAsNonRoot"] = json!(false)),
    ("non-root", |o| spec(o, "StatefulSet/web")["securityContext"]["runAsUser"] = json!(0)),
    ("non-root", |o| container(o, "StatefulSet/web")["securityContext"]["runAsUser"] = json!(0)),
    ("read-only-root", |o| {
        container(o, "StatefulSet/consumer")["securityContext"]["readOnlyRootFilesystem"] =
            json!(false);
    }),
    ("capabilities", |o| {
        container(o, "Deployment/monitor")["securityContext"]["capabilities"] =
            json!({"drop": ["ALL"], "add": ["NET_RAW"]});
    }),
    ("privileges", |o| {
        container(o, "StatefulSet/web")["securityContext"]["privileged"] = json!(true)
    }),
    ("seccomp", |o| {
        spec(o, "Job/topics")["securityContext"]["seccompProfile"]["type"] = json!("Unconfined")
    }),
    ("token", |o| spec(o, "StatefulSet/consumer")["automountServiceAccountToken"] = json!(true)),
    ("service-links", |o| spec(o, "StatefulSet/consumer")["enableServiceLinks"] = Value::Null),
    ("host", |o| spec(o, "StatefulSet/web")["hostNetwork"] = json!(true)),
    ("host", |o| {
        spec(o, "StatefulSet/web")["volumes"] =
            json!([{"name": "sock", "hostPath": {"path": "/var/run"}}]);
    }),
    ("limits", |o| {
        container(o, "StatefulSet/consumer")["resources"]["limits"] = json!({"cpu": "1"})
    }),
    ("probes", |o| container(o, "StatefulSet/web")["readinessProbe"] = Value::Null),
    ("spread", |o| spec(o, "StatefulSet/web")["topologySpreadConstraints"] = json!([])),
    ("image", |o| {
        container(o, "StatefulSet/web")["image"] = json!("registry.example:5000/verdict/web:latest")
    }),
    ("image", |o| {
        container(o, "StatefulSet/web")["image"] = json!("registry.example/verdict/web:1.2.3")
    }),
    ("secret", |o| {
        container(o, "StatefulSet/web")["env"][0] =
            json!({"name": "KAFKA_PASSWORD", "value": "canary"});
    }),
    ("secret", |o| container(o, "StatefulSet/web")["args"][7] = json!("sasl.password=canary")),
    ("secret", |o| {
        o.push(json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "kafka-web"}, "data": {}}));
    }),
    ("secret", |o| {
        o.push(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"},
            "data": {"MLFLOW_TRACKING_URI": "https://user:canary@mlflow.example.com"}}));
    }),
    ("budget", |o| o.retain(|object| called(object) != "PodDisruptionBudget/web")),
    ("replicas", |o| of(o, "StatefulSet/consumer")["spec"]["replicas"] = json!(3)),
    ("reference", |o| {
        of(o, "ScaledObject/consumer")["spec"]["scaleTargetRef"]["name"] = json!("consumers")
    }),
    ("reference", |o| of(o, "Service/web")["spec"]["ports"][0]["targetPort"] = json!("https")),
    ("reference", |o| spec(o, "StatefulSet/web")["serviceAccountName"] = json!("frontend")),
    ("reference", |o| {
        of(o, "ServiceMonitor/verdict")["spec"]["endpoints"][0]["port"] = json!("metrics")
    }),
    ("pod-security", |o| {
        of(o, "Namespace/verdict")["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] =
            json!("baseline");
    }),
    ("network", |o| o.retain(|object| called(object) != "NetworkPolicy/nothing-else")),
    ("network", |o| {
        of(o, "NetworkPolicy/verdict-to-kafka")["spec"]["egress"][0]["ports"][0]["port"] =
            json!(22);
    }),
    ("network", |o| {
        of(o, "NetworkPolicy/web-from-clients")["spec"]["ingress"][0]["from"] = json!([])
    }),
    ("public", |o| {
        o.push(json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "web"},
            "spec": {"rules": [{"http": {"paths": [{"path": "/", "pathType": "Prefix",
                "backend": {"service": {"name": "web", "port": {"name": "http"}}}}]}}]}}));
    }),
];

#[test]
fn each_seeded_breach_is_found_by_its_rule_and_by_no_other() {
    let Some(overlay) = overlay(EKS) else { return };
    for (number, (rule, seed)) in SEEDS.iter().enumerate() {
        let mut broken = overlay.objects.clone();
        seed(&mut broken);
        assert_ne!(broken, overlay.objects, "seed {number} ({rule}) changes nothing");
        let mut found: Vec<_> =
            unexcused(&broken, true).into_iter().map(|(_, rule, _)| rule).collect();
        // Without the policy that closes everything, both directions are open.
        found.dedup();
        assert_eq!(found, [*rule], "seed {number}");
    }
}
