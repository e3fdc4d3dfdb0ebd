//! `consumer monitor` as a process, beside a real Apache Kafka.

use serde_json::Value;
use verdict_kafka_io::{KafkaSettings, Outgoing};
use verdict_messages::{Decision, Label, ModelRef, Position, Sentiment, Verdict, topic};
use verdict_testkit::{Signal, kafka};

use crate::common::{
    process::{Running, report},
    read_until, review, sources,
};

fn label(n: usize, label: Sentiment) -> Outgoing {
    let id = format!("r{n}");
    let label = Label {
        review_id: id.as_str().into(),
        label,
        source: "user".into(),
        labelled_at: "2026-01-02T03:04:05.000Z".into(),
    };
    let value = label.encode().unwrap();
    Outgoing::to(topic::LABELS).key(id).value(value)
}

/// A verdict that nobody scored.
fn verdict(id: &str, source: Position, decision: Option<Decision>) -> Outgoing {
    let verdict = Verdict {
        decision,
        id: id.into(),
        label: Sentiment::Negative,
        probability: 0.25,
        score: -1.0,
        model: ModelRef { name: "sentiment".into(), version: "9".into(), sha256: "ab".into() },
        explanation: None,
        intercept: None,
        rest: None,
        known_terms: Some(3),
        source,
        read_at: None,
        scored_at: "2026-01-02T03:04:05.000Z".into(),
    };
    Outgoing::to(topic::VERDICTS).key(id.to_owned()).value(verdict.encode().unwrap())
}

/// Scores what is there, and ends.
fn score(kafka: &KafkaSettings, n: usize) {
    let mut consumer = Running::consumer(kafka, &["--no-follow-models"]);
    read_until(kafka, &[topic::VERDICTS], |records| sources(records).len() >= n);
    consumer.end(Signal::TERM);
}

const NO_FINDINGS: [&str; 4] = [
    "verdict_audit_findings{finding=\"missing\"} 0",
    "verdict_audit_findings{finding=\"duplicated\"} 0",
    "verdict_audit_findings{finding=\"both\"} 0",
    "verdict_audit_findings{finding=\"phantom\"} 0",
];

