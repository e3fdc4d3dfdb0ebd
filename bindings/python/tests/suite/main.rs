//! The Python package under pytest, as Python users have it: the compiled part that this build made
//! beside the Python files.
#![cfg(test)]
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::path::{Path, PathBuf};
use std::process::Command;
use verdict_registry::{DirectoryRegistry, MlflowRegistry, NewVersion, Registry, TrackingSettings};
use verdict_testkit::{Mlflow, kafka, left_out, python_tools, repository, run};
use verdict_trainer::ingest::file::{SplitName, read_corpus};
use verdict_trainer::params::Params;
use verdict_trainer::training;

/// Runs the tests of one Python file, with more in its environment.
#[track_caller]
fn pytest(file: &str, more: &[(&str, &str)]) {
    let Some(tools) = python_tools("pytest") else { return };
    let here = repository().join("bindings/python");
    let folder = tempfile::tempdir().unwrap();
    package(folder.path());
    let registry = DirectoryRegistry::new(folder.path().join("registry"));
    let model = std::fs::read(repository().join("models/default/model.verdict")).unwrap();
    let made = "2026-01-01T00:00:00Z".parse().unwrap();
    registry.register(NewVersion::new("sentiment", &model, made)).unwrap();
    registry.set_alias("sentiment", "production", 1).unwrap();
    let mut command = Command::new(tools.join("python"));
    command.args(["-B", "-m", "pytest", &format!("tests/python/{file}")]).current_dir(here);
    command.env("PYTHONPATH", folder.path()).env("VERDICT_REPOSITORY", repository());
    command.env("VERDICT_REGISTRY", folder.path().join("registry"));
    train(folder.path());
    command.env("VERDICT_TRAINED", folder.path()).envs(more.iter().copied());
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&said));
}

/// The package in a folder.
fn package(folder: &Path) {
    let files = repository().join("bindings/python/python/verdict");
    run(Command::new("cp").arg("-r").arg(files).arg(folder));
    // Cargo puts the library beside the tests.
    let library = format!("{DLL_PREFIX}verdict_native{DLL_SUFFIX}");
    let library = std::env::current_exe().unwrap().with_file_name(library);
    std::fs::copy(library, folder.join("verdict/_native.abi3.so")).unwrap();
}

/// Reviews in a file, and the models that the trainer makes of them.
fn train(folder: &Path) {
    let [good, bad] =
        [["warm", "witty", "superb", "moving"], ["dull", "clumsy", "boring", "awful"]];
    let reviews = (0..120).map(|i| {
        let (side, label) = if i % 2 == 0 { (good, "positive") } else { (bad, "negative") };
        let [first, second, third] = [i, i / 4, i / 16].map(|n| side[n % 4]);
        let text = format!("A {first} and {second} film. Scene {i} was not {third}, though!");
        format!("{{\"id\": \"{i:03}\", \"text\": \"{text}\", \"label\": \"{label}\"}}\n")
    });
    let path = folder.join("reviews.jsonl");
    std::fs::write(&path, reviews.collect::<String>()).unwrap();
    for preset in ["default", "sentences", "best"] {
        let yaml = format!("preset: {preset}\nmodel_building: {{C: 3.5}}");
        let params = Params::from_yaml(&yaml, "params.yaml").unwrap();
        let rule = &params.data_ingestion.split;
        let corpus = read_corpus(&path, SplitName::All, rule).unwrap();
        let trained = training::train(&corpus, &params, "sentiment").unwrap();
        std::fs::write(folder.join(format!("{preset}.verdict")), &trained.artifact).unwrap();
    }
}

#[test]
fn python_loads_scores_and_explains_models() {
    pytest("test_model.py", &[]);
}

#[test]
fn scikit_learn_takes_the_estimator_which_trains_as_the_trainer_does() {
    pytest("test_estimator.py", &[]);
}

#[test]
fn models_of_scikit_learn_become_models_and_models_become_scikit_learns() {
    pytest("test_conversion.py", &[]);
}

#[test]
fn the_types_are_those_that_are_promised() {
    pytest("test_types.py", &[]);
}

#[test]
fn spark_scores_and_trains_as_one_process_does() {
    pytest("test_spark.py", &[]);
}

