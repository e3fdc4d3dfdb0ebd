//! The overlays, rendered once for each test.

use std::path::{Path, PathBuf};

use verdict_manifests::{Object, RenderError, Tool, ToolError, render};

pub(crate) const LOCAL: &str = "k8s/overlays/local";
pub(crate) const EKS: &str = "k8s/overlays/eks";
/// Those of the repository, and those that hold what the two do not use.
pub(crate) const OVERLAYS: [&str; 4] = [
    LOCAL,
    EKS,
    "tools/manifests/tests/overlays/autoscaled",
    "tools/manifests/tests/overlays/everything",
];

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

pub(crate) fn file(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn is_ci() -> bool {
    std::env::var_os("CI").is_some()
}

/// The objects of an overlay and their YAML, or `None`, said in one line, where there is no kustomize. In CI there must be.
pub(crate) fn overlay(path: &str) -> Option<(Vec<Object>, String)> {
    match render(&root().join(path)) {
        Ok(rendered) => Some(rendered),
        Err(RenderError::Tool(error)) if !is_ci() => {
            eprintln!("left out: {error}");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

/// Where a tool is, or `None`, said in one line. In CI it must be there.
pub(crate) fn tool(tool: Tool) -> Option<PathBuf> {
    match tool.path() {
        Ok(path) => Some(path),
        Err(error @ ToolError::Refused(_)) if !is_ci() => {
            eprintln!("left out: {error}");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

/// Python with what requirements-dev.txt names, or `None`, said in one line. In CI it must be there.
pub(crate) fn python() -> Option<PathBuf> {
    let python = std::env::var_os("VERDICT_VENV").map(|venv| Path::new(&venv).join("bin/python"));
    match python.filter(|python| python.is_file()) {
        Some(python) => Some(python),
        None if is_ci() => panic!("CI needs VERDICT_VENV with requirements-dev.txt"),
        None => {
            eprintln!(
                "left out: needs VERDICT_VENV with requirements-dev.txt (make test makes it)"
            );
            None
        }
    }
}
