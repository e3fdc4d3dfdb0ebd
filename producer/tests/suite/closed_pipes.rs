//! Commands whose readers have gone.

use std::process::Command;

use verdict_kafka_io::{KafkaSettings, Outgoing};
use verdict_messages::topic;
use verdict_testkit::{assert_ends_quietly, assert_full_disk_is_an_error, kafka, run};

#[test]
fn commands_end_quietly() {
    let Some(kafka) = kafka::own() else { return };
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("good.jsonl", "{\"text\":\"Warm and witty.\",\"label\":1}\n"),
        ("bad.jsonl", "{\"text\":\"Warm.\",\"label\":1}\nnonsense\n"),
    ] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let brokers = format!("--bootstrap-servers={}", kafka.bootstrap());
    let ensure = ["topics", "ensure", "--json", "--replication-factor", "1", &brokers];
    let publish = |path| ["publish", path, "--json", "--listen", "127.0.0.1:0", &brokers];
    let producer = env!("CARGO_BIN_EXE_producer");
    run(Command::new(producer).args(ensure));
    let letter = Outgoing::to(topic::DEAD_LETTERS).partition(0).value("nonsense");
    kafka::publish(&KafkaSettings::new(kafka.bootstrap()), [letter]);
    let ls = ["dlq", "ls", &brokers];
    let lines = ["dlq", "ls", "--json", "--values", &brokers];
    let show = |position| ["dlq", "show", position, &brokers];
    let redrive = ["dlq", "redrive", "--all", "--dry-run", "--json", &brokers];
    assert_ends_quietly(
        producer,
        folder.path(),
        &[
            (&["--help"], 0),
            (&["publish", "--help"], 0),
            (&["publish"], 2),
            (&ensure, 0),
            (&publish("good.jsonl"), 0),
            (&publish("bad.jsonl"), 2),
            (&publish("no-such-file"), 2),
            (&["dlq", "redrive", "--help"], 0),
            (&ls, 0),
            (&lines, 0),
            (&show("0:0"), 0),
            (&show("0:1"), 2),
            // It is no dead letter of Verdict.
            (&redrive, 1),
        ],
    );
    assert_full_disk_is_an_error(
        producer,
        folder.path(),
        &[&ensure, &publish("good.jsonl"), &ls, &lines, &show("0:0"), &redrive],
    );
}
