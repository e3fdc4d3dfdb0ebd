//! The producer against a real Apache Kafka.

use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use verdict_kafka_io::{KafkaSettings, Record};
use verdict_messages::{Label, MAX_REVIEW_BYTES, Review, Sentiment, headers};
use verdict_testkit::kafka;

fn producer(bootstrap: &str, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_producer"));
    command.args(args).args(["--bootstrap-servers", bootstrap, "--log-format", "human"]);
    if args[0] == "publish" {
        command.args(["--listen", "127.0.0.1:0"]);
    }
    command
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn json(output: &Output) -> serde_json::Value {
    let stdout = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(stdout.lines().last().unwrap_or_default()).unwrap()
}

fn read(bootstrap: &str, topic: &str) -> Vec<Record> {
    let mut records = kafka::read(&KafkaSettings::new(bootstrap), topic);
    records.sort_by(|a, b| a.key.cmp(&b.key));
    records
}

fn write(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn topics_and_reviews_with_labels_arrive_whole_and_bad_rows_are_told() {
    let Some(kafka) = kafka::own() else { return };
    let at = kafka.bootstrap();
    let folder = tempfile::tempdir().unwrap();

    // Without topics nothing is read, and the text says what to do.
    let good = write(folder.path(), "good.jsonl", "{\"text\":\"Warm and witty.\",\"label\":1}\n");
    let output = producer(&at, &["publish", &good]).output().unwrap();
    assert_eq!(output.status.code(), Some(70), "{}", said(&output));
    assert!(said(&output).contains("topic reviews does not exist"), "{}", said(&output));
    assert!(said(&output).contains("producer topics ensure"), "{}", said(&output));

    // Created once, present after that, and a differing plan is told and changes nothing.
    let output =
        producer(&at, &["topics", "ensure", "--partitions", "3", "--json"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(json(&output)["created"].as_array().unwrap().len(), 8);
    let output =
        producer(&at, &["topics", "ensure", "--partitions", "3", "--json"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(json(&output)["present"].as_array().unwrap().len(), 8);
    let output = producer(&at, &["topics", "ensure", "--partitions", "4"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(
        said(&output).contains("reviews: differs: partitions must be 4, is 3"),
        "{}",
        said(&output)
    );

    // Good rows arrive, the bad one is named and makes the exit code 2.
    let csv = "id,review,sentiment\nr1,\"Warm, witty and wise\",positive\nr2,Dull,sideways\nr3,Dull,negative\n";
    let path = write(folder.path(), "mixed.csv", csv);
    let output = producer(&at, &["publish", &path, "--labels", "--json"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(
        said(&output).contains("mixed.csv:3: the label must be positive or negative"),
        "{}",
        said(&output)
    );
    assert!(said(&output).contains("2 reviews published"), "{}", said(&output));
    let summary = json(&output);
    assert_eq!((summary["published"].as_u64(), summary["labels"].as_u64()), (Some(2), Some(2)));
    assert_eq!(
        (summary["unreadable"].as_u64(), summary["ended"].as_str()),
        (Some(1), Some("complete"))
    );

    let reviews = read(&at, "reviews");
    let keys: Vec<_> = reviews.iter().map(|record| record.key.as_deref().unwrap()).collect();
    assert_eq!(keys, [b"r1", b"r3"]);
    let first = &reviews[0];
    let review =
        Review::from_record(first.value.as_deref(), &first.headers, MAX_REVIEW_BYTES).unwrap();
    assert_eq!(
        (&*review.text, review.source.as_deref()),
        ("Warm, witty and wise", Some("mixed.csv"))
    );
    assert_eq!(first.headers.text(headers::CE_ID), Some("r1"));
    let labels = read(&at, "reviews.labels");
    let said_of: Vec<_> = labels
        .iter()
        .map(|record| Label::decode(record.value.as_deref().unwrap()).unwrap())
        .map(|label| (label.review_id.into_owned(), label.label))
        .collect();
    assert_eq!(
        said_of,
        [("r1".to_owned(), Sentiment::Positive), ("r3".to_owned(), Sentiment::Negative)]
    );

    // Lines from a pipe have ids of their own on each run; the limit holds; the rate is kept.
    for _ in 0..2 {
        let mut child = producer(&at, &["publish", "-", "--limit", "4", "--rate", "20", "--json"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all("A fine evening.\n".repeat(9).as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        assert_eq!(
            (json(&output)["published"].as_u64(), json(&output)["ended"].as_str()),
            (Some(4), Some("limit"))
        );
        assert!(json(&output)["seconds"].as_f64().unwrap() >= 0.09, "{}", json(&output));
    }
    let mut keys: Vec<_> =
        read(&at, "reviews").into_iter().filter_map(|record| record.key).collect();
    keys.dedup();
    assert_eq!(keys.len(), 10);

    // A source that breaks off: what came before it is there, and the exit code tells.
    let path = write(
        folder.path(),
        "open.csv",
        &("review,sentiment\nFine,1\n\"open,1\n".to_owned() + &"x\n".repeat(300_000)),
    );
    let output = producer(&at, &["publish", &path, "--json"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert_eq!(
        (json(&output)["published"].as_u64(), json(&output)["ended"].as_str()),
        (Some(1), Some("source_broken"))
    );
}

#[test]
fn bad_input_and_an_absent_kafka_are_told_in_bounded_time() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let folder = tempfile::tempdir().unwrap();
    let good = write(folder.path(), "good.txt", "A fine evening.\n");
    let started = Instant::now();
    for args in
        [vec!["publish", &good, "--timeout", "1"], vec!["topics", "ensure", "--timeout", "1"]]
    {
        let output = producer(&nobody, &args).output().unwrap();
        assert_eq!(output.status.code(), Some(70), "{}", said(&output));
        assert!(said(&output).contains(&nobody), "{}", said(&output));
        assert!(output.stdout.is_empty());
    }
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());

    let empty = write(folder.path(), "empty.csv", "");
    let columns = write(folder.path(), "columns.csv", "stars,body\n5,Fine\n");
    for (args, expected) in [
        (vec!["publish", "no/such.csv"], "no/such.csv: cannot be read: "),
        (vec!["publish", empty.as_str()], "empty.csv: holds no review"),
        (
            vec!["publish", columns.as_str()],
            "columns.csv:1: the header must have a column \"review\"",
        ),
        (
            vec!["publish", good.as_str(), "--labels"],
            "good.txt: labels are required, and the format lines has none",
        ),
        (vec!["publish", good.as_str(), "--kafka", "no.such=1"], "no.such is refused"),
    ] {
        let output = producer(&nobody, &args).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", said(&output));
        assert_eq!(said(&output).matches(expected).count(), 1, "{}", said(&output));
    }
}
