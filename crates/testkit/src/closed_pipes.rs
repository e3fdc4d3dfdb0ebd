//! Programs whose readers have gone before they print, as in `trainer params | head -1`.

use std::fs::File;
use std::io::pipe;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// The writing end of a pipe that nobody reads.
pub fn nobody() -> Stdio {
    let (reader, writer) = pipe().unwrap();
    drop(reader);
    writer.into()
}

/// Runs `program` in the folder `place` with the arguments of each row, and asserts that it ends
/// with the exit code of the row and without a panic, whichever of its outputs nobody reads.
#[track_caller]
pub fn assert_ends_quietly(program: &str, place: &Path, table: &[(&[&str], i32)]) {
    for (arguments, code) in table {
        for unread in ["standard output", "standard error", "both"] {
            let output =
                |name| if [name, "both"].contains(&unread) { nobody() } else { Stdio::piped() };
            let command = &mut Command::new(program);
            command.stdout(output("standard output")).stderr(output("standard error"));
            let (said, ended) = ended(command.current_dir(place).args(*arguments));
            assert_eq!(ended.status.code(), Some(*code), "{arguments:?}, {unread}: {said}");
            assert!(!said.contains("panicked"), "{arguments:?}, {unread}: {said}");
        }
    }
}

/// Asserts that a result that does not fit where it goes is an error that says so.
#[track_caller]
pub fn assert_full_disk_is_an_error(program: &str, place: &Path, table: &[&[&str]]) {
    for arguments in table {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let command = &mut Command::new(program);
        command.stdout(full).stderr(Stdio::piped());
        let (said, ended) = ended(command.current_dir(place).args(*arguments));
        assert_ne!(ended.status.code(), Some(0), "{arguments:?}: {said}");
        let is_said = said.contains("standard output") && !said.contains("panicked");
        assert!(is_said, "{arguments:?}: {said}");
    }
}

/// What was read of standard error, and how the command ended.
fn ended(command: &mut Command) -> (String, Output) {
    let child = command.stdin(Stdio::null()).spawn().unwrap();
    let output = child.wait_with_output().unwrap();
    (String::from_utf8_lossy(&output.stderr).into_owned(), output)
}
