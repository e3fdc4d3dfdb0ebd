//! The registry in a real MLflow 3 server; behind a proxy that hides what older and lesser servers
//! lack; and cut off.

use crate::models::{answer, artifact, new, registry_at, settings_of};
use crate::suite::Subject;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use verdict_registry::{
    Files, MlflowRegistry, Registry, RegistryError, Resolver, Tags, TrackingSettings,
};
use verdict_testkit::{Fate, Mlflow, Proxy, Request, python_tools};

fn settings() -> Option<TrackingSettings> {
    let mut settings = TrackingSettings::new(&format!("http://{}", Mlflow::shared()?)).unwrap();
    settings.experiment = "verdict's own".to_owned();
    Some(settings)
}

fn subject(settings: TrackingSettings, prefix: &'static str) -> Subject {
    Subject {
        registry: Box::new(MlflowRegistry::new(&settings).unwrap()),
        resolver: Resolver { tracking: Some(settings) },
        prefix,
        _kept: None,
    }
}

mod three {
    use super::{settings, subject as subject_of};

    fn subject() -> Option<crate::suite::Subject> {
        settings().map(|settings| subject_of(settings, "three"))
    }

    suite_of!(super::subject());
}

/// MLflow 2 has no LoggedModels.
mod two {
    use super::{Mlflow, Proxy, lacking, settings_of, subject as subject_of};

    fn subject() -> Option<crate::suite::Subject> {
        let proxy = Proxy::new(Some(Mlflow::shared()?), lacking(&["logged-models"]));
        Some(subject_of(settings_of(&proxy), "two"))
    }

    suite_of!(super::subject());
}

/// Answers as Flask does where there is no such method.
fn lacking(methods: &'static [&str]) -> impl FnMut(&Request) -> Fate + Send + 'static {
    move |request| {
        let lacks = |method: &&str| request.path.starts_with(&format!("/api/2.0/mlflow/{method}"));
        if methods.iter().any(lacks) {
            return answer(404, "<!doctype html><h1>Not Found</h1>");
        }
        Fate::Pass
    }
}

const MODELS: &[&str] = &["registered-models", "model-versions", "logged-models"];

/// Asks the server itself, past the code under test.
fn ask(proxy: &Proxy, path: &str, body: &Value) -> Value {
    let url = format!("{}/api/2.0/mlflow/{path}", proxy.url());
    let request = ureq::post(url).header("content-type", "application/json");
    let text = request.send(body.to_string()).unwrap().body_mut().read_to_string();
    serde_json::from_str(&text.unwrap()).unwrap()
}

fn runs_of(proxy: &Proxy, name: &str) -> Vec<Value> {
    let filter = format!("tags.`verdict.name` = '{name}'");
    let body = json!({ "experiment_ids": ["0"], "filter": filter });
    let answer = ask(proxy, "runs/search", &body);
    answer["runs"].as_array().cloned().unwrap_or_default()
}

fn value<'a>(run: &'a Value, field: &str, key: &str) -> Option<&'a Value> {
    let pairs = run["data"][field].as_array()?;
    Some(&pairs.iter().find(|pair| pair["key"] == key)?["value"])
}

