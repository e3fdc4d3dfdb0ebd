//! Programs of others, really run on a real Kafka: clients of Spring, SmallRye and NestJS ask for
//! verdicts, Kafka Streams and confluent-kafka write reviews in transactions. Their sources are in
//! tools/callers, and docs/clients.md names their versions.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
    thread,
};

use serde_json::Value;
use verdict_kafka_io::{KafkaSettings, Outgoing, Record};
use verdict_messages::{Headers, Review, Sentiment, Verdict, dead_letter, headers, topic};
use verdict_sentiment::{Label, Model, Scratch};
use verdict_testkit::{Process, kafka, left_out, python_tools, repository, run};

use crate::common::{
    default_model,
    process::{Running, report},
};

const DEFAULT_MODEL: &str = concat!("--model=", env!("CARGO_MANIFEST_DIR"), "/../models/default");
/// So many reviews each caller asks for, beside two that cannot be scored.
const ASKED: usize = 100;

/// Where tools/callers/install.sh has put the callers, and the programs of the Python environment.
/// `None` is left out.
#[track_caller]
fn installed() -> Option<(PathBuf, PathBuf)> {
    static INSTALLED: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let programs = python_tools("node")?;
    let folder = INSTALLED.get_or_init(|| {
        let install = repository().join("tools/callers/install.sh");
        let output = Command::new(install).output().unwrap();
        let [out, err] = [output.stdout, output.stderr].map(|it| String::from_utf8(it).unwrap());
        if output.status.success() { Ok(out.trim().into()) } else { Err(err.trim().to_owned()) }
    });
    let folder = folder.as_ref().map_err(|why| left_out(why)).ok()?;
    Some((folder.clone(), programs))
}

/// A caller in Java, made to start fast.
fn java(folder: &Path, class: &str) -> Command {
    let mut command = Command::new("java");
    command
        .args(["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx128m"])
        .arg("-Dorg.slf4j.simpleLogger.defaultLogLevel=warn")
        .arg("-cp")
        .arg(format!("{0}/classes:{0}/libs/*", folder.display()))
        .arg(class);
    command
}

/// The `n`th text of a caller: all differ, and both classes are among them. Written for this test.
fn text(caller: &str, n: usize) -> String {
    let opinion = match n % 4 {
        0 => "a wonderful story, superbly played and beautifully filmed",
        1 => "a dull mess with wooden dialogue, the worst evening of our year",
        2 => "not what the poster promised, yet funny and moving in the end",
        _ => "two wasted hours of noise without a plot",
    };
    format!("Viewer {n} of {caller} writes: {opinion}. Number {n} in our letters.")
}

/// Text and record of each review that `caller` asks for or writes, as text and as JSON by turns.
fn reviews(caller: &str) -> Vec<(String, String)> {
    let review = |n| {
        let text = text(caller, n);
        let json = serde_json::json!({ "id": format!("{caller}-{n}"), "text": text });
        let line = if n % 2 == 0 { json.to_string() } else { text.clone() };
        (text, line)
    };
    (0..ASKED).map(review).collect()
}

/// What the topics hold after all is done, for what was said to be compared with.
struct Topics {
    model: Model,
    reviews: BTreeMap<String, Record>,
    verdicts: BTreeMap<String, Record>,
    dead_letters: BTreeMap<String, Record>,
}

impl Topics {
    fn read(kafka: &KafkaSettings) -> Self {
        let read = |topic, position: fn(&Record) -> String| {
            let records = kafka::read(kafka, topic).into_iter();
            records.map(|record| (position(&record), record)).collect()
        };
        Self {
            model: default_model(),
            reviews: read(topic::REVIEWS, |record| record.position().to_string()),
            verdicts: read(topic::VERDICTS, |record| {
                record.headers.text("ce_id").unwrap().to_owned()
            }),
            dead_letters: read(topic::DEAD_LETTERS, |record| {
                dead_letter::source(&record.headers).unwrap().to_string()
            }),
        }
    }

