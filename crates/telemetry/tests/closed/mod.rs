//! Commands whose readers have gone before they print. Used by the tests of every program.

use std::{
    fs::File,
    io::{Read as _, Write as _, pipe},
    net::{SocketAddr, TcpListener, TcpStream},
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};

/// The writing end of a pipe that nobody reads.
pub(crate) fn nobody() -> Stdio {
    let (reader, writer) = pipe().unwrap();
    drop(reader);
    writer.into()
}

/// The command ends with its own exit code and without a panic, whichever of its outputs nobody reads.
#[track_caller]
pub(crate) fn assert_quiet(what: &str, code: i32, command: impl Fn() -> Command) {
    type Setting = fn(&mut Command);
    let closed: [(&str, Setting); 3] = [
        ("standard output", |command| {
            command.stdout(nobody()).stderr(Stdio::piped());
        }),
        ("standard error", |command| {
            command.stdout(Stdio::piped()).stderr(nobody());
        }),
        ("both", |command| {
            command.stdout(nobody()).stderr(nobody());
        }),
    ];
    for (output, set) in closed {
        let mut command = command();
        set(&mut command);
        assert_code(&format!("{what}, {output}"), code, &mut command);
    }
}

/// A result that does not fit where it goes is an error that says so.
#[track_caller]
pub(crate) fn assert_full_is_an_error(what: &str, mut command: Command) {
    let full = File::options().write(true).open("/dev/full").unwrap();
    let output = ended(command.stdout(full).stderr(Stdio::piped()));
    let said = String::from_utf8_lossy(&output.stderr);
    assert_ne!(output.status.code(), Some(0), "{what}: {said}");
    assert!(said.contains("standard output") && !said.contains("panicked"), "{what}: {said}");
}

#[track_caller]
fn assert_code(what: &str, code: i32, command: &mut Command) {
    let output = ended(command);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{what}: {said}");
    assert!(!said.contains("panicked"), "{what}: {said}");
}

fn ended(command: &mut Command) -> Output {
    let child = command.stdin(Stdio::null()).spawn().unwrap();
    child.wait_with_output().unwrap()
}

/// An address of this machine that was free a moment ago.
pub(crate) fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}

/// Waits until `path` at `address` is answered by a page that `holds`.
#[track_caller]
pub(crate) fn await_page(address: SocketAddr, path: &str, holds: impl Fn(&str) -> bool) {
    let asked = Instant::now();
    loop {
        let page = page(address, path).unwrap_or_default();
        if holds(&page) {
            return;
        }
        assert!(asked.elapsed() < Duration::from_secs(60), "{address}{path}: {page}");
        std::thread::park_timeout(Duration::from_millis(50));
    }
}

fn page(address: SocketAddr, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
