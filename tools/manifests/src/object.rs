//! An object of Kubernetes, read by path.

use serde_json::Value;

/// An object of Kubernetes, as JSON.
#[derive(Debug, Clone, PartialEq)]
pub struct Object(pub Value);

impl Object {
    /// `StatefulSet`, `Service` …; empty where there is none.
    #[must_use]
    pub fn kind(&self) -> &str {
        self.text("/kind")
    }

    /// `metadata.name`; empty where there is none.
    #[must_use]
    pub fn name(&self) -> &str {
        self.text("/metadata/name")
    }

    /// `KIND/NAME`, as in messages.
    #[must_use]
    pub fn called(&self) -> String {
        format!("{}/{}", self.kind(), self.name())
    }

    /// The text at a JSON pointer; empty where there is none.
    #[must_use]
    pub fn text(&self, pointer: &str) -> &str {
        self.0.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    /// The list at a JSON pointer; empty where there is none.
    #[must_use]
    pub fn list(&self, pointer: &str) -> &[Value] {
        list(&self.0, pointer)
    }

    /// The pod template of what makes pods.
    #[must_use]
    pub fn pod(&self) -> Option<&Value> {
        self.0.pointer(match self.kind() {
            "StatefulSet" | "Deployment" | "DaemonSet" | "Job" | "ReplicaSet" => "/spec/template",
            "CronJob" => "/spec/jobTemplate/spec/template",
            "Pod" => "",
            _ => return None,
        })
    }

    /// Every container of its pods, with those that run before.
    #[must_use]
    pub fn containers(&self) -> Vec<&Value> {
        self.pod().map_or_else(Vec::new, |pod| {
            ["/spec/initContainers", "/spec/containers"]
                .iter()
                .flat_map(|pointer| list(pod, pointer))
                .collect()
        })
    }

    /// Whether its pods are to run for ever.
    #[must_use]
    pub fn is_service(&self) -> bool {
        ["StatefulSet", "Deployment", "DaemonSet"].contains(&self.kind())
    }
}

/// The list at a JSON pointer; empty where there is none.
pub(crate) fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The text at a JSON pointer; empty where there is none.
pub(crate) fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// Whether a selector of labels (`{key: value}`) takes these labels.
pub(crate) fn selects(wanted: &Value, labels: Option<&Value>) -> bool {
    let Some(wanted) = wanted.as_object() else {
        return false;
    };
    wanted.iter().all(|(key, value)| labels.and_then(|labels| labels.get(key)) == Some(value))
}
