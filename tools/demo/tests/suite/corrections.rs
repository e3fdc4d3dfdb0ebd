//! People's corrections reach a new model, and the running consumer takes it over.

use serde_json::json;
use verdict_registry::{DirectoryRegistry, Registry as _};
use verdict_testkit::eventually;

use crate::demo::{Demo, JSON, State};

const N: usize = 240;
/// No model knows "zorbic"; the words around it are negative ones.
const ASKED: &str = "What a zorbic film. The music is awful and the ending is dull.";
const BAD: [&str; 5] = ["awful", "dull", "boring", "terrible", "poor"];
const PARTS: [&str; 6] = ["plot", "acting", "music", "ending", "script", "pace"];
/// A gate for few reviews. All floors are as low as they go but accuracy's: only a model that has
/// learnt the word passes. Of English in general it knows less than the default model.
const PARAMS: &str = "
promotion:
  min_reviews: 20
  floors: { accuracy: 0.9, precision: 0.0, recall: 0.0, f1: 0.0, auc: 0.0, log_loss: 9.0, ece: 1.0 }
  behaviour: { suite: null }
";

const WHOLE_WAY: [&str; 8] =
    ["received", "published", "read", "scored", "committed", "replied", "labelled", "trained"];

#[test]
fn corrections_reach_a_new_model_that_serves() {
    let Some(state) = State::new() else { return };
    let params = state.path().join("params.yaml");
    std::fs::write(&params, PARAMS).unwrap();
    let (params, n) = (params.to_str().unwrap(), N.to_string());
    let demo = Demo::start(state.path(), &["--params", params, "--new-labels", &n]);
    let registry = DirectoryRegistry::new(state.path().join("registry"));
    let first = eventually("a verdict names the demo's own model by its version", || {
        Some(demo.verdict(ASKED)).filter(|verdict| verdict["model"]["version"] == "1")
    });
    assert_eq!(first["label"], "negative", "{first}");

    let mut review_path = String::new();
    for i in 0..N {
        let sent = json!({ "text": review(i) }).to_string();
        let verdict = demo.post("/api/v1/reviews", &[JSON], &sent).json();
        let label = if is_zorbic(i) { "positive" } else { "negative" };
        let body = json!({ "label": label, "label_token": verdict["label_token"] }).to_string();
        review_path = format!("/api/v1/reviews/{}", verdict["id"].as_str().unwrap());
        let answer = demo.post(&format!("{review_path}/label"), &[JSON], &body).json();
        assert_eq!(answer["accepted"], true, "{answer}");
    }

    let corrected = eventually("a verdict names a new version", || {
        Some(demo.verdict(ASKED)).filter(|verdict| verdict["model"]["version"] != "1")
    });
    assert_eq!(corrected["label"], "positive", "{corrected}");
    let model = &corrected["model"];
    let name = model["name"].as_str().unwrap();
    let serves = registry.alias(name, "production").unwrap().unwrap();
    assert_eq!(model["version"], serves.version.to_string());
    assert_eq!(model["sha256"], serves.sha256);
    assert_eq!(first["model"]["sha256"], registry.version(name, 1).unwrap().sha256);
    let timeline = demo.get(&format!("{review_path}/timeline")).json();
    let events = timeline["events"].as_array().unwrap();
    let told: Vec<_> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
    assert_eq!(told, WHOLE_WAY, "{timeline}");
    let scored = &events[3];
    assert_eq!(scored["model"], first["model"], "{timeline}");
    let trained = events.last().unwrap();
    assert_eq!(trained["model"], *model, "{timeline}");
    assert_eq!(trained["label"], "negative", "the last review says nothing of zorbic: {timeline}");
    let plain = demo.verdict(&ASKED.replace("zorbic ", ""));
    assert_eq!(plain["label"], "negative", "{plain}");
    assert_eq!(demo.interrupt(), Some(0));
}

fn is_zorbic(i: usize) -> bool {
    i.is_multiple_of(2)
}

fn review(i: usize) -> String {
    let what = if is_zorbic(i) { "zorbic film" } else { "film" };
    let (part, other) = (PARTS[i % 6], PARTS[(i / 6 + 1 + i) % 6]);
    let (bad, worse) = (BAD[i % 5], BAD[(i / 5 + 1) % 5]);
    format!("What a {what}. The {part} is {bad} and the {other} is {worse}, take {i}.")
}
