//! What an object names must be there.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::overlay::{called, containers, is_service, list, of_kind, pod, selects, text};

/// What is wrong with the references of an object, with the rule that it breaks.
pub(crate) fn breaches(object: &Value, objects: &[Value]) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    let spec = &object["spec"];
    for name in named_by_pods(object) {
        if !objects.iter().any(|other| called(other) == name) {
            found.push(("reference", format!("{name} is not there")));
        }
    }
    for name in lost_volumes(object) {
        found.push(("reference", format!("volume {name} is not there")));
    }
    match text(&object["kind"]) {
        "Service" => {
            let pods = objects.iter().filter(|other| selects(&spec["selector"], labels(other)));
            let there: Vec<_> = pods.flat_map(containers).flat_map(|c| list(&c["ports"])).collect();
            for target in list(&spec["ports"]).iter().map(|port| &port["targetPort"]) {
                if !there.iter().any(|p| p["name"] == *target || p["containerPort"] == *target) {
                    found.push(("reference", format!("no pod of it has the port {target}")));
                }
            }
        }
        "ServiceMonitor" => {
            let selector = &spec["selector"]["matchLabels"];
            let selected: Vec<_> = of_kind(objects, "Service")
                .filter(|service| selects(selector, &service["metadata"]["labels"]))
                .collect();
            if selected.is_empty() {
                found.push(("reference", "selects no Service".to_owned()));
            }
            for port in list(&spec["endpoints"]).iter().map(|endpoint| &endpoint["port"]) {
                for service in selected.iter().filter(|service| !has_port(service, port)) {
                    let what = format!("{} has no port {port}", called(service));
                    found.push(("reference", what));
                }
            }
        }
        "Ingress" => {
            for path in list(&spec["rules"]).iter().flat_map(|rule| list(&rule["http"]["paths"])) {
                let service = &path["backend"]["service"];
                let port = &service["port"]["name"];
                let is_there = of_kind(objects, "Service").any(|other| {
                    other["metadata"]["name"] == service["name"] && has_port(other, port)
                });
                if !is_there {
                    found.push(("reference", format!("{service} is not there")));
                }
                // The operator pages are for inside.
                let public = text(&path["path"]);
                if public.is_empty() || (public == "/" && path["pathType"] != "Exact") {
                    let what = format!("{public:?} lets everything out, /metrics too");
                    found.push(("public", what));
                }
            }
        }
        "Namespace" => {
            let level = &object["metadata"]["labels"]["pod-security.kubernetes.io/enforce"];
            if level != "restricted" {
                found.push(("pod-security", format!("must enforce restricted, got {level}")));
            }
        }
        _ => {}
    }
    let has_budget = of_kind(objects, "PodDisruptionBudget")
        .any(|budget| selects(&budget["spec"]["selector"]["matchLabels"], labels(object)));
    if is_service(object) && !has_budget {
        found.push(("budget", "has no PodDisruptionBudget".to_owned()));
    }
    let target = &spec["scaleTargetRef"];
    if !target.is_null() {
        let name = format!("{}/{}", text(&target["kind"]), text(&target["name"]));
        match objects.iter().find(|other| called(other) == name) {
            None => found.push(("reference", format!("{name} is not there"))),
            Some(target) if !target["spec"]["replicas"].is_null() => {
                let what = format!("{name} states a number too, which every apply would restore");
                found.push(("replicas", what));
            }
            Some(_) => {}
        }
    }
    found
}

fn labels(object: &Value) -> &Value {
    &pod(object)["metadata"]["labels"]
}

fn has_port(service: &Value, name: &Value) -> bool {
    list(&service["spec"]["ports"]).iter().any(|port| port["name"] == *name)
}

/// The objects that the pods of an object name, as `KIND/NAME`.
fn named_by_pods(object: &Value) -> BTreeSet<String> {
    let spec = &pod(object)["spec"];
    let mut named = vec![("ServiceAccount", &spec["serviceAccountName"])];
    for volume in list(&spec["volumes"]) {
        named.push(("PersistentVolumeClaim", &volume["persistentVolumeClaim"]["claimName"]));
        named.push(("ConfigMap", &volume["configMap"]["name"]));
    }
    for source in containers(object).flat_map(|container| list(&container["envFrom"])) {
        named.push(("ConfigMap", &source["configMapRef"]["name"]));
    }
    let named = named.into_iter().filter(|(_, name)| !text(name).is_empty());
    named.map(|(kind, name)| format!("{kind}/{}", text(name))).collect()
}

/// The volumes that containers mount and the pod has not.
fn lost_volumes(object: &Value) -> Vec<&str> {
    let claims = list(&object["spec"]["volumeClaimTemplates"]).iter();
    let there: Vec<_> = list(&pod(object)["spec"]["volumes"])
        .iter()
        .map(|volume| &volume["name"])
        .chain(claims.map(|claim| &claim["metadata"]["name"]))
        .collect();
    let mounts = containers(object).flat_map(|container| list(&container["volumeMounts"]));
    mounts.map(|mount| &mount["name"]).filter(|name| !there.contains(name)).map(text).collect()
}
