//! The rules, on every overlay and on overlays that break them.

use crate::common::{EKS, OVERLAYS, overlay};
use serde_json::{Value, json};
use verdict_manifests::{
    Object,
    policy::{EXCEPTIONS, Images, problems},
};

fn images(name: &str) -> Images {
    if name == EKS { Images::Digests } else { Images::Pinned }
}

#[test]
fn every_overlay_keeps_to_the_rules_or_has_a_reason() {
    for name in OVERLAYS {
        let Some((objects, _)) = overlay(name) else {
            return;
        };
        let found = problems(&objects, images(name), EXCEPTIONS);
        assert!(found.is_empty(), "{name}: {found:#?}");
    }
}

#[test]
fn no_exception_is_there_that_nothing_needs() {
    let mut needed = Vec::new();
    for name in OVERLAYS {
        let Some((objects, _)) = overlay(name) else {
            return;
        };
        needed.extend(problems(&objects, images(name), &[]));
    }
    for exception in EXCEPTIONS {
        assert!(
            needed.iter().any(|problem| problem.rule == exception.rule
                && problem.what.starts_with(&format!("{}:", exception.object))),
            "{exception:?}"
        );
    }
}

type Seed = (&'static str, fn(&mut Vec<Object>));

fn of<'a>(objects: &'a mut [Object], called: &str) -> &'a mut Value {
    let found = objects.iter_mut().find(|object| object.called() == called);
    &mut found.unwrap_or_else(|| panic!("{called} is not there")).0
}

fn pod<'a>(objects: &'a mut [Object], called: &str) -> &'a mut Value {
    of(objects, called).pointer_mut("/spec/template/spec").unwrap()
}

fn container<'a>(objects: &'a mut [Object], called: &str) -> &'a mut Value {
    &mut pod(objects, called)["containers"][0]
}

/// One change each that a reviewer could overlook, and the rule that must find it.
const SEEDS: &[Seed] = &[
    ("non-root", |o| pod(o, "StatefulSet/web")["securityContext"]["runAsNonRoot"] = json!(false)),
    ("non-root", |o| pod(o, "StatefulSet/web")["securityContext"]["runAsUser"] = json!(0)),
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
        pod(o, "Job/topics")["securityContext"]["seccompProfile"]["type"] = json!("Unconfined")
    }),
    ("token", |o| pod(o, "StatefulSet/consumer")["automountServiceAccountToken"] = json!(true)),
    ("service-links", |o| pod(o, "StatefulSet/consumer")["enableServiceLinks"] = Value::Null),
    ("host", |o| pod(o, "StatefulSet/web")["hostNetwork"] = json!(true)),
    ("host", |o| {
        pod(o, "StatefulSet/web")["volumes"] =
            json!([{"name": "sock", "hostPath": {"path": "/var/run"}}]);
    }),
    ("limits", |o| {
        container(o, "StatefulSet/consumer")["resources"]["limits"] = json!({"cpu": "1"})
    }),
    ("probes", |o| container(o, "StatefulSet/web")["readinessProbe"] = Value::Null),
    ("spread", |o| pod(o, "StatefulSet/web")["topologySpreadConstraints"] = json!([])),
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
        o.push(Object(json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "kafka-web"}, "data": {}})));
    }),
    ("secret", |o| {
        o.push(Object(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"},
            "data": {"MLFLOW_TRACKING_URI": "https://user:canary@mlflow.example.com"}})));
    }),
    ("budget", |o| o.retain(|object| object.called() != "PodDisruptionBudget/web")),
    ("replicas", |o| of(o, "StatefulSet/consumer")["spec"]["replicas"] = json!(3)),
    ("reference", |o| {
        of(o, "ScaledObject/consumer")["spec"]["scaleTargetRef"]["name"] = json!("consumers")
    }),
    ("reference", |o| of(o, "Service/web")["spec"]["ports"][0]["targetPort"] = json!("https")),
    ("reference", |o| pod(o, "StatefulSet/web")["serviceAccountName"] = json!("frontend")),
    ("reference", |o| {
        of(o, "ServiceMonitor/verdict")["spec"]["endpoints"][0]["port"] = json!("metrics")
    }),
    ("pod-security", |o| {
        of(o, "Namespace/verdict")["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] =
            json!("baseline");
    }),
    ("network", |o| o.retain(|object| object.called() != "NetworkPolicy/nothing-else")),
    ("network", |o| {
        of(o, "NetworkPolicy/verdict-to-kafka")["spec"]["egress"][0]["ports"][0]["port"] =
            json!(22);
    }),
    ("network", |o| {
        of(o, "NetworkPolicy/web-from-clients")["spec"]["ingress"][0]["from"] = json!([])
    }),
    ("public", |o| {
        o.push(Object(json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "web"},
            "spec": {"rules": [{"http": {"paths": [{"path": "/", "pathType": "Prefix",
                "backend": {"service": {"name": "web", "port": {"name": "http"}}}}]}}]}})));
    }),
];

#[test]
fn each_seeded_breach_is_found_by_its_rule_and_by_no_other() {
    let Some((objects, _)) = overlay(EKS) else {
        return;
    };
    for (number, (rule, seed)) in SEEDS.iter().enumerate() {
        let mut broken = objects.clone();
        seed(&mut broken);
        assert_ne!(broken, objects, "seed {number} ({rule}) changes nothing");
        let mut found: Vec<_> = problems(&broken, Images::Digests, EXCEPTIONS)
            .into_iter()
            .map(|problem| problem.rule)
            .collect();
        found.dedup();
        // Without the policy that closes everything, both directions are open.
        assert_eq!(found, [*rule], "seed {number}");
    }
}
