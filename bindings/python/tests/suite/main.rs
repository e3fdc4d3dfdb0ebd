//! The Python package under pytest, as Python users have it: the compiled part that this build made
//! beside the Python files.
#![cfg(test)]
#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::process::Command;
use verdict_registry::{DirectoryRegistry, NewVersion, Registry};
use verdict_testkit::{python_tools, repository, run};

/// Runs the tests of one Python file.
#[track_caller]
fn pytest(file: &str) {
    let Some(tools) = python_tools("pytest") else { return };
    let here = repository().join("bindings/python");
    let folder = tempfile::tempdir().unwrap();
    let package = folder.path().join("verdict");
    std::fs::create_dir(&package).unwrap();
    for entry in std::fs::read_dir(here.join("python/verdict")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            std::fs::copy(&path, package.join(path.file_name().unwrap())).unwrap();
        }
    }
    // Cargo puts the library beside the tests.
    let library = format!("{DLL_PREFIX}verdict_native{DLL_SUFFIX}");
    let built = std::env::current_exe().unwrap();
    std::fs::copy(built.with_file_name(library), package.join("_native.abi3.so")).unwrap();
    let registry = DirectoryRegistry::new(folder.path().join("registry"));
    let model = std::fs::read(repository().join("models/default/model.verdict")).unwrap();
    let made = "2026-01-01T00:00:00Z".parse().unwrap();
    registry.register(NewVersion::new("sentiment", &model, made)).unwrap();
    registry.set_alias("sentiment", "production", 1).unwrap();
    let mut command = Command::new(tools.join("python"));
    command.args(["-B", "-m", "pytest", &format!("tests/python/{file}")]).current_dir(here);
    command.env("PYTHONPATH", folder.path()).env("VERDICT_REPOSITORY", repository());
    command.env("VERDICT_REGISTRY", folder.path().join("registry"));
    // Cargo puts the programs a folder above.
    command.env("VERDICT_TRAINER", built.with_file_name("../trainer"));
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&said));
}

#[test]
fn python_loads_scores_and_explains_models() {
    pytest("test_model.py");
}

#[test]
fn scikit_learn_takes_the_estimator_which_trains_as_the_trainer_does() {
    pytest("test_estimator.py");
}

#[test]
fn models_of_scikit_learn_become_models_and_models_become_scikit_learns() {
    pytest("test_conversion.py");
}

/// Without compiling it once more: what `make wheel` writes into the wheel about itself.
#[test]
fn the_wheel_is_for_cpython_3_10_and_newer_and_has_its_command() {
    let Some(tools) = python_tools("maturin") else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(tools.join("maturin"));
    command.args(["pep517", "write-dist-info", "--metadata-directory"]).arg(folder.path());
    command.arg("--interpreter").arg(tools.join("python"));
    run(command.current_dir(repository().join("bindings/python")));
    let version = env!("CARGO_PKG_VERSION");
    let read = |file: &str| {
        let info = folder.path().join(format!("verdict-{version}.dist-info"));
        std::fs::read_to_string(info.join(file)).unwrap()
    };
    assert!(read("WHEEL").contains("\nTag: cp310-abi3-"), "{}", read("WHEEL"));
    assert!(read("entry_points.txt").contains("verdict-import=verdict._command:main"));
    let metadata = read("METADATA");
    let required = metadata.lines().filter_map(|line| line.strip_prefix("Requires-Dist: "));
    let needed: Vec<&str> = required.filter(|line| !line.contains("extra")).collect();
    assert_eq!(needed, ["numpy>=1.24"]);
}
