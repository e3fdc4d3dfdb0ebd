//! The whole system, as people use it.
use crate::common::{PATIENCE, root};
use crate::demo::{self, Demo, until};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::path::Path;
use std::process::Command;
use verdict_consumer::audit::{Report, audit};
use verdict_consumer::{
    audit::settings::AuditArgs,
    cli::{Cli, Command as ConsumerCommand},
    settings::topics::TopicArgs,
};
use verdict_demo::SAMPLES;
use verdict_kafka_io::{Outgoing, Publisher, PublisherRole, snapshot};
use verdict_messages::topic::{MODELS, REVIEWS, VERDICTS};
use verdict_messages::{ModelPointer, TrainedFrom};
use verdict_sentiment::Model;

#[test]
fn everything_holds() {
    let Some(state) = demo::state() else { return };
    let demo = Demo::start(state.path());
    a_form_is_answered(&demo);
    json_is_answered_with_an_explanation_that_sums_up(&demo);
    a_foreign_client_publishes_plain_text_and_reads_its_verdict(&demo);
    a_review_that_cannot_be_read_is_a_dead_letter(&demo);
    a_published_model_is_taken_up_while_it_runs(&demo);
    two_thousand_reviews_survive_a_kill_in_the_middle(state.path(), demo);
}

fn a_form_is_answered(demo: &Demo) {
    let form = "application/x-www-form-urlencoded";
    let page = demo.post("/predict", form, "text/html", "text=What+a+wonderful%2C+moving+film");
    assert!(page.contains("positive") && page.contains("wonderful"), "{page}");
    let line = demo.post("/predict", form, "text/plain", "text=A+terrible+waste+of+time");
    assert!(line.starts_with("negative"), "{line}");
    assert!(demo.get("/").unwrap().contains("<form"));
}

fn json_is_answered_with_an_explanation_that_sums_up(demo: &Demo) {
    let json = "application/json";
    let body = r#"{"id": "mine-1", "text": "Not bad at all: witty, warm and beautifully acted."}"#;
    let verdict: Value =
        serde_json::from_str(&demo.post("/api/v1/reviews", json, json, body)).unwrap();
    assert_eq!(verdict["label"], "positive", "{verdict}");
    let number = |name: &str| verdict[name].as_f64().unwrap();
    let weights = verdict["explanation"]
        .as_array()
        .unwrap()
        .iter()
        .map(|term| term["weight"].as_f64().unwrap());
    let sum = number("intercept") + number("rest") + weights.sum::<f64>();
    assert_eq!(sum.to_bits(), number("score").to_bits(), "{verdict}");
    assert_eq!(verdict["source"]["topic"], REVIEWS);
}

/// A client of librdkafka from Python, as anybody might have one.
#[allow(
    clippy::disallowed_methods,
    reason = "where the tools are, and CI, are told by the environment"
)]
fn a_foreign_client_publishes_plain_text_and_reads_its_verdict(demo: &Demo) {
    let python = std::env::var("VERDICT_VENV").map(|venv| format!("{venv}/bin/python"));
    let Ok(python) = python else {
        assert!(
            std::env::var("CI").is_err(),
            "VERDICT_VENV must name a Python environment; `make test` makes one"
        );
        eprintln!("left out: the foreign client needs VERDICT_VENV; `make test` makes it");
        return;
    };
    let script = root().join("tools/demo/tests/foreign_client.py");
    let output = Command::new(&python).arg(&script).arg(&demo.bootstrap).output().unwrap();
    let (out, err) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}{err}");
    let verdict: Value = serde_json::from_str(out.trim()).unwrap();
    assert_eq!(verdict["label"], "positive", "{verdict}");
}

fn a_review_that_cannot_be_read_is_a_dead_letter(demo: &Demo) {
    let publisher = Publisher::new(&demo.kafka(), PublisherRole::Bulk).unwrap();
    let bad: [&[u8]; 4] = [b"\xff\xfe not text", b"{\"text\": 7}", b"   ", b"{\"text\": \"\"}"];
    for value in bad {
        publisher.send(&Outgoing::to(REVIEWS).value(value)).unwrap();
    }
    publisher.wait_delivered(PATIENCE).unwrap();
    let report = until("every review has an outcome", || settled(demo, false));
    assert_eq!(report.dead_letters, 4, "{report:?}");
    assert!(report.ok, "{report:?}");
}

