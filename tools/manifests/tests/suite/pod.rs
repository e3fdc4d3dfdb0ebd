//! Rules of a pod: the restricted Pod Security Standard, and what an operator relies on.

use serde_json::{Value, json};

use crate::overlay::{containers, is_pinned, is_service, list, pod, text};

/// What is wrong with the pods of an object, with the rule that it breaks. `digests`: images must
/// be named by digest; otherwise a tag that says which version it is will do.
pub(crate) fn breaches(object: &Value, digests: bool) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    let spec = &pod(object)["spec"];
    if spec.is_null() {
        return found;
    }
    let mut must = |rule, holds: bool, what: &str| {
        if !holds {
            found.push((rule, what.to_owned()));
        }
    };
    let security = &spec["securityContext"];
    must("non-root", security["runAsNonRoot"] == true, "runAsNonRoot must be true");
    let is_user = security["runAsUser"].as_u64().is_some_and(|user| user > 0);
    must("non-root", is_user, "runAsUser must be a number above 0");
    let is_filtered = security["seccompProfile"]["type"] == "RuntimeDefault";
    must("seccomp", is_filtered, "seccompProfile must be RuntimeDefault");
    let without_token = spec["automountServiceAccountToken"] == false;
    must("token", without_token, "automountServiceAccountToken must be false");
    let without_links = spec["enableServiceLinks"] == false;
    must("service-links", without_links, "enableServiceLinks must be false");
    for name in ["hostNetwork", "hostPID", "hostIPC"] {
        must("host", spec[name] != true, name);
    }
    let without_paths = list(&spec["volumes"]).iter().all(|volume| volume["hostPath"].is_null());
    must("host", without_paths, "a volume is a path of the host");
    for container in containers(object) {
        let mut must = |rule, holds, what: &str| {
            must(rule, holds, &format!("container {}: {what}", text(&container["name"])));
        };
        let security = &container["securityContext"];
        for name in ["runAsNonRoot", "runAsUser"] {
            must("non-root", security[name].is_null(), "must not override what the pod says");
        }
        let is_read_only = security["readOnlyRootFilesystem"] == true;
        must("read-only-root", is_read_only, "readOnlyRootFilesystem must be true");
        let without_capabilities = security["capabilities"] == json!({"drop": ["ALL"]});
        must("capabilities", without_capabilities, "must drop ALL and add none");
        let is_plain = security["allowPrivilegeEscalation"] == false;
        must("privileges", is_plain, "allowPrivilegeEscalation must be false");
        must("privileges", security["privileged"] != true, "privileged must not be set");
        let without_ports = list(&container["ports"]).iter().all(|port| port["hostPort"].is_null());
        must("host", without_ports, "takes a port of the host");
        for bound in ["requests", "limits"] {
            for what in ["cpu", "memory"] {
                let is_set = !container["resources"][bound][what].is_null();
                must("limits", is_set, &format!("has no {bound} of {what}"));
            }
        }
        for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
            let is_there = !is_service(object) || container[probe].is_object();
            must("probes", is_there, &format!("has no {probe}"));
        }
        let image = text(&container["image"]);
        let digest = image.split_once("@sha256:").map_or("", |(_, digest)| digest);
        let has_digest = digest.len() == 64 && digest.bytes().all(|c| c.is_ascii_hexdigit());
        let is_pinned = if digests { has_digest } else { has_digest || is_pinned(image) };
        must("image", is_pinned, &format!("{image} has no version or digest"));
    }
    // Several instances stand on several nodes and in several zones where that can be had. Without
    // a number it is an autoscaler's, which may go above one.
    if is_service(object) && object["spec"]["replicas"] != 1 {
        for key in ["topology.kubernetes.io/zone", "kubernetes.io/hostname"] {
            let mut over = list(&spec["topologySpreadConstraints"]).iter();
            let is_spread = over.any(|constraint| constraint["topologyKey"] == key);
            must("spread", is_spread, &format!("is not spread over {key}"));
        }
    }
    found
}
