//! The smoke test of a deployment: it must fail where something does not run. That it passes where
//! everything does is a step of `everything_holds`.

use std::process::Command;

use verdict_testkit::repository;

/// Exit code and lines of the smoke test.
pub(crate) fn smoke(args: &[&str]) -> (Option<i32>, String) {
    let script = repository().join("tools/smoke-test/smoke.py");
    let output = Command::new("python3").arg(script).args(args).output().expect("python3 starts");
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn the_smoke_test_fails_where_nothing_or_nonsense_is() {
    // A port of the system's own that nobody uses.
    let (code, said) = smoke(&["http://127.0.0.1:1", "--wait", "0"]);
    assert_eq!(code, Some(1), "{said}");
    let (code, _) = smoke(&["nonsense"]);
    assert_eq!(code, Some(2));
}