/// The log by Spark's Kafka source, and by the trainer's: one model, and one manifest.
#[test]
fn the_review_log_gives_the_same_model_on_spark() {
    let Some(broker) = kafka::shared() else { return };
    let (Some(trainer), Some(tools)) = (program("trainer"), python_tools("python")) else { return };
    let jars = tools.with_file_name("spark-kafka");
    if !jars.exists() {
        return left_out("needs tools/spark/install.sh");
    }
    let jars = ("VERDICT_SPARK_JARS", jars.to_str().unwrap());
    let trainer = ("VERDICT_TRAINER", trainer.to_str().unwrap());
    pytest("test_spark_log.py", &[trainer, jars, ("VERDICT_KAFKA", broker.bootstrap())]);
}

#[test]
fn an_imported_model_is_served_with_the_probabilities_of_its_pickles() {
    let Some(broker) = kafka::shared() else { return };
    let Some(consumer) = program("consumer") else { return };
    let consumer = ("VERDICT_CONSUMER", consumer.to_str().unwrap());
    pytest("test_served.py", &[consumer, ("VERDICT_KAFKA", broker.bootstrap())]);
}

/// A program of this build.
fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::current_exe().unwrap().ancestors().nth(2).unwrap().join(name);
    if !path.exists() {
        left_out(&format!("needs cargo build -p verdict-{name}"));
        return None;
    }
    Some(path)
}

#[test]
fn mlflow_loads_and_asks_what_the_registry_wrote_there() {
    let store = tempfile::tempdir().unwrap();
    let Some(server) = Mlflow::start(store.path()) else { return };
    let uri = format!("http://{}", server.address);
    let registry = MlflowRegistry::new(&TrackingSettings::new(&uri).unwrap()).unwrap();
    let model = std::fs::read(repository().join("models/default/model.verdict")).unwrap();
    let made = "2026-01-01T00:00:00Z".parse().unwrap();
    registry.register(NewVersion::new("sentiment", &model, made)).unwrap();
    registry.set_alias("sentiment", "production", 1).unwrap();
    assert_eq!(registry.fetch("sentiment", 1).unwrap(), model);
    pytest("test_mlflow.py", &[("MLFLOW_TRACKING_URI", &uri)]);
}

#[test]
fn the_notebook_runs_to_its_end() {
    pytest("test_notebook.py", &[]);
}

/// Without compiling it once more, which takes minutes: maturin says what the wheel is, and the
/// library is that of this build.
#[test]
fn the_wheel_is_for_cpython_3_10_and_newer_and_installs_and_scores() {
    let Some(tools) = python_tools("maturin") else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(tools.join("maturin"));
    command.args(["pep517", "write-dist-info", "--metadata-directory"]).arg(folder.path());
    command.arg("--interpreter").arg(tools.join("python"));
    run(command.current_dir(repository().join("bindings/python")));
    let version = env!("CARGO_PKG_VERSION");
    let info = format!("verdict-{version}.dist-info");
    let read = |file: &str| std::fs::read_to_string(folder.path().join(&info).join(file)).unwrap();
    let wheel = read("WHEEL");
    let tag = wheel.lines().find_map(|line| line.strip_prefix("Tag: ")).unwrap();
    assert!(tag.starts_with("cp310-abi3-"), "{wheel}");
    let metadata = read("METADATA");
    let required = metadata.lines().filter_map(|line| line.strip_prefix("Requires-Dist: "));
    let needed: Vec<&str> = required.filter(|line| !line.contains("extra")).collect();
    assert_eq!(needed, ["numpy>=1.24"]);

    package(folder.path());
    let parts = [folder.path().join("verdict"), folder.path().join(&info)];
    // The list of files, which pip asks for, and writes anew.
    std::fs::write(parts[1].join("RECORD"), format!("{info}/RECORD,,\n")).unwrap();
    let dist = folder.path().join("dist");
    std::fs::create_dir(&dist).unwrap();
    let mut zip = Command::new(tools.join("python"));
    zip.args(["-m", "zipfile", "-c"]).arg(dist.join(format!("verdict-{version}-{tag}.whl")));
    run(zip.args(parts));
    let mut test = Command::new(repository().join("tools/ci/test-wheel.sh"));
    test.arg(dist).env("TAG", format!("v{version}"));
    // All from what is here: NumPy is that of the tests.
    let numpy = "import numpy, pathlib; print(pathlib.Path(numpy.__file__).parents[1])";
    let numpy = Command::new(tools.join("python")).args(["-c", numpy]).output().unwrap().stdout;
    test.env("PYTHONPATH", String::from_utf8(numpy).unwrap().trim_end());
    test.env("PIP_NO_INDEX", "1").env("PIP_NO_DEPS", "1");
    run(&mut test);
}
