//! `ecr-publish` whose readers have gone.
#[allow(dead_code, reason = "each program uses its part")]
#[path = "../../../../crates/telemetry/tests/closed/mod.rs"]
mod closed;

use std::process::Command;

use closed::{assert_full_is_an_error, assert_quiet};

fn ecr_publish(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ecr-publish"));
    command.args(args);
    command
}

#[test]
fn commands_end_quietly() {
    let revision = ["--revision", "0123456789abcdef0123456789abcdef01234567"];
    let plan = [&["plan", "--json"], &revision[..]].concat();
    assert_quiet("--help", 0, || ecr_publish(&["--help"]));
    assert_quiet("plan --json", 0, || ecr_publish(&plan));
    assert_quiet("plan --service none", 1, || {
        ecr_publish(&["plan", "--service", "web", "--revision", "no revision"])
    });
    assert_full_is_an_error("plan --json", ecr_publish(&plan));
}
