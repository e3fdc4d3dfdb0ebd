//! `kafka-local` whose readers have gone.

use std::path::Path;
use std::process::Command;

use verdict_kafka::is_ready;
use verdict_testkit::{
    Process, Signal, assert_ends_quietly, assert_full_disk_is_an_error, eventually, free_address,
};

const KAFKA_LOCAL: &str = env!("CARGO_BIN_EXE_kafka-local");

#[test]
fn it_runs_on_without_a_reader_and_its_errors_end_quietly() {
    let table: [(&[&str], i32); 3] = [
        (&["--help"], 0),
        (&["run", "--port", "none"], 2),
        // A cache that is a file.
        (&["run", "--port", "0", "--cache", "/dev/null"], 70),
    ];
    assert_ends_quietly(KAFKA_LOCAL, Path::new("."), &table);
    let address = free_address();
    let run = ["run", "--quick", "--port", &address.port().to_string()];
    let mut running = Process::start_unread(Command::new(KAFKA_LOCAL).args(run));
    eventually("the broker is ready", || {
        assert_eq!(running.ended(), None);
        is_ready(address).then_some(())
    });
    assert_eq!(running.end(Signal::TERM).code(), Some(0));
    assert_full_disk_is_an_error(KAFKA_LOCAL, Path::new("."), &[&run]);
}
