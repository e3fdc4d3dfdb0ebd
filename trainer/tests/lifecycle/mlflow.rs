//! The same with a real MLflow server as the registry.

use crate::common::process::{assert_says, hex_sha256};
use crate::log::{Log, NAME, Ran, params, ran};
use crate::server::Server;
use serde_json::{Value, json};
use std::process::Command;
use verdict_registry::{MlflowRegistry, Registry, Resolver, TrackingSettings};

#[test]
fn a_rebuild_into_mlflow_leaves_a_run_a_version_and_a_pointer_that_loads() {
    let Some(program) = Server::program() else {
        return;
    };
    let Some(log) = Log::labelled("mlflow") else {
        return;
    };
    let store = tempfile::tempdir().unwrap();
    let server = Server::start(&program, store.path());
    let uri = format!("http://{}", server.address);
    let run = |args: &[&str]| -> Ran {
        let mut command: Command = log.command(args);
        ran(command.env_remove("VERDICT_REGISTRY").env("MLFLOW_TRACKING_URI", &uri))
    };
    let rebuilt = run(&["rebuild", "--registry", "mlflow", "--json"]).json(0);
    assert_eq!(
        (&rebuilt["version"], &rebuilt["serves"], &rebuilt["announced"]),
        (&json!(1), &json!(true), &json!(true))
    );

    let settings = TrackingSettings::new(&uri).unwrap();
    let registry = MlflowRegistry::new(&settings).unwrap();
    for alias in ["staging", "production"] {
        let version = registry.alias(NAME, alias).unwrap().unwrap();
        assert_eq!(version.version, 1, "{alias}");
        assert_eq!(json!(version.sha256), rebuilt["sha256"], "{alias}");
    }
    let topic = log.topic("models");
    let pointer = verdict_trainer::announce::last(&log.kafka, &topic, NAME).unwrap().unwrap();
    assert_eq!(pointer.uri, "models:/sentiment/1");
    let resolver = Resolver { tracking: Some(settings) };
    let bytes = resolver.read(&pointer.uri).unwrap();
    assert_eq!(hex_sha256(&bytes), pointer.sha256);
    assert_eq!(json!(pointer.sha256), rebuilt["sha256"]);
    let inspected = run(&["inspect", &pointer.uri, "--json"]).json(0);
    assert_eq!(inspected["sha256"], rebuilt["sha256"]);

    // What MLflow's own page shows of the run.
    let get = |path: &str| -> Value {
        let mut answer = ureq::get(format!("{uri}/api/2.0/mlflow/{path}")).call().unwrap();
        serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap()
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
    let accuracy = log.read_json("reports/metrics.json")["accuracy"].as_f64().unwrap();
    assert!((listed("metrics", "accuracy").as_f64().unwrap() - accuracy).abs() < 1e-12);
    assert_eq!(listed("params", "model_building.C"), "10.0");
    assert_eq!(listed("params", "feature_engineering.max_features"), "300");
    let files = get(&format!("artifacts/list?run_id={id}"));
    let files = files["files"].to_string();
    assert_says(&files, &["manifest.json", "metrics.json", "MODEL_CARD.md", "promotion.json"]);

    // A candidate that is refused is another version, and moves nothing.
    log.place.write("params.yaml", params("model_building: {max_iter: 1}"));
    let refused = run(&["rebuild", "--registry", "mlflow", "--json"]).json(1);
    assert_eq!((&refused["version"], &refused["serves"]), (&json!(2), &json!(false)));
    let serves = registry.alias(NAME, "production").unwrap().unwrap();
    assert_eq!((serves.version, log.announced()), (1, 1));
    let version = &get("model-versions/get?name=sentiment&version=2")["model_version"];
    let tags = version["tags"].to_string();
    assert_says(&tags, &["verdict.promotion", "refused"]);
    // And one that is accepted serves.
    log.place.write("params.yaml", params("model_building: {C: 12.0}"));
    let third = run(&["rebuild", "--json"]).json(0);
    assert_eq!((&third["version"], &third["replaces"]), (&json!(3), &json!(1)));
    let back = run(&["rollback", "--json"]).json(0);
    assert_eq!(
        (&back["from"], &back["to"], &back["announced"]),
        (&json!(3), &json!(1), &json!(true))
    );
}