#[test]
fn it_tells_how_right_verdicts_are_and_what_of_them_is_not_as_promised() {
    let Some((_broker, kafka)) = kafka::own_with_topics(3) else { return };
    kafka::publish(&kafka, (0..300).map(review));
    score(&kafka, 300);
    // These wait: the group is not done with them.
    kafka::publish(&kafka, (300..500).map(review));
    let mut monitor = Running::start(&kafka, &["monitor", "--audit-every-s=1"]);
    monitor.await_ready();
    monitor.await_metrics(&NO_FINDINGS);
    let page = monitor.await_metrics(&[
        "verdict_audit_reviews 300",
        "verdict_live_unmatched{what=\"verdict\"} 300",
        "verdict_live_unmatched{what=\"label\"} 0",
    ]);
    let audited = page.lines().find_map(|line| line.strip_prefix("verdict_audit_time_seconds "));
    assert!(audited.unwrap().parse::<f64>().unwrap() > 1.7e9, "{page}");
    assert!(page.contains("service_name=\"verdict-monitor\""), "{page}");
    assert_eq!(report(&kafka, &["audit", "--json", "--group=verdict"]).0, Some(0));
    let (code, all) = report(&kafka, &["audit", "--json"]);
    assert_eq!((code, &all["missing"]), (Some(1), &200.into()));
    let (code, none) = report(&kafka, &["audit", "--json", "--group=nobody"]);
    assert_eq!((code, &none["reviews"]), (Some(0), &0.into()));

    // All are called positive; three of four are.
    let said = |n| if n % 4 == 0 { Sentiment::Negative } else { Sentiment::Positive };
    let labels = (0..100).map(|n| label(n, said(n)));
    kafka::publish(&kafka, labels.chain([label(1000, Sentiment::Positive)]));
    monitor.await_page("/metrics", |page| {
        let has = |name: &str, value: &str| {
            let mut lines = page.text.lines().filter(|line| line.starts_with(name));
            lines.any(|line| line.ends_with(value))
        };
        has("verdict_live_labelled{", "} 100")
            && has("verdict_live_accuracy{bound=\"estimate\"", "} 0.75")
            && has("verdict_live_unmatched{what=\"label\"}", " 1")
    });
    let (code, once) = report(&kafka, &["monitor", "--once", "--json"]);
    assert_eq!(code, Some(0));
    let version = &once["versions"][0];
    assert_eq!(
        (&version["labelled"], &version["right"], &once["unmatched"]["verdict"]),
        (&100.into(), &75.into(), &200.into()),
        "{once}"
    );
    assert_eq!((&version["verdicts"], &version["decided"]), (&300.into(), &300.into()), "{once}");
    assert_eq!(version["decided_error"]["estimate"], 0.25, "{once}");
    let [estimate, lower, upper] =
        ["estimate", "lower", "upper"].map(|bound| version["accuracy"][bound].as_f64().unwrap());
    assert!(lower < estimate && estimate < upper, "{once}");

    // An outcome of a review that is not there, one more of a review that has one, and a record
    // that is none.
    let [phantom, second] = [("x", 7, None), ("r0", 0, Some(Decision::Unsure))]
        .map(|(id, at, decision)| verdict(id, Position::new("reviews", at, 0), decision));
    let none = Outgoing::to(topic::VERDICTS).key("y").value("no verdict");
    kafka::publish(&kafka, [phantom, second, none]);
    monitor.await_metrics(&[
        "verdict_audit_findings{finding=\"missing\"} 0",
        "verdict_audit_findings{finding=\"duplicated\"} 1",
        "verdict_audit_findings{finding=\"phantom\"} 2",
    ]);
    monitor.process.err.next_with("not as promised");
    // A verdict of before there were decisions is one; an unsure one is no error.
    let (_, once) = report(&kafka, &["monitor", "--once", "--json"]);
    let mut versions = once["versions"].as_array().unwrap().iter();
    let other = versions.find(|version| version["version"] == "9").unwrap();
    assert_eq!((&other["verdicts"], &other["decided"]), (&2.into(), &1.into()), "{other}");
    assert_eq!((&other["labelled"], &other["coverage"]["estimate"]), (&1.into(), &0.5.into()));
    let why = "no labelled review of this version is decided";
    assert_eq!(
        (&other["decided_error"], &other["undefined"]["decided_error"]),
        (&Value::Null, &why.into())
    );

    assert_eq!(monitor.get("/healthz").status, 200);
    monitor.end(Signal::TERM);
    monitor.process.err.next_with("monitor stopped");
}

#[test]
fn it_waits_for_topics_and_for_a_broker_that_is_away() {
    let Some((mut broker, kafka)) = kafka::own_with_topics(1) else { return };
    let mut monitor =
        Running::start(&kafka, &["monitor", "--audit-every-s=1", "--labels-topic=not.yet"]);
    let lacks = "failing caught_up: there is no topic not.yet";
    monitor.await_page("/readyz", |page| page.text.contains(lacks));
    drop(monitor);

    monitor = Running::start(&kafka, &["monitor", "--audit-every-s=1", "--patience-s=2"]);
    monitor.await_ready();
    broker.kill9().unwrap();
    let page = monitor.await_page("/readyz", |page| page.status != 200);
    assert!(page.contains("failing kafka: no broker is connected"), "{page}");
    monitor.process.err.next_with("the audit was not made");
    assert_eq!(monitor.get("/healthz").status, 200);
    broker.restart().unwrap();
    kafka::publish(&kafka, [label(1, Sentiment::Positive)]);
    monitor.await_metrics(&["verdict_live_unmatched{what=\"label\"} 1"]);
    monitor.await_ready();

    // Frozen, not closed: nothing answers, and the end comes in time all the same.
    broker.pause().unwrap();
    monitor.end(Signal::TERM);
    broker.kill9().unwrap();
}