fn a_published_model_is_taken_up_while_it_runs(demo: &Demo) {
    let uri = root().join("models/default/model.verdict");
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
    let mut before = None;
    snapshot::read(&demo.kafka(), MODELS, PATIENCE, |record, _| {
        before = record.value;
        ControlFlow::Continue(())
    })
    .unwrap();
    let publisher = Publisher::new(&demo.kafka(), PublisherRole::Bulk).unwrap();
    let announce = |value: Vec<u8>| {
        let record = Outgoing::to(MODELS).key(pointer.name.as_str());
        publisher.send(&record.value(value)).unwrap();
        publisher.wait_delivered(PATIENCE).unwrap();
    };
    announce(pointer.encode().unwrap());
    until("a verdict names the published version", || {
        let json = "application/json";
        let answer = demo.post("/api/v1/reviews", json, json, r#"{"text": "A fine film."}"#);
        let verdict: Value = serde_json::from_str(&answer).unwrap();
        let taken = verdict["model"]["version"] == pointer.version;
        taken.then(|| assert_eq!(verdict["model"]["sha256"], pointer.sha256))
    });
    // The trainer has no such version, and would say so at the next start.
    announce(before.expect("the demo's own model was announced"));
}

fn two_thousand_reviews_survive_a_kill_in_the_middle(state: &Path, demo: Demo) {
    let before = count(&demo, VERDICTS);
    let reviews_before = count(&demo, REVIEWS);
    publish(&demo, 0..1000);
    until("some of them are scored", || (count(&demo, VERDICTS) > before).then_some(()));
    demo.kill9();
    let demo = Demo::start(state);
    publish(&demo, 1000..2000);
    let report = until("every review has an outcome", || settled(&demo, true));
    assert!(report.ok, "{report:?}");
    // Nothing of the stored log is gone. A publisher that was cut off may have stored a review twice.
    assert!(report.reviews >= reviews_before as u64 + 2000, "{report:?}");

    let mut positions = BTreeSet::new();
    let mut n_ids = BTreeSet::new();
    snapshot::read(&demo.kafka(), VERDICTS, PATIENCE, |record, _| {
        let verdict: Value = serde_json::from_slice(&record.value.unwrap()).unwrap();
        if verdict["id"].as_str().unwrap().starts_with("bulk-") {
            n_ids.insert(verdict["id"].as_str().unwrap().to_owned());
            positions.insert(verdict["source"].to_string());
        }
        ControlFlow::Continue(())
    })
    .unwrap();
    assert_eq!(n_ids.len(), 2000);
    assert!(positions.len() >= 2000);
    assert_eq!(demo.interrupt(), Some(0));
}

fn publish(demo: &Demo, numbers: std::ops::Range<usize>) {
    let publisher = Publisher::new(&demo.kafka(), PublisherRole::Bulk).unwrap();
    for (i, sample) in numbers.zip(SAMPLES.iter().cycle()) {
        let id = format!("bulk-{i}");
        let value = serde_json::json!({ "id": id, "text": sample }).to_string();
        publisher.send(&Outgoing::to(REVIEWS).key(id).value(value)).unwrap();
    }
    publisher.wait_delivered(PATIENCE).unwrap();
}

/// The audit's report once no review is without an outcome.
fn settled(demo: &Demo, allow_duplicates: bool) -> Option<Report> {
    let report = audit(&demo.kafka(), &topics(), PATIENCE, 5, allow_duplicates).unwrap();
    (report.missing.count == 0).then_some(report)
}

fn topics() -> TopicArgs {
    let cli = <Cli as clap::Parser>::try_parse_from(["consumer", "audit"]).unwrap();
    match cli.command {
        Some(ConsumerCommand::Audit(AuditArgs { topics, .. })) => topics,
        other => panic!("audit was asked for, got {other:?}"),
    }
}

fn count(demo: &Demo, topic: &str) -> usize {
    let mut n = 0;
    let reading = snapshot::read(&demo.kafka(), topic, PATIENCE, |_, _| {
        n += 1;
        ControlFlow::Continue(())
    });
    reading.unwrap();
    n
}
