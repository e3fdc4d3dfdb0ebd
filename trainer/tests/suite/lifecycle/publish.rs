//! `trainer publish`: whatever the gate would say, a whole model serves.

use crate::folder::{Folder, assert_has, assert_says, sha256_hex};
use crate::lifecycle::log::{Log, NAME, params, ran};
use serde_json::json;
use verdict_messages::TrainedFrom;

#[test]
fn a_published_model_is_kept_and_then_pointed_to() {
    let Some(log) = Log::empty("publish") else { return };
    log.folder.ok("train --data reviews.csv --out model");
    let publish = |model: &str| log.run(&format!("publish --json --model {model}"));

    // Without the topic nothing is kept either.
    let mut command = log.command("publish --model model");
    let nowhere = ran(command.env("VERDICT_MODELS_TOPIC", "publish.nowhere"));
    assert_says(nowhere.refused(70), &[NAME, "topic publish.nowhere", "no such topic"]);
    assert!(!log.folder.path("registry").exists());

    let bytes = log.folder.read("model/model.verdict");
    let sha256 = sha256_hex(&bytes);
    let first = publish("model").json(0);
    assert_has(&first, &json!({"version": 1, "announced": true, "sha256": sha256}));
    let kept = first["uri"].as_str().unwrap();
    assert_eq!(verdict_registry::read(kept).unwrap(), bytes);
    let pointer = log.pointer().unwrap();
    assert_eq!((pointer.version.as_str(), &*pointer.uri), ("1", kept));
    assert_eq!(pointer.sha256, sha256);
    let about = &log.folder.json("inspect model --json")["about"];
    let data = about["data"]["sha256"].as_str().unwrap().to_owned();
    assert_eq!(pointer.trained_from, TrainedFrom::Data { sha256: data });
    let accuracy = about["metrics"]["out_of_fold"]["accuracy"].as_f64();
    assert_eq!(pointer.metrics.get("accuracy").copied(), accuracy);
    assert!(accuracy.is_some());
    assert_eq!(log.models().last("other").unwrap(), None);
    assert_has(&publish("model").json(0), &json!({"version": 1, "announced": false}));

    // Another registry knows nothing of what serves: its first version must not withdraw it.
    log.folder.write("params.yaml", params("model_building: {C: 3.0}"));
    log.folder.ok("train --data reviews.csv --out other");
    assert_has(&publish("other").json(0), &json!({"version": 2, "announced": true}));
    let mut command = log.command("publish --model other");
    let elsewhere = ran(command.env("VERDICT_REGISTRY", "elsewhere"));
    assert_says(elsewhere.refused(2), &["version 2 of sentiment serves", "does not have it"]);
    assert_eq!(log.serving().as_deref(), Some("2"));
}

#[test]
fn nothing_but_a_model_is_published() {
    let folder = Folder::new();
    folder.write("broken.verdict", b"VERDICT\x1a and no more");
    // Port 1 of this machine is nobody's; it is not even asked.
    let broken = "publish --model broken.verdict --bootstrap-servers 127.0.0.1:1";
    folder.refused(broken, &["broken.verdict", "format version"]);
    folder.refused("publish --model missing", &["missing"]);
}
