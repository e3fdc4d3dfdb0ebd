//! `trainer rebuild` and the reading of its snapshot again.

use crate::folder::{assert_has, assert_says};
use crate::lifecycle::log::{Log, NAME, params, ran};
use crate::made::{others, reviews};
use serde_json::{Value, json};
use verdict_messages::TrainedFrom;
use verdict_sentiment::Model;

#[test]
fn the_log_gives_the_model_that_its_reviews_in_a_file_give_and_it_serves() {
    let Some(log) = Log::labelled("rebuild") else { return };
    // Learning from sentences, as models/default does.
    log.folder.write("params.yaml", params("preset: sentences"));
    let flags = "train --data reviews.csv --out direct --json";
    let direct = log.json(flags);
    let rebuilt = log.json("rebuild --json");
    assert_eq!(rebuilt["sha256"], direct["sha256"]);
    assert_eq!(rebuilt["n_reviews"], direct["n_reviews"]);
    assert_has(&rebuilt, &json!({"version": 1, "serves": true, "announced": true}));
    assert_eq!((&rebuilt["replaces"], &rebuilt["failed"]), (&Value::Null, &json!([])));

    // All of both topics, and nothing else.
    let manifest = log.folder.read_json("data/raw/manifest.json");
    let facts = &manifest["origin"]["log"];
    let ranges = facts["ranges"].as_array().unwrap();
    for topic in ["rebuild.labels", "rebuild.reviews"] {
        let of_topic = ranges.iter().filter(|range| range["topic"] == topic);
        let of_topic: Vec<_> = of_topic.collect();
        assert_eq!(of_topic.len(), 3, "{ranges:?}");
        let n: i64 = of_topic
            .iter()
            .map(|range| range["to"].as_i64().unwrap() - range["from"].as_i64().unwrap())
            .sum();
        assert_eq!(n, 400, "{topic}");
    }
    assert_eq!(facts["counts"]["review_records"], 400);
    let (train, test) = (&manifest["train"]["n_reviews"], &manifest["test"]["n_reviews"]);
    assert_eq!(train.as_u64().unwrap() + test.as_u64().unwrap(), 400);

    let registration = log.folder.read_json("reports/registration.json");
    assert_has(&registration, &json!({"name": NAME, "version": 1, "alias": "staging"}));
    assert_eq!(registration["sha256"], direct["sha256"]);
    let decision = log.folder.read_json("reports/promotion.json");
    assert_eq!((&decision["accepted"], &decision["champion"]), (&json!(true), &Value::Null));
    assert_eq!(&decision["n_reviews"], test);
    assert_eq!(log.folder.read_json("reports/metrics.json")["n"], *test);

    let pointer = log.pointer().unwrap();
    assert_eq!(pointer.version, "1");
    assert_eq!(pointer.uri, registration["uri"].as_str().unwrap());
    assert_eq!(pointer.sha256, direct["sha256"].as_str().unwrap());
    let TrainedFrom::Log { ranges: from } = &pointer.trained_from else {
        panic!("{pointer:?}");
    };
    assert_eq!(json!(from), json!(ranges));
    assert_eq!((log.alias("production"), log.alias("staging")), (Some(1), Some(1)));
    let kept = log.folder.path("registry/sentiment/versions/1");
    for file in ["manifest.json", "metrics.json", "MODEL_CARD.md", "promotion.json"] {
        assert!(kept.join(file).is_file(), "{file}");
    }

    // The same log gives the same version, which serves already.
    let again = log.json("rebuild --json");
    assert_has(&again, &json!({"version": 1, "serves": true, "announced": false}));
    assert_eq!((log.versions().len(), log.announced()), (1, 1));
    // What was ingested is there to compare a later version on.
    let promoted = log.json("promote --json");
    assert_eq!(promoted["serves"], true);
}

#[test]
fn a_snapshot_of_the_log_is_read_again_after_more_has_come() {
    let Some(log) = Log::labelled("snapshot") else { return };
    log.json("rebuild --no-announce --json");
    let kept = |root: &str, file: &str| log.folder.read(&format!("{root}data/raw/{file}"));
    log.write(reviews(10).iter().map(|review| log.label(&review.id, !review.positive)));
    log.write_labelled(&others(20, "later"));

    let read = |root: &str, manifest: &str, more: &str| {
        log.run(&format!("stage data_ingestion --root {root} --snapshot {manifest} {more}"))
    };
    for (root, more) in [("again", "--source kafka"), ("too", "")] {
        let ran = read(root, "data/raw/manifest.json", more);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        for file in ["train.csv", "test.csv", "manifest.json"] {
            assert_eq!(kept(&format!("{root}/"), file), kept("", file), "{root}/{file}");
        }
    }

    let manifest = log.folder.read_json("data/raw/manifest.json");
    let ranges = manifest["origin"]["log"]["ranges"].as_array().unwrap();
    let of = |topic: &str| {
        let found = ranges.iter().position(|range| {
            range["topic"] == topic && range["to"].as_i64() > range["from"].as_i64()
        });
        found.unwrap()
    };
    let changed = |name: &str, change: &dyn Fn(&mut Value)| {
        let mut manifest = manifest.clone();
        change(&mut manifest["origin"]["log"]["ranges"]);
        log.folder.write(name, manifest.to_string());
        read(&format!("no-{name}"), name, "")
    };
    // As compaction does: some labels of the snapshot are no longer there.
    let label = of("snapshot.labels");
    let ran = changed("fewer.json", &|ranges| {
        let from = ranges[label]["from"].as_i64().unwrap();
        ranges[label]["from"] = json!(from + 20);
    });
    assert_says(ran.refused(2), &["must have SHA-256", "labels have been compacted away"]);
    // As retention or another cluster does: the offsets are not there.
    let review = of("snapshot.reviews");
    let ran = changed("gone.json", &|ranges| ranges[review]["to"] = json!(100_000));
    let said = ran.refused(70);
    assert_says(said, &["snapshot.reviews", "must still have offsets 0 to 100000", "it has 0 to"]);
    assert!(!log.folder.path("no-gone.json").exists());
    // The manifest of a file has no offsets.
    log.folder.write("of-file.json", file_manifest(&manifest).to_string());
    let ran = read("no", "of-file.json", "");
    assert_says(ran.refused(2), &["reviews.csv", "not of a review log"]);
}

#[test]
fn any_other_source_is_rebuilt_from_too_and_without_the_topic_of_models_nothing_is_registered() {
    let Some(log) = Log::empty("source") else { return };
    let flags = "rebuild --source reviews.csv --json";
    let mut command = log.command(flags);
    let nowhere = ran(command.env("VERDICT_MODELS_TOPIC", "source.nowhere"));
    assert_says(nowhere.refused(70), &["source.nowhere", "no such topic"]);
    assert!(!log.folder.path("registry").exists());

    let rebuilt = log.json(flags);
    assert_eq!(rebuilt["serves"], true);
    let pointer = log.pointer().unwrap();
    let manifest = log.folder.read_json("data/raw/manifest.json");
    assert_eq!(json!(pointer.trained_from), json!({"sha256": manifest["train"]["sha256"]}));
    let model: Model = verdict_registry::load(&pointer.uri).unwrap();
    assert_eq!(model.parts().about["data"]["sha256"], manifest["train"]["sha256"]);
}

fn file_manifest(manifest: &Value) -> Value {
    let mut manifest = manifest.clone();
    manifest["source"] = json!("reviews.csv");
    manifest["origin"] = json!({"file": {"sha256": null}});
    manifest
}
