//! Dead letters of the real consumer, listed, shown and redriven on a real Apache Kafka.

use std::collections::BTreeMap;
use std::fs;
use std::net::TcpListener;
use std::process::{Command, Output};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use serde_json::{Value, json};
use verdict_kafka_io::{KafkaSettings, Outgoing, Record};
use verdict_messages::{Position, Review, dead_letter, headers, topic};
use verdict_testkit::kafka::{self, Transactions};
use verdict_testkit::{Process, Signal, eventually};

use crate::consumer::{audited, await_outcomes, with_consumer};
use crate::malformed::{WAYS, is_repairable, malformed};

const RECORDS: usize = 10_000;
const MALFORMED: usize = 1_000;
const REPAIRED: usize = 500;

fn command(bootstrap: &str, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_producer"));
    command.arg("dlq").args(words).args(["--bootstrap-servers", bootstrap]);
    command.args(["--log-format", "human"]);
    command
}

/// Standard output and standard error of a command that ends with `code`.
#[track_caller]
fn dlq(kafka: &KafkaSettings, words: &[&str], code: i32) -> (String, String) {
    let Output { status, stdout, stderr } = command(kafka.bootstrap(), words).output().unwrap();
    let [out, err] = [stdout, stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    assert_eq!(status.code(), Some(code), "{words:?}: {out}{err}");
    (out, err)
}

/// What `redrive --json` says.
#[track_caller]
fn redrive(kafka: &KafkaSettings, words: &[&str], code: i32) -> Value {
    let (out, _) = dlq(kafka, &[&["redrive", "--json"], words].concat(), code);
    serde_json::from_str(out.lines().last().unwrap()).unwrap()
}

fn redriven(kafka: &KafkaSettings) -> Vec<Record> {
    let mut records = kafka::read(kafka, topic::REVIEWS);
    records.retain(|record| record.headers.contains(headers::REDRIVEN));
    records
}

fn number_of(record: &Record) -> usize {
    record.headers.text("x-mine").unwrap().parse().unwrap()
}

/// The `n`th record of the flow, of which every tenth is malformed.
fn record(n: usize) -> Outgoing {
    if n % (RECORDS / MALFORMED) == 9 {
        return malformed(n / (RECORDS / MALFORMED));
    }
    let id = format!("good{n}");
    let review = Review { id: Some(id.as_str().into()), ..Review::from_text("A great film.") };
    Outgoing::to(topic::REVIEWS).key(id.as_str()).value(review.encode().unwrap())
}

/// The bytes in a line of `ls --json --values`.
fn bytes_of(line: &Value) -> Option<Vec<u8>> {
    match line.get("value_base64") {
        Some(base64) => Some(BASE64.decode(base64.as_str().unwrap()).unwrap()),
        None => line["value"].as_str().map(|text| text.as_bytes().to_vec()),
    }
}

#[test]
fn five_hundred_repaired_letters_become_verdicts_once_and_the_audit_finds_nothing() {
    let Some((_broker, kafka)) = kafka::own_with_topics(3) else { return };
    let folder = tempfile::tempdir().unwrap();
    kafka::publish(&kafka, (0..RECORDS).map(record));
    with_consumer(&kafka, || await_outcomes(&kafka));

    // Each malformed record, and nothing else, is a dead letter, with what it had.
    let letters = kafka::read(&kafka, topic::DEAD_LETTERS);
    let by_number: BTreeMap<usize, &Record> = letters.iter().map(|l| (number_of(l), l)).collect();
    assert_eq!((letters.len(), by_number.len()), (MALFORMED, MALFORMED));
    for (n, letter) in &by_number {
        let sent = malformed(*n);
        assert_eq!((&letter.key, &letter.value), (&sent.key, &sent.value), "{n}");
        assert!(sent.headers.iter().eq(letter.headers.iter().take(sent.headers.len())), "{n}");
    }

    // They are listed with their bytes, and somebody repairs some of them.
    let (listed, counted) = dlq(&kafka, &["ls", "--json", "--values"], 0);
    let lines: Vec<Value> = listed.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(lines.len(), MALFORMED);
    let of_kind = |kind: &str| lines.iter().filter(|line| line["kind"] == kind).count();
    let kinds = ["bad_reply_topic", "decode", "schema", "too_large"].map(|kind| {
        assert!(of_kind(kind) >= MALFORMED / WAYS, "{kind}");
        format!("{} {kind}", of_kind(kind))
    });
    assert!(counted.contains(&format!("1,000 dead letters: {}", kinds.join(", "))), "{counted}");
    let mut edited = String::new();
    for line in &lines {
        let key = line["key"].as_str().unwrap();
        let n: usize = key[1..].parse().unwrap();
        assert_eq!(bytes_of(line), by_number[&n].value, "{n}");
        if is_repairable(n) && edited.lines().count() < REPAIRED {
            let value = json!({"id": key, "text": "A great film."}).to_string();
            edited += &format!("{}\n", json!({"position": line["position"], "value": value}));
        }
    }
    let file = folder.path().join("repaired.jsonl");
    fs::write(&file, &edited).unwrap();
    let from = format!("--from={}", file.display());

    // A dry run lists what a real one would send.
    let (out, err) = dlq(&kafka, &["redrive", &from, "--dry-run"], 0);
    assert_eq!(out.lines().count(), 1 + REPAIRED);
    assert!(err.contains("500 dead letters would be redriven"), "{err}");
    assert!(redriven(&kafka).is_empty());

    // Killed in the middle, the command is run again, and sends the rest.
    let words = ["redrive", &from, "--rate=500"];
    let mut killed = Process::start(&mut command(kafka.bootstrap(), &words));
    eventually("some are there", || (!redriven(&kafka).is_empty()).then_some(()));
    killed.end(Signal::KILL);
    let before = redriven(&kafka).len() as u64;
    assert!((1..REPAIRED as u64).contains(&before), "{before}");
    let done = redrive(&kafka, &[&from], 0);
    let expected = json!({
        "selected": REPAIRED, "to_redrive": REPAIRED as u64 - before, "already_redriven": before,
        "at_max_hops": 0, "without_value": 0, "not_ours": 0, "redriven": REPAIRED as u64 - before,
        "ended": "complete",
    });
    assert_eq!(done, expected);

    // Each has its key, its partition, its own headers and three more, and no reason.
    let records = redriven(&kafka);
    assert_eq!(records.len(), REPAIRED);
    for record in &records {
        let n = number_of(record);
        let (letter, sent) = (by_number[&n], malformed(n));
        assert_eq!((&record.key, record.partition), (&letter.key, letter.partition), "{n}");
        let source = dead_letter::source(&letter.headers).unwrap().to_string();
        let mut expected = sent.headers;
        expected.push(headers::REDRIVEN, "1");
        expected.push(headers::REDRIVEN_FROM, letter.position().to_string());
        expected.push(headers::REDRIVEN_REVIEW, source);
        assert_eq!(record.headers, expected, "{n}");
    }

    with_consumer(&kafka, || await_outcomes(&kafka));
    let report = audited(&kafka);
    assert!(report.ok(false), "{report:?}");
    let of = |n: usize| u64::try_from(n).unwrap();
    assert_eq!(
        (report.reviews, report.verdicts, report.dead_letters),
        (of(RECORDS + REPAIRED), of(RECORDS - MALFORMED + REPAIRED), of(MALFORMED))
    );
    assert_eq!((report.redriven, report.redriven_to_verdict), (of(REPAIRED), of(REPAIRED)));
    let text = report.text(false);
    assert!(text.contains("redriven   500, of which 500 have verdicts\n"), "{text}");

    // A second run sends nothing.
    let (_, err) = dlq(&kafka, &["redrive", &from], 0);
    assert!(err.contains("0 dead letters redriven, 500 redriven before"), "{err}");
    assert_eq!(redriven(&kafka).len(), REPAIRED);
}

#[test]
fn a_letter_that_fails_again_counts_its_way_and_stops_at_the_limit() {
    let Some((_broker, kafka)) = kafka::own_with_topics(1) else { return };
    let folder = tempfile::tempdir().unwrap();
    let letters = || kafka::read(&kafka, topic::DEAD_LETTERS);
    kafka::publish(&kafka, [malformed(1)]);
    with_consumer(&kafka, || {
        for round in 0..=3 {
            let letter = eventually("it has failed", || letters().into_iter().nth(round));
            // One set of reasons, what the record had, and how often it was redriven.
            let names: Vec<_> = letter.headers.iter().map(|(name, _)| name).collect();
            let of_reasons = |name: &&&str| name.starts_with("__dlq.errors.");
            assert_eq!(names.iter().filter(of_reasons).count(), 7, "{names:?}");
            assert_eq!(dead_letter::redrives(&letter.headers), u32::try_from(round).unwrap());
            assert_eq!(letter.value, malformed(1).value);
            let position = format!("--position=0:{}", letter.offset);
            let (code, sent) = if round < 3 { (0, 1) } else { (1, 0) };
            assert_eq!(redrive(&kafka, &[&position], code)["redriven"], sent, "{round}");
        }
        let (_, err) = dlq(&kafka, &["redrive", "--all"], 1);
        let offsets: Vec<i64> = letters().iter().map(|letter| letter.offset).collect();
        let [first, second, _, last] = offsets[..] else { panic!("{offsets:?}") };
        for said in [
            &format!("0:{last} is not redriven: it was redriven 3 times, at most 3 (--max-hops)"),
            "0 dead letters redriven, 3 redriven before, 1 as often as is allowed",
        ] {
            assert!(err.contains(said), "{err}");
        }
        let (shown, _) = dlq(&kafka, &["show", &format!("0:{second}")], 0);
        for line in [
            &format!("letter       dlq.reviews-0-{second}"),
            "review       reviews-0-1",
            "kind         decode",
            "redriven     once before",
            "since then   reviews-0-2",
            "key          r1",
            "header       x-mine = 1",
            "header       x-null = (null)",
            &format!("header       x-verdict-redriven-from = dlq.reviews-0-{first}"),
            "value        11 bytes of text",
            "{\"text\":\"Fi",
        ] {
            assert!(shown.lines().any(|has| has == line), "{line}\n{shown}");
        }

        // Repaired, and once more allowed, it is a verdict.
        let file = folder.path().join("repaired");
        fs::write(&file, "A great film.").unwrap();
        let value = format!("--value={}", file.display());
        let words = [&format!("--position=0:{last}"), &value, "--max-hops=4"];
        assert_eq!(redrive(&kafka, &words, 0)["redriven"], 1);
        await_outcomes(&kafka);
    });
    let report = audited(&kafka);
    assert!(report.ok(false), "{report:?}");
    assert_eq!((report.reviews, report.verdicts, report.dead_letters), (5, 1, 4));
    assert_eq!((report.redriven, report.redriven_to_verdict), (4, 1));
}

/// A letter at `offset` of the topic of dead letters, of the review at `review`.
fn letter(key: &str, review: i64) -> Outgoing {
    let rejection = verdict_messages::Rejection::new(verdict_messages::ErrorKind::Schema, "blank");
    let source = Position::new(topic::REVIEWS, 0, review);
    let headers = dead_letter::headers(headers::Headers::new(), &source, "verdict", &rejection);
    Outgoing::to(topic::DEAD_LETTERS).partition(0).key(key).value(" ").headers(headers)
}

#[test]
fn filters_choose_and_no_review_is_redriven_twice() {
    let Some((_broker, kafka)) = kafka::own_with_topics(2) else { return };
    let mut without_value = letter("large", 2);
    without_value.value = None;
    without_value.headers.push(headers::VALUE_LEFT_OUT, "9 bytes");
    let mut elsewhere = letter("elsewhere", 4);
    elsewhere.headers.push(headers::DLQ_TOPIC, "other.reviews");
    let foreign = Outgoing::to(topic::DEAD_LETTERS).partition(1).key("foreign").value("x");
    let mut early = letter("early", 3);
    early.timestamp_ms = Some(1_700_000_000_000);
    // A crash has written the first letter twice.
    let written = [letter("a", 0), letter("a", 0), letter("b", 1), without_value, elsewhere, early];
    kafka::publish(&kafka, written.into_iter().chain([foreign]));

    let keys = |words: &[&str]| {
        let (out, _) = dlq(&kafka, &[&["ls", "--json"], words].concat(), 0);
        let line = |line| serde_json::from_str::<Value>(line).unwrap()["key"].to_string();
        let mut keys: Vec<_> = out.lines().map(line).collect();
        keys.sort();
        keys.join(" ").replace('"', "")
    };
    assert_eq!(keys(&[]), "a a b early elsewhere foreign large");
    assert_eq!(keys(&["--kind=schema", "--key=a", "--key=foreign"]), "a a");
    assert_eq!(keys(&["--until=2024-01-01T00:00:00Z"]), "early");
    assert_eq!(keys(&["--since=2024-01-01T00:00:00Z", "--key=early", "--key=b"]), "b");
    assert_eq!(keys(&["--position=0:5", "--position=1:0", "--position=0:2"]), "b early foreign");
    let (table, _) = dlq(&kafka, &["ls", "--position=0:2"], 0);
    let rows: Vec<Vec<_>> = table.lines().map(|l| l.split_whitespace().collect()).collect();
    assert_eq!(rows.len(), 2);
    assert_eq!((rows[0][0], rows[1][0], rows[1][2]), ("POSITION", "0:2", "schema"));

    // A transaction of another sender is open: whoever reads what is committed sees no record
    // behind its first one. What was redriven is known all the same.
    let open = Transactions::new(&kafka, "other");
    open.begin(topic::REVIEWS, 0, &[("other", b"A dull film.")]);
    let done = redrive(&kafka, &["--all"], 1);
    let expected = json!({
        "selected": 7, "to_redrive": 3, "already_redriven": 1, "at_max_hops": 0,
        "without_value": 1, "not_ours": 2, "redriven": 3, "ended": "complete",
    });
    assert_eq!(done, expected);
    assert!(redriven(&kafka).is_empty(), "hidden by the transaction");
    // Also the second letter of a review alone is known by its review.
    for words in [["--key=a", "--kind=schema"], ["--position=0:1", "--rate=9"]] {
        assert_eq!(redrive(&kafka, &words, 0)["redriven"], 0, "{words:?}");
    }
    drop(open);
    // Whoever has that name next ends what its predecessor left open.
    Transactions::new(&kafka, "other").abort(topic::REVIEWS, 0, &[("other", b"A film.")]);
    let keys: Vec<_> = eventually("they are seen", || {
        let records = redriven(&kafka);
        (records.len() == 3).then(|| records.into_iter().filter_map(|r| r.key).collect())
    });
    assert_eq!(keys, [&b"a"[..], b"b", b"early"], "in their order");
    assert_eq!(redrive(&kafka, &["--all"], 1)["already_redriven"], 4);
}

#[test]
fn what_cannot_be_done_is_said_with_value_bound_and_place() {
    let Some((_broker, kafka)) = kafka::own_with_topics(1) else { return };
    let folder = tempfile::tempdir().unwrap();
    kafka::publish(&kafka, [letter("a", 0), letter("b", 1)]);
    let file = folder.path().join("repaired.jsonl");
    fs::write(&file, "{\"position\":\"0:0\",\"value\":\"x\"}\n{\"position\":\"0:1\"}\n").unwrap();
    let bad = format!("--from={}", file.display());
    let gone = folder.path().join("gone.jsonl");
    fs::write(
        &gone,
        "{\"position\":\"0:0\",\"value\":\"x\"}\n{\"position\":\"0:7\",\"value\":\"\"}\n",
    )
    .unwrap();
    let gone = format!("--from={}", gone.display());
    let value = format!("--value={}", file.display());
    for (words, code, says) in [
        (
            &["show", "0:2"][..],
            2,
            "dlq.reviews has no record at 0:2 (partition 0 has offsets 0 to 1)",
        ),
        (&["show", "1:0"], 2, "dlq.reviews has no record at 1:0 (it has 1 partitions, from 0)"),
        (&["ls", "--position=0:9", "--position=0:0"], 2, "no record at 0:9"),
        // Nothing is sent of a file of which one letter is not there.
        (&["redrive", &gone], 2, "no record at 0:7"),
        (
            &["redrive", &bad],
            2,
            "repaired.jsonl:2: must have either value, a string, or value_base64",
        ),
        (&["redrive", "--from=no/such"], 2, "no/such: cannot be read: "),
        (
            &["redrive", "--position=0:0", "--position=0:1", &value],
            2,
            "exactly one --position, got 2",
        ),
        (&["ls", "--dead-letters-topic=not.there"], 70, "topic not.there does not exist on "),
        (
            &["redrive", "--all", "--topic=not.there"],
            1,
            "0:0 is not redriven: it is no dead letter of topic not.there",
        ),
    ] {
        let (_, err) = dlq(&kafka, words, code);
        assert!(err.contains(says), "{words:?}: {err}");
        assert!(redriven(&kafka).is_empty(), "{words:?}");
    }
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let output = command(&nobody, &["ls", "--timeout=1"]).output().unwrap();
    assert_eq!(output.status.code(), Some(70), "{output:?}");
}
