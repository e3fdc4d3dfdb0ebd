//! Commands whose readers have gone.

use verdict_testkit::{assert_ends_quietly, assert_full_disk_is_an_error, kafka};

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
        ],
    );
    assert_full_disk_is_an_error(producer, folder.path(), &[&ensure, &publish("good.jsonl")]);
}