/// Registers with the server going away after each of the calls in turn, that call's answer lost;
/// then again with the server back.
fn cut_off_everywhere(prefix: &str, hidden: &'static [&str]) {
    let Some(server) = Mlflow::shared() else { return };
    let proxy = Proxy::new(Some(server), lacking(hidden));
    let mut is_through = false;
    for cut in 0_u32.. {
        let name = format!("{prefix}-{cut}");
        let bytes = artifact(1000 + cut);
        let mut model = new(&name, &bytes);
        model.metrics.insert("accuracy".to_owned(), 0.875);
        model.params.insert("C".to_owned(), "1.0".to_owned());
        model.tags.insert("commit".to_owned(), "abc".to_owned());
        model.files.insert("metrics.json".to_owned(), b"{}".to_vec());
        let calls = AtomicUsize::new(0);
        let mut passes = lacking(hidden);
        proxy.rule(move |request| {
            let call = calls.fetch_add(1, Ordering::Relaxed);
            match call.cmp(&(cut as usize)) {
                std::cmp::Ordering::Less => passes(request),
                std::cmp::Ordering::Equal => match passes(request) {
                    Fate::Pass => Fate::LoseAnswer,
                    _ => Fate::Drop,
                },
                std::cmp::Ordering::Greater => Fate::Drop,
            }
        });
        match registry_at(&proxy).register(model.clone()) {
            Ok(_) => is_through = true,
            Err(error) => assert!(error.is_retryable(), "call {cut}: {error}"),
        }
        proxy.rule(lacking(hidden));
        let registry = registry_at(&proxy);
        let version = registry.register(model).unwrap();
        assert_eq!(version.version, 1, "call {cut}");
        assert_eq!(registry.versions(&name).unwrap(), [version], "call {cut}");
        assert_eq!(registry.fetch(&name, 1).unwrap(), bytes, "call {cut}");

        let runs = runs_of(&proxy, &name);
        assert_eq!(runs.len(), 1, "call {cut}: {runs:?}");
        assert_eq!(runs[0]["info"]["status"], "FINISHED", "call {cut}");
        assert_eq!(value(&runs[0], "metrics", "accuracy"), Some(&json!(0.875)));
        assert_eq!(value(&runs[0], "params", "C"), Some(&json!("1.0")));
        assert_eq!(value(&runs[0], "tags", "commit"), Some(&json!("abc")));
        if hidden.is_empty() {
            let body = json!({ "experiment_ids": ["0"], "filter": format!("name = '{name}'") });
            let models = ask(&proxy, "logged-models/search", &body);
            let models = models["models"].as_array().unwrap();
            assert_eq!(models.len(), 1, "call {cut}: {models:?}");
            assert_eq!(models[0]["info"]["status"], "LOGGED_MODEL_READY");
        }
        if is_through {
            assert!(cut > 8, "only {cut} calls were made");
            return;
        }
    }
}

#[test]
fn a_register_that_is_cut_off_at_any_call_goes_on_with_the_same_run_and_version() {
    cut_off_everywhere("cut", &[]);
}

#[test]
fn so_it_does_on_a_server_without_models() {
    cut_off_everywhere("cut-runs", MODELS);
}

#[test]
fn mlflows_own_client_finds_the_model_and_all_that_is_told_of_it() {
    let Some(server) = Mlflow::shared() else { return };
    let settings = TrackingSettings::new(&format!("http://{server}")).unwrap();
    let registry = MlflowRegistry::new(&settings).unwrap();
    let bytes = artifact(1);
    let mut model = new("foreign", &bytes);
    model.metrics = (0..1001).map(|i| (format!("m{i}"), f64::from(i) / 8.0)).collect();
    model.params = (0..101).map(|i| (format!("p{i}"), format!("v{i}"))).collect();
    let (metrics, params) = (json!(model.metrics), json!(model.params));
    let version = registry.register(model).unwrap();
    registry.set_alias("foreign", "production", 1).unwrap();
    for decision in ["refused", "promoted"] {
        let tags = Tags::from([("decision".to_owned(), decision.to_owned())]);
        let files = Files::from([("decision.json".to_owned(), decision.into())]);
        registry.annotate("foreign", 1, &tags, &files).unwrap();
    }

    let python = python_tools("mlflow").unwrap().join("python");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/suite/foreign_client.py");
    let output = std::process::Command::new(python)
        .args([script, &settings.uri, "foreign"])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    let seen: Value = serde_json::from_slice(&output.stdout).unwrap();
    let expected = json!({
        "version": seen["version"],
        "sha256": version.sha256,
        "version_decision": "promoted",
        "run_decision": "promoted",
        "file": "promoted",
        "metrics": metrics,
        "params": params,
        "status": "FINISHED",
    });
    assert_eq!(seen, expected);
    assert!(["1", "\"1\""].contains(&seen["version"].to_string().as_str()));
}

#[test]
fn a_server_that_is_killed_in_the_middle_has_one_run_and_one_version_in_the_end() {
    let store = tempfile::tempdir().unwrap();
    let Some(server) = Mlflow::start(store.path()) else { return };
    let proxy = Proxy::new(Some(server.address), |_| Fate::Pass);
    let mut server = Some(server);
    // Once the run is there, and the model's file about to come.
    proxy.rule(move |request| {
        if request.method == "PUT" {
            drop(server.take());
            return Fate::Drop;
        }
        Fate::Pass
    });
    let bytes = artifact(1);
    let error = registry_at(&proxy).register(new("killed", &bytes)).unwrap_err();
    assert!(error.is_retryable(), "{error}");
    assert!(error.to_string().contains("PUT http://127.0.0.1:"), "{error}");

    let server = Mlflow::start(store.path()).unwrap();
    proxy.upstream(server.address);
    proxy.rule(|_| Fate::Pass);
    assert_eq!(runs_of(&proxy, "killed").len(), 1);
    let registry = registry_at(&proxy);
    let version = registry.register(new("killed", &bytes)).unwrap();
    assert_eq!(registry.versions("killed").unwrap(), [version]);
    assert_eq!(runs_of(&proxy, "killed").len(), 1);
    assert_eq!(registry.fetch("killed", 1).unwrap(), bytes);
}

