//! The same with a real MLflow server as the registry.

use crate::folder::{assert_has, assert_says, sha256_hex};
use crate::lifecycle::log::{Log, NAME, params, ran};
use serde_json::{Value, json};
use verdict_registry::{MlflowRegistry, Registry, Resolver, TrackingSettings};
use verdict_testkit::Mlflow;

#[test]
fn a_rebuild_into_mlflow_leaves_a_run_a_version_and_a_pointer_that_loads() {
    let store = tempfile::tempdir().unwrap();
    let Some(server) = Mlflow::start(store.path()) else { return };
    let Some(log) = Log::labelled("mlflow") else { return };
    let uri = format!("http://{}", server.address);
    let run = |typed: &str| {
        let mut command = log.command(typed);
        ran(command.env_remove("VERDICT_REGISTRY").env("MLFLOW_TRACKING_URI", &uri))
    };
    let rebuilt = run("rebuild --registry mlflow --json").json(0);
    assert_has(&rebuilt, &json!({"version": 1, "serves": true, "announced": true}));

    let settings = TrackingSettings::new(&uri).unwrap();
    let registry = MlflowRegistry::new(&settings).unwrap();
    for alias in ["staging", "production"] {
        let version = registry.alias(NAME, alias).unwrap().unwrap();
        assert_eq!(version.version, 1, "{alias}");
        assert_eq!(json!(version.sha256), rebuilt["sha256"], "{alias}");
    }
    let pointer = log.models().last(NAME).unwrap().unwrap();
    assert_eq!(pointer.uri, "models:/sentiment/1");
    let resolver = Resolver { tracking: Some(settings) };
    let bytes = resolver.read(&pointer.uri).unwrap();
    assert_eq!(sha256_hex(&bytes), pointer.sha256);
    assert_eq!(json!(pointer.sha256), rebuilt["sha256"]);
    let inspected = run(&format!("inspect {} --json", pointer.uri)).json(0);
    assert_eq!(inspected["sha256"], rebuilt["sha256"]);

    // What MLflow's own page shows of the run.
    let get = |path: &str| -> Value {
        verdict_testkit::get(&format!("{uri}/api/2.0/mlflow/{path}")).unwrap().json()
    };
    let version = &get("model-versions/get?name=sentiment&version=1")["model_version"];
    let id = version["run_id"].as_str().unwrap();
    let found = &get(&format!("runs/get?run_id={id}"))["run"];
    let listed = |of: &str, key: &str| -> Value {
        let all = found["data"][of].as_array().unwrap();
        let one = all.iter().find(|one| one["key"] == key);
        one.unwrap_or_else(|| panic!("{key} in {all:?}"))["value"].clone()
    };
    assert_eq!(found["info"]["status"], "FINISHED");
    let accuracy = log.folder.read_json("reports/metrics.json")["accuracy"].as_f64().unwrap();
    assert!((listed("metrics", "accuracy").as_f64().unwrap() - accuracy).abs() < 1e-12);
    assert_eq!(listed("params", "model_building.C"), "10.0");
    assert_eq!(listed("params", "feature_engineering.max_features"), "300");
    let files = get(&format!("artifacts/list?run_id={id}"));
    let files = files["files"].to_string();
    assert_says(&files, &["manifest.json", "metrics.json", "MODEL_CARD.md", "promotion.json"]);

    // A candidate that is refused is another version, and moves nothing.
    log.folder.write("params.yaml", params("model_building: {max_iter: 1}"));
    let refused = run("rebuild --registry mlflow --json").json(1);
    assert_has(&refused, &json!({"version": 2, "serves": false}));
    let serves = registry.alias(NAME, "production").unwrap().unwrap();
    assert_eq!((serves.version, log.announced()), (1, 1));
    let version = &get("model-versions/get?name=sentiment&version=2")["model_version"];
    let tags = version["tags"].to_string();
    assert_says(&tags, &["verdict.promotion", "refused"]);
    // And one that is accepted serves.
    log.folder.write("params.yaml", params("model_building: {C: 12.0}"));
    let third = run("rebuild --json").json(0);
    assert_has(&third, &json!({"version": 3, "replaces": 1}));
    let back = run("rollback --json").json(0);
    assert_has(&back, &json!({"from": 3, "to": 1, "announced": true}));
}
