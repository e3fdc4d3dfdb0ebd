//! `demo` whose readers have gone.

use std::path::Path;

#[test]
fn commands_end_quietly() {
    let table: [(&[&str], i32); 3] =
        [(&["--help"], 0), (&["--no-such-flag"], 2), (&["--state", "/proc/no"], 2)];
    verdict_testkit::assert_ends_quietly(env!("CARGO_BIN_EXE_demo"), Path::new("."), &table);
}