    /// The verdict is that of the default model on this text, and the one in the topic of verdicts.
    fn assert_right(&self, verdict: &Verdict<'_>, text: &str) {
        let score = self.model.score(&mut Scratch::default(), text);
        let is_positive = score.label == Label::Positive;
        assert_eq!(verdict.label == Sentiment::Positive, is_positive, "{text}: {verdict:?}");
        assert_eq!(verdict.score.to_bits(), score.score.to_bits(), "{text}: {verdict:?}");
        let kept = &self.verdicts[&verdict.source.to_string()];
        let kept = Verdict::decode(kept.value.as_deref().unwrap()).unwrap();
        let without = Verdict { explanation: None, intercept: None, rest: None, ..verdict.clone() };
        assert_eq!(kept, without, "{text}");
    }

    /// The record at this position holds what was sent.
    fn assert_asked(&self, position: &str, line: &str) {
        let value = self.reviews[position].value.as_deref().unwrap();
        let same_json = || {
            let sent: Result<Value, _> = serde_json::from_str(line);
            sent.is_ok_and(|sent| serde_json::from_slice::<Value>(value).unwrap() == sent)
        };
        assert!(value == line.as_bytes() || same_json(), "{position} is not {line:.200}");
    }

    /// The reason in the dead letter of what was sent.
    fn rejection(&self, line: &str) -> &str {
        let is_of = |record: &&Record| record.value.as_deref() == Some(line.as_bytes());
        let found: Vec<_> = self.dead_letters.values().filter(is_of).collect();
        // Each of three callers has sent the same.
        assert_eq!(found.len(), 3, "{line:.200}");
        found[0].headers.text(headers::DLQ_MESSAGE).unwrap()
    }
}

