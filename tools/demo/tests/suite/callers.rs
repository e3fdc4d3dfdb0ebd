//! Programs of others at the HTTP interface: clients made from its own description, KServe's
//! client, and requests of every kind that the description allows or forbids. Their sources are in
//! tools/callers.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use verdict_testkit::{left_out, python_tools, repository, run};

use crate::demo::{Demo, State};

/// Where tools/callers/install.sh has put the callers, and the folder of Node. `None` is left out.
#[track_caller]
fn installed() -> Option<(PathBuf, PathBuf)> {
    let node = python_tools("node")?;
    let output = Command::new(repository().join("tools/callers/install.sh")).output().unwrap();
    let [out, err] = [output.stdout, output.stderr].map(|it| String::from_utf8(it).unwrap());
    if !output.status.success() {
        left_out(err.trim());
        return None;
    }
    Some((out.trim().into(), node))
}

/// What a caller prints: one line of JSON.
fn told(command: &mut Command) -> Value {
    let line = run(command);
    serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
}

#[test]
fn clients_made_from_the_description_ask_label_and_watch() {
    let Some((callers, node)) = installed() else { return };
    let Some(state) = State::new() else { return };
    let demo = Demo::start(state.path(), &[]);
    let made = tempfile::tempdir().unwrap();
    let description = made.path().join("openapi.json");
    std::fs::write(&description, demo.get("/openapi.json").text).unwrap();
    let python = || {
        let mut python = Command::new(callers.join("venv/bin/python"));
        python.current_dir(repository().join("tools/callers"));
        python
    };

    let package = made.path().join("client");
    let generate = ["-m", "openapi_python_client", "generate", "--meta=none", "--path"];
    let package_of_client = package.join("verdict_client");
    run(python().args(generate).arg(&description).arg("--output-path").arg(&package_of_client));
    let found = told(python().arg("http_client.py").arg(&demo.web).arg(&package));
    let expected =
        |label| json!({ "label": label, "labelled": label, "bad": 422, "watched": label });
    assert_eq!(found, expected("positive"));

    let found = told(python().arg("infer.py").arg(&demo.web));
    assert_eq!(found, json!({ "live": true, "ready": true, "label": ["positive", "negative"] }));

    assert_eq!(typescript(&callers, &node, &description, &demo.web), expected("negative"));

    // 0 failures, or it ends with an error.
    let checks = "import sys; from schemathesis.cli import schemathesis; sys.exit(schemathesis())";
    let report = run(python()
        .current_dir(made.path())
        .args(["-c", checks, "--config-file"])
        .arg(repository().join("tools/callers/schemathesis.toml"))
        .args(["--no-color", "run", "--max-examples=50", "--generation-deterministic"])
        .arg(format!("{}/openapi.json", demo.web)));
    let cases = report.lines().find(|line| line.contains(" generated, ")).unwrap();
    eprintln!("schemathesis: {}", cases.trim());
    assert_eq!(demo.interrupt(), Some(0));
}

/// Checks the types of the client and runs it.
fn typescript(callers: &Path, node: &Path, description: &Path, web: &str) -> Value {
    let folder = tempfile::tempdir_in(callers).unwrap();
    let client = folder.path().join("http_client.ts");
    std::fs::copy(callers.join("http_client.ts"), &client).unwrap();
    let tool = |path: &str| {
        let mut command = Command::new(node.join("node"));
        command.current_dir(folder.path()).arg(callers.join("node_modules").join(path));
        command
    };
    run(tool("openapi-typescript/bin/cli.js").arg(description).args(["-o", "schema.d.ts"]));
    run(tool("typescript/bin/tsc")
        .args(["--noEmit", "--strict", "--skipLibCheck", "--allowImportingTsExtensions"])
        .args(["--target", "es2024", "--module", "nodenext"])
        .args(["--lib", "es2024,dom,dom.asynciterable", "--types", "node"])
        .arg(&client));
    told(Command::new(node.join("node")).arg(&client).arg(web))
}
