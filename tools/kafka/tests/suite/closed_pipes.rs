//! `kafka-local` whose readers have gone.
#[allow(dead_code, reason = "each program uses its part")]
#[path = "../../../../crates/telemetry/tests/closed/mod.rs"]
mod closed;

use std::process::{Command, Stdio};

use closed::{assert_full_is_an_error, assert_quiet, free_address, nobody};
use rustix::process::{Pid, Signal, kill_process};
use verdict_kafka::is_ready;

fn kafka_local(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kafka-local"));
    command.args(args);
    command
}

#[test]
fn it_runs_on_without_a_reader_and_its_errors_end_quietly() {
    assert_quiet("--help", 0, || kafka_local(&["--help"]));
    assert_quiet("run --port none", 2, || kafka_local(&["run", "--port", "none"]));
    assert_quiet("a cache that is a file", 70, || {
        kafka_local(&["run", "--port", "0", "--cache", "/dev/null"])
    });
    let (address, port) = (free_address(), free_address().port().to_string());
    let mut running = kafka_local(&["run", "--quick", "--port", &address.port().to_string()])
        .stdin(Stdio::null())
        .stdout(nobody())
        .stderr(nobody())
        .spawn()
        .unwrap();
    let asked = std::time::Instant::now();
    while !is_ready(address) {
        assert!(asked.elapsed().as_secs() < 60, "not ready within 60 s");
        assert_eq!(running.try_wait().unwrap(), None);
        std::thread::park_timeout(std::time::Duration::from_millis(50));
    }
    kill_process(Pid::from_child(&running), Signal::TERM).unwrap();
    assert_eq!(running.wait().unwrap().code(), Some(0));
    assert_full_is_an_error("run", kafka_local(&["run", "--quick", "--port", &port]));
}
