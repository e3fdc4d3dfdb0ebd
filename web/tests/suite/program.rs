//! The program as a process: its ends, its health check, and readers that have gone.

use std::path::Path;
use std::process::Command;

use verdict_telemetry::Service;
use verdict_testkit::{
    Process, assert_ends_quietly, assert_healthcheck_follows_readyz, await_page, free_address,
};

const WEB: &str = env!("CARGO_BIN_EXE_web");

#[test]
fn a_health_check_says_what_readyz_says() {
    assert_healthcheck_follows_readyz(WEB, Service::Web);
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
    assert_ends_quietly(WEB, Path::new("."), &table);
}

#[test]
fn it_serves_on_though_nobody_reads_its_log() {
    let (address, nowhere) = (free_address().to_string(), free_address().to_string());
    let mut command = Command::new(WEB);
    command.args(["--log-filter", "debug", "--kafka", "reconnect.backoff.ms=10"]);
    command.args(["--listen", &address, "--bootstrap-servers", &nowhere]);
    let mut running = Process::start_unread(&mut command);
    for path in ["healthz", "metrics"] {
        await_page(&format!("http://{address}/{path}"), |page| page.status == 200);
    }
    assert_eq!(running.ended(), None);
}
