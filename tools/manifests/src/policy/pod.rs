//! Rules of a pod: the restricted Pod Security Standard, and what an operator relies on.

use serde_json::Value;

use super::{Images, PodRule};
use crate::{
    Object,
    object::{list, text},
};

/// All rules of a pod but those of its images.
pub(super) const RULES: &[PodRule] = &[
    ("non-root", non_root),
    ("read-only-root", read_only_root),
    ("capabilities", capabilities),
    ("privileges", privileges),
    ("seccomp", seccomp),
    ("token", token),
    ("service-links", service_links),
    ("host", host),
    ("limits", limits),
    ("probes", probes),
    ("spread", spread),
];

fn each(containers: &[&Value], wrong: impl Fn(&Value) -> Option<String>) -> Vec<String> {
    containers
        .iter()
        .filter_map(|container| {
            wrong(container).map(|what| format!("container {}: {what}", text(container, "/name")))
        })
        .collect()
}

fn is(value: &Value, pointer: &str, wanted: bool) -> bool {
    value.pointer(pointer).and_then(Value::as_bool) == Some(wanted)
}

fn non_root(_: &Object, pod: &Value, containers: &[&Value]) -> Vec<String> {
    let mut found = Vec::new();
    if !is(pod, "/spec/securityContext/runAsNonRoot", true) {
        found.push("runAsNonRoot must be true".to_owned());
    }
    let user = pod.pointer("/spec/securityContext/runAsUser").and_then(Value::as_u64);
    if user.is_none_or(|user| user == 0) {
        found.push(format!("runAsUser must be a number above 0, got {user:?}"));
    }
    found.extend(each(containers, |container| {
        let overridden = ["/securityContext/runAsNonRoot", "/securityContext/runAsUser"];
        overridden
            .iter()
            .find(|pointer| container.pointer(pointer).is_some())
            .map(|pointer| format!("{pointer} takes back what the pod says"))
    }));
    found
}

fn read_only_root(_: &Object, _: &Value, containers: &[&Value]) -> Vec<String> {
    each(containers, |container| {
        (!is(container, "/securityContext/readOnlyRootFilesystem", true))
            .then(|| "readOnlyRootFilesystem must be true".to_owned())
    })
}

fn capabilities(_: &Object, _: &Value, containers: &[&Value]) -> Vec<String> {
    each(containers, |container| {
        let dropped = list(container, "/securityContext/capabilities/drop");
        let added = list(container, "/securityContext/capabilities/add");
        (dropped != [Value::from("ALL")] || !added.is_empty())
            .then(|| format!("must drop ALL and add none, got {dropped:?} and {added:?}"))
    })
}

fn privileges(_: &Object, _: &Value, containers: &[&Value]) -> Vec<String> {
    each(containers, |container| {
        let good = is(container, "/securityContext/allowPrivilegeEscalation", false)
            && !is(container, "/securityContext/privileged", true);
        (!good)
            .then(|| "allowPrivilegeEscalation must be false, and privileged not be set".to_owned())
    })
}

fn seccomp(_: &Object, pod: &Value, _: &[&Value]) -> Vec<String> {
    let profile = text(pod, "/spec/securityContext/seccompProfile/type");
    (profile != "RuntimeDefault")
        .then(|| format!("seccompProfile must be RuntimeDefault, got {profile:?}"))
        .into_iter()
        .collect()
}

fn token(_: &Object, pod: &Value, _: &[&Value]) -> Vec<String> {
    (!is(pod, "/spec/automountServiceAccountToken", false))
        .then(|| "automountServiceAccountToken must be false".to_owned())
        .into_iter()
        .collect()
}

fn service_links(_: &Object, pod: &Value, _: &[&Value]) -> Vec<String> {
    (!is(pod, "/spec/enableServiceLinks", false))
        .then(|| "enableServiceLinks must be false".to_owned())
        .into_iter()
        .collect()
}

fn host(_: &Object, pod: &Value, containers: &[&Value]) -> Vec<String> {
    let mut found: Vec<_> = ["hostNetwork", "hostPID", "hostIPC"]
        .iter()
        .filter(|name| is(pod, &format!("/spec/{name}"), true))
        .map(|name| format!("{name} is set"))
        .collect();
    found.extend(
        list(pod, "/spec/volumes")
            .iter()
            .filter(|volume| volume.get("hostPath").is_some())
            .map(|volume| format!("volume {} is a path of the host", text(volume, "/name"))),
    );
    found.extend(each(containers, |container| {
        list(container, "/ports")
            .iter()
            .any(|port| port.get("hostPort").is_some())
            .then(|| "takes a port of the host".to_owned())
    }));
    found
}

fn limits(_: &Object, _: &Value, containers: &[&Value]) -> Vec<String> {
    each(containers, |container| {
        let missing: Vec<_> = ["requests/cpu", "requests/memory", "limits/cpu", "limits/memory"]
            .into_iter()
            .filter(|what| container.pointer(&format!("/resources/{what}")).is_none())
            .collect();
        (!missing.is_empty()).then(|| format!("has no {}", missing.join(", ")))
    })
}

fn probes(object: &Object, _: &Value, containers: &[&Value]) -> Vec<String> {
    if !object.is_service() {
        return Vec::new();
    }
    each(containers, |container| {
        let missing: Vec<_> = ["startupProbe", "livenessProbe", "readinessProbe"]
            .into_iter()
            .filter(|probe| !container.get(probe).is_some_and(Value::is_object))
            .collect();
        (!missing.is_empty()).then(|| format!("has no {}", missing.join(", ")))
    })
}

/// Instances of one service stand on several nodes and in several zones where that can be had.
fn spread(object: &Object, pod: &Value, _: &[&Value]) -> Vec<String> {
    // Without a number it is an autoscaler's, which may go above one.
    let one = object.0.pointer("/spec/replicas").and_then(Value::as_u64) == Some(1);
    if !object.is_service() || one {
        return Vec::new();
    }
    let over: Vec<_> = list(pod, "/spec/topologySpreadConstraints")
        .iter()
        .map(|constraint| text(constraint, "/topologyKey"))
        .collect();
    ["topology.kubernetes.io/zone", "kubernetes.io/hostname"]
        .iter()
        .filter(|key| !over.contains(key))
        .map(|key| format!("is not spread over {key}"))
        .collect()
}

/// Rules of the images.
pub(super) fn images(containers: &[&Value], images: Images) -> Vec<String> {
    each(containers, |container| {
        let image = text(container, "/image");
        let digest = image.split_once("@sha256:").is_some_and(|(_, hex)| {
            hex.len() == 64 && hex.bytes().all(|digit| digit.is_ascii_hexdigit())
        });
        // A registry may have a port, so the tag is what follows the last colon after the last slash.
        let tag = image.rsplit('/').next().and_then(|name| name.split_once(':'));
        let pinned = tag.is_some_and(|(_, tag)| !tag.is_empty() && !tag.starts_with("latest"));
        match images {
            Images::Digests if !digest => Some(format!("{image} has no digest")),
            Images::Pinned if !digest && !pinned => Some(format!("{image} has no version")),
            _ => None,
        }
    })
}
