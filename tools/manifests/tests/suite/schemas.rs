//! Every overlay against the schemas of Kubernetes, KEDA and the Prometheus operator.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use crate::common::{EKS, OVERLAYS, overlay, python, root};

/// The oldest and the newest Kubernetes that the manifests are for.
const KUBERNETES: [&str; 2] = ["1.33", "1.37"];

/// What is wrong with the objects of a text, as said; `None` where nothing is.
fn breaches(python: &std::path::Path, text: &str) -> Option<String> {
    let folder = root().join("tools/manifests");
    let mut child = Command::new(python)
        .arg(folder.join("validate.py"))
        .arg(folder.join("crds"))
        .args(KUBERNETES)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python starts");
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(!said.is_empty(), "it ended with {} and said nothing", output.status);
    (!output.status.success()).then_some(said)
}

#[test]
fn every_overlay_is_valid_to_the_last_field() {
    let Some(python) = python() else { return };
    for name in OVERLAYS {
        let Some((_, text)) = overlay(name) else {
            return;
        };
        assert_eq!(breaches(&python, &text), None, "{name}");
    }
}

#[test]
fn a_field_that_the_api_does_not_have_is_refused() {
    let Some(python) = python() else { return };
    let Some((_, text)) = overlay(EKS) else {
        return;
    };
    for (good, bad, told) in [
        ("podManagementPolicy:", "podManagmentPolicy:", "'podManagmentPolicy' was unexpected"),
        ("replicas: 2", "replicas: two", "'two' is not of type"),
        ("maxReplicaCount:", "maxReplicasCount:", "'maxReplicasCount' was unexpected"),
        ("jobLabel:", "jobLable:", "'jobLable' was unexpected"),
        ("secretTargetRef:", "secretTargetRefs:", "'secretTargetRefs' was unexpected"),
        ("kind: CronJob", "kind: CronJobs", "kind cronjobs"),
    ] {
        assert!(text.contains(good), "{good}");
        let said = breaches(&python, &text.replacen(good, bad, 1));
        let said = said.unwrap_or_else(|| panic!("{bad} is taken"));
        assert!(said.to_lowercase().contains(&told.to_lowercase()), "{bad}: {said}");
    }
}
