//! `demo` whose readers have gone.
#[allow(dead_code, reason = "each program uses its part")]
#[path = "../../../../crates/telemetry/tests/closed/mod.rs"]
mod closed;

use std::process::Command;

use closed::assert_quiet;

#[test]
fn commands_end_quietly() {
    for (args, code) in
        [(&["--help"][..], 0), (&["--no-such-flag"], 2), (&["--root", "/no/such/folder"], 2)]
    {
        assert_quiet(&args.join(" "), code, || {
            let mut command = Command::new(env!("CARGO_BIN_EXE_demo"));
            command.args(args);
            command
        });
    }
}
