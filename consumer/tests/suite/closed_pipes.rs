//! Commands of the consumer whose readers have gone.

use std::path::Path;
use std::process::Command;

use verdict_kafka_io::Outgoing;
use verdict_messages::topic;
use verdict_testkit::{
    Process, Signal, assert_ends_quietly, assert_full_disk_is_an_error, await_page, free_address,
    kafka,
};

use crate::common::{artifact, process::CONSUMER};

#[test]
fn commands_without_kafka_end_quietly() {
    let table: [(&[&str], i32); 9] = [
        (&["--help"], 0),
        (&["--version"], 0),
        (&["audit", "--help"], 0),
        (&["monitor", "--help"], 0),
        (&["--no-such-flag"], 2),
        (&["--model", "no-such-model"], 2),
        (&["audit", "--kafka", "nonsense"], 2),
        (&["monitor", "--kafka", "nonsense"], 2),
        (&["healthcheck", "--listen", "127.0.0.1:1"], 1),
    ];
    assert_ends_quietly(CONSUMER, Path::new("."), &table);
}

#[test]
fn reports_end_quietly_and_a_consumer_runs_on_without_a_reader() {
    let Some((_kafka, settings)) = kafka::own_with_topics(1) else { return };
    let at = settings.bootstrap();
    // A review without an outcome: what scripts look at is the exit code of the audit.
    kafka::publish(&settings, [Outgoing::to(topic::REVIEWS).value("A great film.")]);
    let table: [(&[&str], i32); 4] = [
        (&["audit", "--json", "--bootstrap-servers", at], 1),
        (&["audit", "--bootstrap-servers", at], 1),
        (&["monitor", "--once", "--json", "--bootstrap-servers", at], 0),
        (&["monitor", "--once", "--bootstrap-servers", at], 0),
    ];
    assert_ends_quietly(CONSUMER, Path::new("."), &table);
    assert_full_disk_is_an_error(CONSUMER, Path::new("."), &table.map(|(arguments, _)| arguments));

    let folder = tempfile::tempdir().unwrap();
    let model = verdict_registry::save(folder.path(), &artifact()).unwrap();
    let address = free_address().to_string();
    let mut running = Process::start_unread(
        Command::new(CONSUMER)
            .args(["--bootstrap-servers", at, "--log-filter", "debug", "--listen", &address])
            .arg("--model")
            .arg(model),
    );
    await_page(&format!("http://{address}/metrics"), |page| {
        page.text.contains("verdict_endings_total{ending=\"verdict\"} 1\n")
    });
    assert!(running.end(Signal::TERM).success());
    let audited = Command::new(CONSUMER).args(table[0].0).output().unwrap();
    assert_eq!(audited.status.code(), Some(0), "{audited:?}");
}
