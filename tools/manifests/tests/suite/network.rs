//! Network policies name every pod, and open only ports that are meant.

use serde_json::{Value, json};

use crate::overlay::{called, containers, list, of_kind, pod, selects, text};

/// DNS, Kafka without and with SASL, and HTTPS to the registry and to AWS; beside these, pods reach
/// ports of other pods that they name.
const OUTWARD: [u64; 4] = [53, 9092, 9096, 443];

/// What is wrong with the network policies, each with the object's name.
pub(crate) fn breaches(objects: &[Value]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (direction, key) in [("Ingress", "ingress"), ("Egress", "egress")] {
        let is_closed = of_kind(objects, "NetworkPolicy").any(|policy| {
            let spec = &policy["spec"];
            spec["podSelector"] == json!({})
                && list(&spec["policyTypes"]).contains(&json!(direction))
                && list(&spec[key]).is_empty()
        });
        if !is_closed {
            let what = format!("{direction} is open where no policy speaks of it");
            found.push(("Namespace/verdict".to_owned(), what));
        }
    }
    for policy in of_kind(objects, "NetworkPolicy") {
        let mut add = |what: String| found.push((called(policy), what));
        for (direction, peers) in [("ingress", "from"), ("egress", "to")] {
            for rule in list(&policy["spec"][direction]) {
                let ports = list(&rule["ports"]);
                if list(&rule[peers]).is_empty() {
                    add(format!("an {direction} rule is for everybody"));
                }
                if ports.is_empty() {
                    add(format!("an {direction} rule is for every port"));
                }
                for port in ports.iter().map(|port| &port["port"]) {
                    let is_meant = match direction {
                        "egress" if port.as_u64().is_some_and(|port| OUTWARD.contains(&port)) => {
                            true
                        }
                        "egress" => {
                            let mut to = list(&rule["to"]).iter();
                            to.all(|to| is_port_of_a_pod(objects, &to["podSelector"], port))
                        }
                        _ => is_port_of_a_pod(objects, &policy["spec"]["podSelector"], port),
                    };
                    if !is_meant {
                        add(format!("{direction} of port {port} is not meant"));
                    }
                }
            }
        }
    }
    found
}

fn is_port_of_a_pod(objects: &[Value], selector: &Value, port: &Value) -> bool {
    let mut pods = objects.iter().filter(|object| pod(object).is_object());
    pods.any(|object| takes(selector, pod(object)) && has_port(object, port))
}

/// Whether the pods of an object have this port, by number or by name.
fn has_port(object: &Value, port: &Value) -> bool {
    let mut ports = containers(object).flat_map(|container| list(&container["ports"]));
    ports.any(|p| p["name"] == *port || p["containerPort"] == *port)
}

/// Whether policies let the pods of `from` reach this port of the pods of `to`, both of one
/// namespace.
pub(crate) fn lets(objects: &[Value], from: &Value, to: &Value, port: &Value) -> bool {
    let policies = || of_kind(objects, "NetworkPolicy").map(|policy| &policy["spec"]);
    let names = |rule: &Value, peers: &str, other: &Value| {
        let is_port =
            |p: &Value| p["port"] == *port || p["port"].is_string() && has_port(to, &p["port"]);
        list(&rule["ports"]).iter().any(is_port)
            && list(&rule[peers]).iter().any(|peer| {
                peer["podSelector"].is_object() && takes(&peer["podSelector"], pod(other))
            })
    };
    let opens = |own: &Value, direction: &str, peers: &str, other: &Value| {
        let mut speaking = policies().filter(|policy| takes(&policy["podSelector"], pod(own)));
        speaking.any(|policy| list(&policy[direction]).iter().any(|rule| names(rule, peers, other)))
    };
    opens(from, "egress", "to", to) && opens(to, "ingress", "from", from)
}

/// Whether a pod selector takes a pod.
fn takes(selector: &Value, pod: &Value) -> bool {
    let labels = &pod["metadata"]["labels"];
    let wanted = &selector["matchLabels"];
    (wanted.is_null() || selects(wanted, labels))
        && list(&selector["matchExpressions"]).iter().all(|expression| {
            let value = &labels[text(&expression["key"])];
            expression["operator"] == "In" && list(&expression["values"]).contains(value)
        })
}