#[test]
fn a_server_without_models_numbers_runs_and_says_where_aliases_are() {
    let Some(server) = Mlflow::shared() else { return };
    let proxy = Proxy::new(Some(server), lacking(MODELS));
    let registry = registry_at(&proxy);
    let (one, two) = (artifact(1), artifact(2));
    let first = registry.register(new("plain", &one)).unwrap();
    let second = registry.register(new("plain", &two)).unwrap();
    assert_eq!((first.version, second.version), (1, 2));
    assert_eq!(registry.register(new("plain", &one)).unwrap(), first);
    assert_eq!(registry.versions("plain").unwrap(), [first, second.clone()]);
    let resolver = Resolver { tracking: Some(settings_of(&proxy)) };
    let model = resolver.load(&second.uri).unwrap();
    assert_eq!(model.identity().version, "2");
    let tags = Tags::from([("decision".to_owned(), "promoted".to_owned())]);
    registry.annotate("plain", 2, &tags, &Default::default()).unwrap();
    assert_eq!(registry.version("plain", 2).unwrap(), second);
    for error in [
        registry.alias("plain", "production").unwrap_err(),
        registry.set_alias("plain", "production", 1).unwrap_err(),
        registry.delete_alias("plain", "production").unwrap_err(),
    ] {
        assert!(matches!(&error, RegistryError::Unsupported { .. }), "{error}");
        assert!(error.to_string().contains("directory registry"), "{error}");
    }
    let asked = proxy.seen();
    let probes = asked.iter().filter(|seen| seen.path.contains("registered-models"));
    // One of the registry, one of the resolver's.
    assert_eq!(probes.count(), 2);
}

#[test]
fn artifacts_at_a_plain_address_are_kept_there() {
    let Some(server) = Mlflow::shared() else { return };
    let proxy = Proxy::new(Some(server), |_| Fate::Pass);
    let place = format!("http://{server}/api/2.0/mlflow-artifacts/artifacts/elsewhere");
    let body = json!({ "name": "plain address", "artifact_location": place });
    ask(&proxy, "experiments/create", &body);
    let mut settings = TrackingSettings::new(&format!("http://{server}")).unwrap();
    settings.experiment = "plain address".to_owned();
    let registry = MlflowRegistry::new(&settings).unwrap();
    let bytes = artifact(1);
    registry.register(new("plain-address", &bytes)).unwrap();
    assert_eq!(registry.fetch("plain-address", 1).unwrap(), bytes);

    let elsewhere = json!({ "name": "bucket", "artifact_location": "s3://bucket/models" });
    ask(&proxy, "experiments/create", &elsewhere);
    settings.experiment = "bucket".to_owned();
    let registry = MlflowRegistry::new(&settings).unwrap();
    let error = registry.register(new("bucket", &bytes)).unwrap_err();
    assert!(matches!(&error, RegistryError::Unsupported { .. }), "{error}");
    assert!(error.to_string().contains("--serve-artifacts"), "{error}");
}

#[test]
fn a_file_that_changed_on_its_way_is_refused() {
    let Some(server) = Mlflow::shared() else { return };
    let proxy = Proxy::new(Some(server), |_| Fate::Pass);
    let registry = registry_at(&proxy);
    registry.register(new("changed", &artifact(1))).unwrap();
    let huge = "HTTP/1.1 200 OK\r\ncontent-length: 1099511627776\r\n\r\n";
    let endless = [b"HTTP/1.1 200 OK\r\n\r\n".as_slice(), &vec![b'x'; (64 << 20) + 2]].concat();
    let cut = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort";
    for (bytes, part, is_retryable) in [
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nno".to_vec(), "SHA-256 must be", false),
        (huge.into(), "at most 67108864, got 1099511627776", false),
        (endless, "at most 67108864", false),
        (cut.into(), "GET http://", true),
    ] {
        let mut bytes = Some(bytes);
        proxy.rule(move |request| {
            if request.path.ends_with("/model.verdict") {
                return Fate::Answer(bytes.take().unwrap());
            }
            Fate::Pass
        });
        let error = registry.fetch("changed", 1).unwrap_err();
        assert!(error.to_string().contains(part), "{error}");
        assert_eq!(error.is_retryable(), is_retryable, "{error}");
    }
}
