//! The overlays as kustomize renders them, and how their objects are read. An object is its JSON:
//! a field that it lacks reads as null.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use serde::Deserialize;
use serde_json::Value;
use verdict_testkit::{left_out, repository, run};

pub(crate) const LOCAL: &str = "k8s/overlays/local";
pub(crate) const EKS: &str = "k8s/overlays/eks";

/// An overlay: its folder, its objects, and the YAML that they were read from.
pub(crate) struct Overlay {
    pub(crate) name: &'static str,
    pub(crate) objects: Vec<Value>,
    pub(crate) yaml: String,
}

/// Those of the repository, and those that hold what the two do not use. `None` is [`left_out`].
#[track_caller]
pub(crate) fn overlays() -> Option<&'static [Overlay]> {
    static RENDERED: OnceLock<Vec<Overlay>> = OnceLock::new();
    let kustomize = tool("kustomize")?;
    let render = |name| {
        let yaml = run(Command::new(&kustomize).args(["build", name]).current_dir(repository()));
        Overlay { name, objects: parse(&yaml), yaml }
    };
    let names = [
        LOCAL,
        EKS,
        "tools/manifests/tests/overlays/autoscaled",
        "tools/manifests/tests/overlays/everything",
    ];
    Some(RENDERED.get_or_init(|| names.map(render).into()))
}

/// One of them.
#[track_caller]
pub(crate) fn overlay(name: &str) -> Option<&'static Overlay> {
    Some(overlays()?.iter().find(|overlay| overlay.name == name).unwrap())
}

/// The objects of a text of several YAML documents.
pub(crate) fn parse(yaml: &str) -> Vec<Value> {
    let documents = serde_yaml_ng::Deserializer::from_str(yaml);
    let objects = documents.map(|document| Value::deserialize(document).unwrap());
    objects.filter(|object| !object.is_null()).collect()
}

/// Where a tool of install.sh is; it is built first where it is not in the cache. `None` is
/// [`left_out`]: there is no Go, or an older one than the tool needs.
#[track_caller]
pub(crate) fn tool(name: &str) -> Option<PathBuf> {
    let install = Path::new(env!("CARGO_MANIFEST_DIR")).join("install.sh");
    let output = Command::new(install).arg(name).output().unwrap();
    if !output.status.success() {
        left_out(String::from_utf8_lossy(&output.stderr).trim());
        return None;
    }
    Some(String::from_utf8(output.stdout).unwrap().trim().into())
}

/// A file of the repository.
pub(crate) fn file(path: &str) -> String {
    let text = std::fs::read_to_string(repository().join(path));
    text.unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The text; empty where there is none.
pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The list; empty where there is none.
pub(crate) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// `KIND/NAME`.
pub(crate) fn called(object: &Value) -> String {
    format!("{}/{}", text(&object["kind"]), text(&object["metadata"]["name"]))
}

/// The object with this kind and name.
#[track_caller]
pub(crate) fn find<'a>(objects: &'a [Value], name: &str) -> &'a Value {
    let found = objects.iter().find(|object| called(object) == name);
    found.unwrap_or_else(|| panic!("{name} is not there"))
}

/// All objects of a kind.
pub(crate) fn of_kind<'a>(
    objects: &'a [Value],
    kind: &'a str,
) -> impl Iterator<Item = &'a Value> + 'a {
    objects.iter().filter(move |object| object["kind"] == kind)
}

/// The pod template of what makes pods; else null.
pub(crate) fn pod(object: &Value) -> &Value {
    match text(&object["kind"]) {
        "StatefulSet" | "Deployment" | "DaemonSet" | "Job" | "ReplicaSet" => {
            &object["spec"]["template"]
        }
        "CronJob" => &object["spec"]["jobTemplate"]["spec"]["template"],
        "Pod" => object,
        _ => &Value::Null,
    }
}

/// Every container of its pods, with those that run before.
pub(crate) fn containers(object: &Value) -> impl Iterator<Item = &Value> {
    let spec = &pod(object)["spec"];
    list(&spec["initContainers"]).iter().chain(list(&spec["containers"]))
}

/// Whether its pods are to run for ever.
pub(crate) fn is_service(object: &Value) -> bool {
    ["StatefulSet", "Deployment", "DaemonSet"].contains(&text(&object["kind"]))
}

/// Whether a selector of labels (`{key: value}`) takes these labels.
pub(crate) fn selects(wanted: &Value, labels: &Value) -> bool {
    let wanted = wanted.as_object();
    wanted.is_some_and(|wanted| wanted.iter().all(|(key, value)| labels[key] == *value))
}

/// Whether an image's reference is pinned: by digest, or by a tag that says which version it is.
pub(crate) fn is_pinned(image: &str) -> bool {
    if image.contains("@sha256:") || image == "scratch" {
        return true;
    }
    // A registry may have a port, so the tag is what follows the last colon after the last slash.
    let name = image.rsplit('/').next().unwrap_or(image);
    name.split_once(':').is_some_and(|(_, tag)| !tag.is_empty() && !tag.starts_with("latest"))
}

#[test]
fn a_reference_is_pinned_by_a_version_or_a_digest() {
    for (image, pinned) in [
        ("apache/kafka:4.2.2", true),
        ("localhost:5000/kafka", false),
        ("localhost:5000/kafka:4.2.2", true),
        ("kafka", false),
        ("kafka:", false),
        ("kafka:latest", false),
        ("kafka:latest-jvm", false),
        ("kafka@sha256:00", true),
    ] {
        assert_eq!(is_pinned(image), pinned, "{image}");
    }
}
