//! The smoke test of a deployment, on the whole system: it must pass where everything runs, and fail where something does not.
use crate::common::root;
use crate::demo::{self, Demo};
use std::process::Command;

/// Exit code and lines of the smoke test.
fn smoke(args: &[&str]) -> (Option<i32>, String) {
    let output = Command::new("python3")
        .arg(root().join("tools/smoke-test/smoke.py"))
        .args(args)
        .output()
        .expect("python3 starts");
    let said = String::from_utf8(output.stdout).unwrap();
    (output.status.code(), said)
}

#[test]
fn the_smoke_test_passes_where_everything_runs_and_fails_where_it_has_ended() {
    let Some(state) = demo::state() else { return };
    let demo = Demo::start(state.path());
    let web = demo.web.clone();
    let (code, said) = smoke(&[&web]);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(said.lines().filter(|line| line.starts_with("ok")).count(), 6, "{said}");
    demo.kill9();
    let (code, said) = smoke(&[&web, "--wait", "1"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("not ready after 1 s"), "{said}");
}

#[test]
fn the_smoke_test_fails_where_nothing_or_nonsense_is() {
    // A port of the system's own that nobody uses.
    let nobody = "http://127.0.0.1:1";
    let (code, said) = smoke(&[nobody, "--wait", "0"]);
    assert_eq!(code, Some(1), "{said}");
    let (code, _) = smoke(&["nonsense"]);
    assert_eq!(code, Some(2));
}
