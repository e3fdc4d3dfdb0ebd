//! The default model, made again. Needs the Large Movie Review Dataset, which the repository does not hold:
//! `VERDICT_IMDB=data/raw/aclImdb_v1.tar.gz cargo test --release -p verdict-trainer --test imdb`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "tests"
)]

use assert_cmd::Command;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use verdict_learning::corpus::Corpus;
use verdict_learning::gate::decide::{Decision, FlipsWanted, compare};
use verdict_learning::gate::thresholds::Gate;
use verdict_sentiment::Model;
use verdict_trainer::ingest::file::{SplitName, read_corpus};
use verdict_trainer::params::Params;
use verdict_trainer::training::train;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[allow(
    clippy::disallowed_methods,
    reason = "a test has no command line on which the archive could be named"
)]
fn archive() -> Option<PathBuf> {
    let named = std::env::var("VERDICT_IMDB").ok()?;
    // Tests run in their crate's folder; a path is meant from where cargo was started, mostly the repository.
    Some(repository().join(named))
}

fn json(args: &[&dyn AsRef<std::ffi::OsStr>]) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_trainer"))
        .current_dir(repository())
        .args(args.iter().map(AsRef::as_ref))
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn the_default_model_is_what_its_data_and_params_give() {
    let Some(archive) = archive() else {
        println!("left out: VERDICT_IMDB does not name the aclImdb archive");
        return;
    };
    let kept = repository().join("models/default/model.verdict");
    let kept_bytes = fs::read(&kept).unwrap();
    for threads in ["1", "2"] {
        let dir = TempDir::new().unwrap();
        let trained = json(&[
            &"train",
            &"--data",
            &archive,
            &"--params",
            &"params.yaml",
            &"--out",
            &dir.path(),
            &"--threads",
            &threads,
            &"--json",
        ]);
        assert_eq!(trained["n_reviews"], 25_000);
        let made = fs::read(dir.path().join("model.verdict")).unwrap();
        assert!(made == kept_bytes, "{threads} threads: {}", trained["sha256"]);
    }
    let metrics = json(&[&"evaluate", &"--model", &kept, &"--data", &archive, &"--json"]);
    assert_eq!(metrics["n"], 25_000);
    let metric = |name: &str| metrics[name].as_f64().unwrap();
    assert!(metric("accuracy") >= 0.8955, "{metrics}");
    assert!(metric("auc") >= 0.961, "{metrics}");
    assert!(metric("ece") <= 0.01, "{metrics}");
}

#[test]
fn a_twentieth_of_wrong_labels_is_refused_and_twice_the_data_are_accepted() {
    let Some(archive) = archive() else {
        println!("left out: VERDICT_IMDB does not name the aclImdb archive");
        return;
    };
    let params = Params::from_yaml("", "params.yaml").unwrap();
    let read = |split| read_corpus(&archive, split, &params.data_ingestion.split).unwrap();
    let (all, held_out) = (read(SplitName::Train), read(SplitName::Test));
    let model = |rows: &mut dyn Iterator<Item = (usize, bool)>| {
        let rows = rows.map(|(i, label)| (all.texts[i].clone(), label));
        let corpus: Corpus = rows.collect();
        Model::from_bytes(&train(&corpus, &params, "sentiment").unwrap().artifact).unwrap()
    };
    let labels = || all.labels.iter().copied().enumerate();
    let clean = model(&mut labels());
    // Every twentieth in an order that has nothing to do with the one of the ids; every other one likewise.
    let mixed = |i: usize| i * 7_919 % 25_000;
    let wrong = model(&mut labels().map(|(i, label)| (i, label != (mixed(i) % 20 == 7))));
    let half = model(&mut labels().filter(|&(i, _)| mixed(i) < 12_500));
    let decide = |champion: &Model, candidate: &Model| -> Decision {
        let reviews = held_out.reviews().unwrap();
        compare(Some(champion), candidate, reviews, &Gate::default(), FlipsWanted::default())
    };
    let failed = |decision: &Decision| -> Vec<String> {
        let failed = decision.reasons.iter().filter(|reason| !reason.passed);
        failed.map(|reason| reason.check.clone()).collect()
    };
    let refused = failed(&decide(&clean, &wrong));
    for check in ["mcnemar", "max_regression", "max_log_loss_rise"] {
        assert!(refused.iter().any(|name| name == check), "{refused:?}");
    }
    let accepted = decide(&half, &clean);
    assert!(accepted.accepted, "{:?}", failed(&accepted));
    let back = decide(&clean, &half);
    assert!(!back.accepted, "{:?}", back.mcnemar);
}

/// The presets on the standard split. The figures of scikit-learn are those of benches/peers/accuracy.py.
#[test]
fn the_presets_are_as_accurate_as_they_are_said_to_be() {
    let Some(archive) = archive() else {
        println!("left out: VERDICT_IMDB does not name the aclImdb archive");
        return;
    };
    let accuracy = |preset: &str| {
        let dir = TempDir::new().unwrap();
        let (train, out) = (["train", "--preset", preset, "--json"], dir.path());
        let train = train.iter().map(|arg| arg as &dyn AsRef<std::ffi::OsStr>);
        let rest: [&dyn AsRef<std::ffi::OsStr>; 4] = [&"--data", &archive, &"--out", &out];
        json(&train.chain(rest).collect::<Vec<_>>());
        let measured = json(&[&"evaluate", &"--model", &out, &"--data", &archive, &"--json"]);
        measured["accuracy"].as_f64().unwrap()
    };
    let best = accuracy("best");
    assert!(best >= 0.92, "best: {best}");
    let default = accuracy("default");
    assert!((default - 0.89652).abs() <= 0.001, "default: {default}");
    if Path::new("/usr/share/wordnet/index.noun").exists() {
        let seed = accuracy("python-seed");
        assert!((seed - 0.88376).abs() <= 0.001, "python-seed: {seed}");
    } else {
        let needs = "python-seed needs a WordNet dictionary (apt-get install wordnet-base)";
        assert!(std::env::var_os("CI").is_none(), "{needs}");
        println!("left out: {needs}");
    }
}
