//! `up` whose readers have gone.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "tests"
)]

#[allow(dead_code, reason = "each program uses its part")]
#[path = "../../../crates/telemetry/tests/closed/mod.rs"]
mod closed;

use std::process::Command;

use closed::assert_quiet;

#[test]
fn commands_end_quietly() {
    let folder = tempfile::tempdir().unwrap();
    let up = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_up"));
        command.args(args).arg("--state").arg(folder.path());
        command
    };
    assert_quiet("--help", 0, || up(&["--help"]));
    assert_quiet("--consumers 0", 2, || up(&["--consumers", "0"]));
    assert_quiet("no folder", 2, || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_up"));
        command.args(["--state", "/dev/null"]);
        command
    });
}
