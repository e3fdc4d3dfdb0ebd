//! Every overlay against the schemas of Kubernetes, KEDA and the Prometheus operator.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use verdict_testkit::{python_tools, repository};

use crate::overlay::{EKS, Overlay, overlay, overlays};

#[track_caller]
fn python() -> Option<PathBuf> {
    Some(python_tools("kubernetes-validate")?.join("python"))
}

/// The oldest and the newest Kubernetes that the manifests are for.
const KUBERNETES: [&str; 2] = ["1.33", "1.37"];

/// What is wrong with the objects of a text, as validate.py lists it; `None` where nothing is.
fn breaches(python: &Path, text: &str) -> Option<String> {
    let folder = repository().join("tools/manifests");
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
    let errors = String::from_utf8(output.stdout).unwrap();
    assert!(!errors.is_empty(), "it ended with {} and no output", output.status);
    (!output.status.success()).then_some(errors)
}

#[test]
fn every_overlay_is_valid_to_the_last_field() {
    let Some(python) = python() else { return };
    for overlay in overlays().unwrap_or_default() {
        assert_eq!(breaches(&python, &overlay.yaml), None, "{}", overlay.name);
    }
}

#[test]
fn a_field_that_the_api_does_not_have_is_refused() {
    let Some(python) = python() else { return };
    let Some(Overlay { yaml, .. }) = overlay(EKS) else { return };
    for (good, bad, expected) in [
        ("podManagementPolicy:", "podManagmentPolicy:", "'podManagmentPolicy' was unexpected"),
        ("replicas: 2", "replicas: two", "'two' is not of type"),
        ("maxReplicaCount:", "maxReplicasCount:", "'maxReplicasCount' was unexpected"),
        ("jobLabel:", "jobLable:", "'jobLable' was unexpected"),
        ("secretTargetRef:", "secretTargetRefs:", "'secretTargetRefs' was unexpected"),
        ("kind: CronJob", "kind: CronJobs", "kind cronjobs"),
    ] {
        // The object alone, since the schemas take seconds for them all.
        let object = yaml.split("\n---\n").find(|object| object.contains(good));
        let object = object.unwrap_or_else(|| panic!("{good}"));
        let errors = breaches(&python, &object.replacen(good, bad, 1));
        let errors = errors.unwrap_or_else(|| panic!("{bad} is taken"));
        assert!(errors.to_lowercase().contains(&expected.to_lowercase()), "{bad}: {errors}");
    }
}
