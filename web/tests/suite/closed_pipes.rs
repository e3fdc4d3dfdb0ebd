//! The web program whose readers have gone.

#[allow(dead_code, reason = "each program uses its part")]
#[path = "../../../crates/telemetry/tests/closed/mod.rs"]
mod closed;

use std::process::{Command, Stdio};

use closed::{assert_quiet, await_page, free_address, nobody};

fn web(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_web"));
    command.args(args);
    command
}

#[test]
fn commands_end_quietly() {
    let table: [(&[&str], i32); 5] = [
        (&["--help"], 0),
        (&["--version"], 0),
        (&["--no-such-flag"], 2),
        (&["--kafka", "nonsense"], 2),
        (&["healthcheck", "--listen", "127.0.0.1:1"], 1),
    ];
    for (args, code) in table {
        assert_quiet(&args.join(" "), code, || web(args));
    }
}

#[test]
fn it_serves_on_though_nobody_reads_its_log() {
    let (address, nowhere) = (free_address(), free_address());
    let mut running = web(&["--log-filter", "debug", "--kafka", "reconnect.backoff.ms=10"])
        .args(["--listen", &address.to_string()])
        .args(["--bootstrap-servers", &nowhere.to_string()])
        .stdin(Stdio::null())
        .stdout(nobody())
        .stderr(nobody())
        .spawn()
        .unwrap();
    await_page(address, "/healthz", |page| page.starts_with("HTTP/1.1 200"));
    await_page(address, "/metrics", |page| page.starts_with("HTTP/1.1 200"));
    assert_eq!(running.try_wait().unwrap(), None);
    running.kill().unwrap();
    running.wait().unwrap();
}
