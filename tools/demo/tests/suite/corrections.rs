//! People's corrections reach a new model, and the running consumer takes it over.
use crate::common::PATIENCE;
use crate::demo::{self, Demo, until};
use serde_json::{Value, json};
use verdict_kafka_io::{Outgoing, Publisher, PublisherRole};
use verdict_messages::topic::REVIEWS;
use verdict_registry::{DirectoryRegistry, Registry as _};

const JSON: &str = "application/json";
const N: usize = 240;
/// No model knows "zorbic"; the words around it are negative ones.
const ASKED: &str = "What a zorbic film. The music is awful and the ending is dull.";
const BAD: [&str; 5] = ["awful", "dull", "boring", "terrible", "poor"];
const PARTS: [&str; 6] = ["plot", "acting", "music", "ending", "script", "pace"];
/// A gate for few reviews. All floors are as low as they go but accuracy's: only a model that has learnt the word passes.
const PARAMS: &str = "
promotion:
  min_reviews: 20
  floors: { accuracy: 0.9, precision: 0.0, recall: 0.0, f1: 0.0, auc: 0.0, log_loss: 9.0, ece: 1.0 }
";

#[test]
fn corrections_reach_a_new_model_that_serves() {
    let Some(state) = demo::state() else { return };
    let params = state.path().join("params.yaml");
    std::fs::write(&params, PARAMS).unwrap();
    let n = N.to_string();
    let params = params.to_str().unwrap();
    let demo = Demo::start_with(state.path(), &["--params", params, "--new-labels", &n], &[]);
    let registry = DirectoryRegistry::new(state.path().join("registry"));
    let first = until("a verdict names the demo's own model by its version", || {
        let verdict = ask(&demo);
        (verdict["model"]["version"] == "1").then_some(verdict)
    });
    assert_eq!(first["label"], "negative", "{first}");

    publish(&demo);
    for i in 0..N {
        let label = if is_zorbic(i) { "positive" } else { "negative" };
        let answer = demo.post(
            &format!("/api/v1/reviews/{}/label", id(i)),
            JSON,
            JSON,
            &json!({ "label": label }).to_string(),
        );
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(answer["accepted"], true, "{answer}");
    }

    let taught = until("a verdict names a new version", || {
        let verdict = ask(&demo);
        (verdict["model"]["version"] != "1").then_some(verdict)
    });
    assert_eq!(taught["label"], "positive", "{taught}");
    let name = taught["model"]["name"].as_str().unwrap();
    let serves = registry.alias(name, "production").unwrap().unwrap();
    assert_eq!(taught["model"]["version"], serves.version.to_string());
    assert_eq!(taught["model"]["sha256"], serves.sha256);
    let before = registry.version(name, 1).unwrap();
    assert_eq!(first["model"]["sha256"], before.sha256);
    let plain = score(&demo, &ASKED.replace("zorbic ", ""));
    assert_eq!(plain["label"], "negative", "{plain}");
    assert_eq!(demo.interrupt(), Some(0));
}

fn is_zorbic(i: usize) -> bool {
    i.is_multiple_of(2)
}

fn id(i: usize) -> String {
    format!("taught-{i}")
}

fn publish(demo: &Demo) {
    let publisher = Publisher::new(&demo.kafka(), PublisherRole::Bulk).unwrap();
    for i in 0..N {
        let what = if is_zorbic(i) { "zorbic film" } else { "film" };
        let (part, other) = (PARTS[i % 6], PARTS[(i / 6 + 1 + i) % 6]);
        let (bad, worse) = (BAD[i % 5], BAD[(i / 5 + 1) % 5]);
        let text =
            format!("What a {what}. The {part} is {bad} and the {other} is {worse}, take {i}.");
        let value = json!({ "id": id(i), "text": text }).to_string();
        publisher.send(&Outgoing::to(REVIEWS).key(id(i)).value(value)).unwrap();
    }
    publisher.wait_delivered(PATIENCE).unwrap();
}

fn ask(demo: &Demo) -> Value {
    score(demo, ASKED)
}

fn score(demo: &Demo, text: &str) -> Value {
    let body = json!({ "text": text }).to_string();
    serde_json::from_str(&demo.post("/api/v1/reviews", JSON, JSON, &body)).unwrap()
}
