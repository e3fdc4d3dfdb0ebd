//! Network policies name every pod, and open only ports that are meant.

use serde_json::Value;

use crate::{
    Object,
    object::{list, selects, text},
};

const RULE: &str = "network";
/// DNS, Kafka without and with SASL, and HTTPS to the registry and to AWS.
const OUTWARD: [u64; 4] = [53, 9092, 9096, 443];

pub(super) fn problems(objects: &[Object]) -> Vec<(&'static str, String, String)> {
    let mut found = Vec::new();
    let policies: Vec<_> =
        objects.iter().filter(|object| object.kind() == "NetworkPolicy").collect();
    for direction in ["Ingress", "Egress"] {
        let closed = policies.iter().any(|policy| {
            policy.0.pointer("/spec/podSelector") == Some(&Value::Object(serde_json::Map::new()))
                && policy.list("/spec/policyTypes").iter().any(|kind| kind == direction)
                && policy.list(&format!("/spec/{}", direction.to_lowercase())).is_empty()
        });
        if !closed {
            let what = format!("{direction} is open where no policy speaks of it");
            found.push((RULE, "Namespace/verdict".to_owned(), what));
        }
    }
    for policy in policies {
        for (direction, peers) in [("ingress", "/from"), ("egress", "/to")] {
            for rule in policy.list(&format!("/spec/{direction}")) {
                if list(rule, peers).is_empty() {
                    found.push((
                        RULE,
                        policy.called(),
                        format!("an {direction} rule is for everybody"),
                    ));
                }
                if list(rule, "/ports").is_empty() {
                    found.push((
                        RULE,
                        policy.called(),
                        format!("an {direction} rule is for every port"),
                    ));
                }
                for port in list(rule, "/ports").iter().filter_map(|port| port.get("port")) {
                    let meant = if direction == "egress" {
                        port.as_u64().is_some_and(|port| OUTWARD.contains(&port))
                    } else {
                        is_port_of_a_pod(objects, policy, port)
                    };
                    if !meant {
                        found.push((
                            RULE,
                            policy.called(),
                            format!("{direction} of port {port} is not meant"),
                        ));
                    }
                }
            }
        }
    }
    found
}

fn is_port_of_a_pod(objects: &[Object], policy: &Object, port: &Value) -> bool {
    objects.iter().any(|object| {
        object.pod().is_some_and(|pod| takes(policy, pod))
            && object
                .containers()
                .iter()
                .flat_map(|container| list(container, "/ports"))
                .any(|p| p.get("name") == Some(port) || p.get("containerPort") == Some(port))
    })
}

fn takes(policy: &Object, pod: &Value) -> bool {
    let labels = pod.pointer("/metadata/labels");
    let selector = policy.0.pointer("/spec/podSelector");
    let by_labels = selector
        .and_then(|selector| selector.get("matchLabels"))
        .is_none_or(|wanted| selects(wanted, labels));
    let by_expressions =
        policy.list("/spec/podSelector/matchExpressions").iter().all(|expression| {
            let value = labels.and_then(|labels| labels.get(text(expression, "/key")));
            text(expression, "/operator") == "In"
                && value.is_some_and(|value| list(expression, "/values").contains(value))
        });
    by_labels && by_expressions
}