#[test]
fn clients_of_spring_smallrye_and_nestjs_are_each_answered_as_they_understand_it() {
    let Some((folder, programs)) = installed() else { return };
    let Some((_broker, kafka)) = kafka::own_with_topics(3) else { return };
    // NestJS makes the name of the topic of replies itself.
    kafka::create_topics(&kafka, [("reviews.reply", 3)]);
    let consumer = Running::start(&kafka, &[DEFAULT_MODEL, r"--reply-topics=reviews\.repl(y|ies)"]);
    let bad = [r#"{"author":"nobody"}"#.to_owned(), "far too long,".repeat(25_000)];

    let mut nest = Command::new(programs.join("node"));
    nest.arg(folder.join("nest-caller.mjs"));
    let lines = tempfile::tempdir().unwrap();
    let callers = [
        ("spring", java(&folder, "SpringCaller")),
        ("smallrye", java(&folder, "SmallRyeCaller")),
        ("nest", nest),
    ];
    let answered = thread::scope(|scope| {
        let running = callers.map(|(caller, mut command)| {
            let reviews = reviews(caller);
            let asked: Vec<_> = reviews.iter().map(|(_, line)| line).chain(&bad).cloned().collect();
            let file = lines.path().join(caller);
            fs::write(&file, asked.join("\n") + "\n").unwrap();
            command.arg(kafka.bootstrap()).arg(file);
            (caller, reviews, scope.spawn(move || run(&mut command)))
        });
        running.map(|(caller, reviews, said)| (caller, reviews, said.join().unwrap()))
    });
    assert_nothing_is_missing(&consumer, &kafka, 3 * ASKED, 6);

    let topics = Topics::read(&kafka);
    for (caller, reviews, said) in answered {
        let (mut seen, mut positive, mut sources) = (BTreeSet::new(), 0, BTreeSet::new());
        for line in said.lines().filter(|line| line.contains('\t')) {
            let [n, kind, value] = *line.splitn(3, '\t').collect::<Vec<_>>() else {
                panic!("{line}")
            };
            let n: usize = n.parse().unwrap();
            assert!(seen.insert(n), "{caller}: a second reply to {n}");
            if let Some((text, asked)) = reviews.get(n) {
                assert_eq!(kind, "answer", "{caller}: {line}");
                let verdict = Verdict::decode(value.as_bytes()).unwrap();
                topics.assert_right(&verdict, text);
                topics.assert_asked(&verdict.source.to_string(), asked);
                assert!(verdict.explanation.is_some(), "{caller}: {line}");
                assert!(sources.insert(verdict.source), "{caller}: {line}");
                positive += usize::from(verdict.label == Sentiment::Positive);
                continue;
            }
            assert_eq!(kind, "error", "{caller}: {line}");
            let detail = topics.rejection(&bad[n - ASKED]);
            if caller == "nest" {
                assert_eq!(value, detail);
            } else {
                let problem: Value = serde_json::from_str(value).unwrap();
                assert_eq!(problem["detail"], detail, "{caller}: {line}");
                let (kind, status) = [("schema", 422), ("too_large", 413)][n - ASKED];
                assert_eq!((&problem["kind"], &problem["status"]), (&kind.into(), &status.into()));
            }
        }
        assert_eq!(seen.len(), ASKED + bad.len(), "{caller}: {said}");
        assert!(positive > 0 && positive < ASKED, "{caller}: {positive} are positive");
    }
}

/// So many verdicts and dead letters there are, nobody lags, and the audit finds nothing.
#[track_caller]
fn assert_nothing_is_missing(
    consumer: &Running,
    kafka: &KafkaSettings,
    verdicts: usize,
    dead_letters: usize,
) {
    let mut lines = vec![format!("verdict_endings_total{{ending=\"verdict\"}} {verdicts}")];
    lines.extend((0..3).map(|partition| {
        format!("verdict_consumer_lag{{partition=\"{partition}\",topic=\"reviews\"}} 0")
    }));
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    consumer.await_metrics(&lines);
    let (code, audit) = report(kafka, &["audit", "--json"]);
    assert_eq!((code, &audit["ok"]), (Some(0), &true.into()), "{audit}");
    assert_eq!(audit["reviews"], verdicts + dead_letters, "{audit}");
    assert_eq!(audit["verdicts"], verdicts, "{audit}");
    assert_eq!(audit["dead_letters"], dead_letters, "{audit}");
}

#[test]
fn what_kafka_streams_and_confluent_kafka_aborted_is_never_scored_and_nothing_else_is_missing() {
    let Some((folder, programs)) = installed() else { return };
    let Some((_broker, kafka)) = kafka::own_with_topics(3) else { return };
    let consumer = Running::start(&kafka, &[DEFAULT_MODEL]);
    let (streams, confluent) = (reviews("streams"), reviews("confluent"));
    kafka::create_topics(&kafka, [("letters", 1)]);
    kafka::publish(
        &kafka,
        streams.iter().enumerate().map(|(n, (_, line))| {
            // Before these two, a transaction of five records is aborted.
            let key = if [20, 60].contains(&n) { "abort" } else { "letter" };
            let key = if n + 1 == ASKED { "last" } else { key };
            Outgoing::to("letters").key(key).value(line.as_str())
        }),
    );
    let file = tempfile::NamedTempFile::new().unwrap();
    let lines: Vec<_> = confluent.iter().map(|(_, line)| line.as_str()).collect();
    fs::write(file.path(), lines.join("\n")).unwrap();

    let transactions = || {
        let mut command = Command::new(programs.join("python"));
        command.arg(repository().join("tools/callers/transactions.py"));
        command
    };
    let copy = &mut java(&folder, "StreamsWriter");
    let mut copying = Process::start(copy.arg(kafka.bootstrap()).arg("letters"));
    run(transactions().args(["write", kafka.bootstrap()]).arg(file.path()));
    let status = copying.wait();
    assert!(status.success(), "{status}: {}", copying.err.text());
    // They are in the log: five of each of confluent-kafka's twenty transactions that were aborted,
    // and at least four of each of Streams' two.
    let aborted = run(transactions().args(["aborted", kafka.bootstrap()]));
    let aborted: usize = aborted.trim().parse().unwrap();
    assert!((108..=110).contains(&aborted), "{aborted}");

    assert_nothing_is_missing(&consumer, &kafka, 2 * ASKED, 0);
    let topics = Topics::read(&kafka);
    let mut unscored: BTreeSet<_> =
        streams.iter().chain(&confluent).map(|(text, _)| text.as_str()).collect();
    let no_headers = Headers::new();
    for record in topics.verdicts.values() {
        let verdict = Verdict::decode(record.value.as_deref().unwrap()).unwrap();
        let value = topics.reviews[&verdict.source.to_string()].value.as_deref();
        let review = Review::from_record(value, &no_headers, usize::MAX).unwrap();
        assert!(unscored.remove(&*review.text), "{}", review.text);
        topics.assert_right(&verdict, &review.text);
    }
    assert!(unscored.is_empty(), "{unscored:?}");
}
