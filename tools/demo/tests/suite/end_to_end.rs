//! The whole system, as people use it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use verdict_kafka_io::Outgoing;
use verdict_messages::topic::{MODELS, REVIEWS, VERDICTS};
use verdict_messages::{ModelPointer, TrainedFrom};
use verdict_monitor::audit::{Report, audit};
use verdict_monitor::topics::TopicArgs;
use verdict_sentiment::Model;
use verdict_service::Shutdown;
use verdict_testkit::{PATIENCE, eventually, kafka, python_tools, repository, run};

use crate::demo::{Demo, JSON, State, TEXT};
use crate::smoke::smoke;

#[test]
fn everything_holds() {
    let Some(state) = State::new() else { return };
    let demo = Demo::start(state.path(), &[]);
    a_form_is_answered(&demo);
    json_is_answered_with_an_explanation_that_sums_up(&demo);
    a_foreign_client_publishes_plain_text_and_reads_its_verdict(&demo);
    a_review_that_cannot_be_read_is_a_dead_letter(&demo);
    a_published_model_is_taken_up_while_it_runs(&demo);
    two_thousand_reviews_survive_a_kill_in_the_middle_and_the_smoke_test_follows(
        state.path(),
        demo,
    );
}

fn a_form_is_answered(demo: &Demo) {
    let page = demo.form(&[("accept", "text/html")], "What a wonderful%2C moving film");
    assert!(page.contains("positive") && page.contains("wonderful"), "{page}");
    let line = demo.form(&[TEXT], "A terrible waste of time");
    assert!(line.starts_with("negative"), "{line}");
    assert!(demo.get("/").text.contains("<form"));
}

fn json_is_answered_with_an_explanation_that_sums_up(demo: &Demo) {
    let body = r#"{"id": "mine-1", "text": "Not bad at all: witty, warm and beautifully acted."}"#;
    let verdict = demo.post("/api/v1/reviews", &[JSON], body).json();
    assert_eq!(verdict["label"], "positive", "{verdict}");
    let number = |value: &Value| value.as_f64().unwrap();
    let terms = verdict["explanation"].as_array().unwrap();
    let weights: f64 = terms.iter().map(|term| number(&term["weight"])).sum();
    let sum = number(&verdict["intercept"]) + number(&verdict["rest"]) + weights;
    assert_eq!(sum.to_bits(), number(&verdict["score"]).to_bits(), "{verdict}");
    assert_eq!(verdict["source"]["topic"], REVIEWS);
}

/// A client of librdkafka from Python, as anybody might have one.
fn a_foreign_client_publishes_plain_text_and_reads_its_verdict(demo: &Demo) {
    let Some(programs) = python_tools("python") else { return };
    let script = repository().join("tools/demo/tests/foreign_client.py");
    let said = run(Command::new(programs.join("python")).arg(&script).arg(&demo.bootstrap));
    let verdict: Value = serde_json::from_str(said.trim()).unwrap();
    assert_eq!(verdict["label"], "positive", "{verdict}");
}

fn a_review_that_cannot_be_read_is_a_dead_letter(demo: &Demo) {
    let bad: [&[u8]; 4] = [b"\xff\xfe not text", b"{\"text\": 7}", b"   ", b"{\"text\": \"\"}"];
    demo.publish(bad.map(|value| Outgoing::to(REVIEWS).value(value)));
    let report = eventually("every review has an outcome", || settled(demo));
    assert_eq!(report.dead_letters, 4, "{report:?}");
    assert!(report.ok(false), "{report:?}");
}

fn a_published_model_is_taken_up_while_it_runs(demo: &Demo) {
    let uri = repository().join("models/default/model.verdict");
    let bytes = std::fs::read(&uri).unwrap();
    let model = Model::from_bytes(&bytes).unwrap();
    let pointer = ModelPointer {
        name: model.identity().name.clone(),
        version: "7".into(),
        uri: uri.to_str().unwrap().to_owned(),
        sha256: model.identity().sha256.clone(),
        bytes: bytes.len() as u64,
        metrics: BTreeMap::new(),
        trained_at: "2026-01-02T03:04:05.000Z".into(),
        trained_from: TrainedFrom::Data { sha256: "ab".into() },
        withdraws: None,
    };
    let before = kafka::read(&demo.kafka(), MODELS).pop().expect("the demo's own is announced");
    let announce = |value: Vec<u8>| {
        demo.publish([Outgoing::to(MODELS).key(pointer.name.as_str()).value(value)]);
    };
    announce(pointer.encode().unwrap());
    eventually("a verdict names the published version", || {
        let verdict = demo.verdict("A fine film.");
        let taken = verdict["model"]["version"] == pointer.version;
        taken.then(|| assert_eq!(verdict["model"]["sha256"], pointer.sha256))
    });
    // The trainer has no such version, and would say so at the next start.
    announce(before.value.unwrap());
}

fn two_thousand_reviews_survive_a_kill_in_the_middle_and_the_smoke_test_follows(
    state: &Path,
    demo: Demo,
) {
    let web = demo.web.clone();
    let (code, said) = smoke(&[&web]);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(said.lines().filter(|line| line.starts_with("ok")).count(), 6, "{said}");
    let count = |demo: &Demo, topic| kafka::read(&demo.kafka(), topic).len();
    let (before, reviews_before) = (count(&demo, VERDICTS), count(&demo, REVIEWS));
    demo.publish((0..1000).map(bulk));
    eventually("some of them are scored", || (count(&demo, VERDICTS) > before).then_some(()));
    drop(demo);
    let (code, said) = smoke(&[&web, "--wait", "1"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("not ready after 1 s"), "{said}");
    let demo = Demo::start(state, &[]);
    demo.publish((1000..2000).map(bulk));
    let report = eventually("every review has an outcome", || settled(&demo));
    assert!(report.ok(true), "{report:?}");
    // Nothing of the stored log is gone. A publisher that was cut off may have stored a review
    // twice.
    assert!(report.reviews >= reviews_before as u64 + 2000, "{report:?}");

    let (mut ids, mut positions) = (BTreeSet::new(), BTreeSet::new());
    for record in kafka::read(&demo.kafka(), VERDICTS) {
        let verdict: Value = serde_json::from_slice(&record.value.unwrap()).unwrap();
        if verdict["id"].as_str().unwrap().starts_with("bulk-") {
            ids.insert(verdict["id"].to_string());
            positions.insert(verdict["source"].to_string());
        }
    }
    assert_eq!(ids.len(), 2000);
    assert!(positions.len() >= 2000);
    assert_eq!(demo.interrupt(), Some(0));
}

fn bulk(i: usize) -> Outgoing {
    let id = format!("bulk-{i}");
    let text = ["A warm, funny and beautifully acted film.", "Dull, and far too long."][i % 2];
    let value = serde_json::json!({ "id": id, "text": text }).to_string();
    Outgoing::to(REVIEWS).key(id).value(value)
}

/// The audit's report once no review is without an outcome.
fn settled(demo: &Demo) -> Option<Report> {
    let (topics, stop) = (TopicArgs::default(), Shutdown::default());
    let report = audit(&demo.kafka(), &topics, None, PATIENCE, 5, &stop).unwrap()?;
    (report.missing.count == 0).then_some(report)
}
