//! What an object names must be there.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{
    Object,
    object::{list, selects, text},
};

type Found = Vec<(&'static str, String, String)>;

pub(super) fn problems(objects: &[Object]) -> Found {
    let mut found = Found::new();
    let there: BTreeSet<_> = objects.iter().map(Object::called).collect();
    for object in objects {
        named_by_pods(object, &there, &mut found);
        match object.kind() {
            "Service" => service(object, objects, &mut found),
            "ServiceMonitor" => monitor(object, objects, &mut found),
            "Ingress" => ingress(object, objects, &mut found),
            "Namespace" => namespace(object, &mut found),
            _ => {}
        }
        if object.is_service() {
            budget(object, objects, &mut found);
        }
        for pointer in ["/spec/scaleTargetRef"] {
            let Some(target) = object.0.pointer(pointer) else {
                continue;
            };
            let called = format!("{}/{}", text(target, "/kind"), text(target, "/name"));
            let replicas = objects
                .iter()
                .find(|other| other.called() == called)
                .map(|other| other.0.pointer("/spec/replicas").is_some());
            match replicas {
                None => {
                    found.push(("reference", object.called(), format!("{called} is not there")))
                }
                Some(true) => found.push((
                    "replicas",
                    object.called(),
                    format!("{called} states a number too, which every apply would take back to"),
                )),
                Some(false) => {}
            }
        }
    }
    found
}

fn named_by_pods(object: &Object, there: &BTreeSet<String>, found: &mut Found) {
    let Some(pod) = object.pod() else {
        return;
    };
    let mut wanted = BTreeSet::new();
    let account = text(pod, "/spec/serviceAccountName");
    if !account.is_empty() {
        wanted.insert(format!("ServiceAccount/{account}"));
    }
    for volume in list(pod, "/spec/volumes") {
        for (kind, pointer) in [
            ("PersistentVolumeClaim", "/persistentVolumeClaim/claimName"),
            ("ConfigMap", "/configMap/name"),
        ] {
            let name = text(volume, pointer);
            if !name.is_empty() {
                wanted.insert(format!("{kind}/{name}"));
            }
        }
    }
    for container in object.containers() {
        for source in list(container, "/envFrom") {
            let name = text(source, "/configMapRef/name");
            if !name.is_empty() {
                wanted.insert(format!("ConfigMap/{name}"));
            }
        }
        let mounted = list(container, "/volumeMounts").iter().map(|mount| text(mount, "/name"));
        let volumes: BTreeSet<_> = list(pod, "/spec/volumes")
            .iter()
            .map(|volume| text(volume, "/name"))
            .chain(
                object
                    .list("/spec/volumeClaimTemplates")
                    .iter()
                    .map(|claim| text(claim, "/metadata/name")),
            )
            .collect();
        for name in mounted.filter(|name| !volumes.contains(name)) {
            found.push(("reference", object.called(), format!("volume {name} is not there")));
        }
    }
    for name in wanted.difference(there) {
        found.push(("reference", object.called(), format!("{name} is not there")));
    }
}

fn labels(pod: &Value) -> Option<&Value> {
    pod.pointer("/metadata/labels")
}

/// The containers' ports of all pods that a selector takes.
fn ports<'a>(objects: &'a [Object], selector: &Value) -> Vec<&'a Value> {
    objects
        .iter()
        .filter(|object| object.pod().is_some_and(|pod| selects(selector, labels(pod))))
        .flat_map(Object::containers)
        .flat_map(|container| list(container, "/ports"))
        .collect()
}

fn service(object: &Object, objects: &[Object], found: &mut Found) {
    let selector = object.0.pointer("/spec/selector").cloned().unwrap_or_default();
    let there = ports(objects, &selector);
    for port in object.list("/spec/ports") {
        let target = port.get("targetPort").unwrap_or(&Value::Null);
        let is_there = there.iter().any(|port| {
            port.get("name") == Some(target) || port.get("containerPort") == Some(target)
        });
        if !is_there {
            found.push((
                "reference",
                object.called(),
                format!("no pod of it has the port {target}"),
            ));
        }
    }
}

fn monitor(object: &Object, objects: &[Object], found: &mut Found) {
    let selector = object.0.pointer("/spec/selector/matchLabels").cloned().unwrap_or_default();
    for endpoint in object.list("/spec/endpoints") {
        let port = text(endpoint, "/port");
        let selected: Vec<_> = objects
            .iter()
            .filter(|other| {
                other.kind() == "Service" && selects(&selector, other.0.pointer("/metadata/labels"))
            })
            .collect();
        let without = selected.iter().filter(|service| {
            !service.list("/spec/ports").iter().any(|p| text(p, "/name") == port)
        });
        for service in without {
            found.push((
                "reference",
                object.called(),
                format!("{} has no port {port}", service.called()),
            ));
        }
        if selected.is_empty() {
            found.push(("reference", object.called(), "selects no Service".to_owned()));
        }
    }
}

fn ingress(object: &Object, objects: &[Object], found: &mut Found) {
    let paths = object.list("/spec/rules").iter().flat_map(|rule| list(rule, "/http/paths"));
    for path in paths {
        let (service, port) =
            (text(path, "/backend/service/name"), text(path, "/backend/service/port/name"));
        let is_there = objects.iter().any(|other| {
            other.called() == format!("Service/{service}")
                && other.list("/spec/ports").iter().any(|p| text(p, "/name") == port)
        });
        if !is_there {
            found.push((
                "reference",
                object.called(),
                format!("Service {service} with port {port} is not there"),
            ));
        }
        // The operator pages are for inside.
        let public = text(path, "/path");
        if public.is_empty() || (public == "/" && text(path, "/pathType") != "Exact") {
            found.push((
                "public",
                object.called(),
                format!("{public:?} lets everything out, /metrics too"),
            ));
        }
    }
}

fn namespace(object: &Object, found: &mut Found) {
    let level = object.text("/metadata/labels/pod-security.kubernetes.io~1enforce");
    if level != "restricted" {
        found.push((
            "pod-security",
            object.called(),
            format!("must enforce restricted, got {level:?}"),
        ));
    }
}

fn budget(object: &Object, objects: &[Object], found: &mut Found) {
    let of_pods = object.pod().and_then(labels);
    let has_one = objects.iter().any(|other| {
        other.kind() == "PodDisruptionBudget"
            && other
                .0
                .pointer("/spec/selector/matchLabels")
                .is_some_and(|selector| selects(selector, of_pods))
    });
    if !has_one {
        found.push(("budget", object.called(), "has no PodDisruptionBudget".to_owned()));
    }
}
