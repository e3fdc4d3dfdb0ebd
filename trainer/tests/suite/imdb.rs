//! The default model, made again from the Large Movie Review Dataset, which `VERDICT_IMDB` names.

use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;
use verdict_learning::corpus::Corpus;
use verdict_learning::gate::{Decision, FlipsWanted, Gate, compare};
use verdict_sentiment::Model;
use verdict_testkit::{imdb, left_out, repository, run};
use verdict_trainer::behaviour;
use verdict_trainer::ingest::file::{SplitName, read_corpus};
use verdict_trainer::params::Params;
use verdict_trainer::training::train;

/// The JSON that the trainer prints, run in the repository.
fn json(typed: &str) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trainer"));
    command.current_dir(repository()).args(typed.split_whitespace());
    serde_json::from_str(&run(&mut command)).unwrap()
}

#[test]
fn the_default_model_is_what_its_data_and_params_give() {
    let Some(archive) = imdb() else { return };
    let kept = fs::read(repository().join("models/default/model.verdict")).unwrap();
    for threads in ["1", "2"] {
        let dir = TempDir::new().unwrap();
        let (data, out) = (archive.display(), dir.path().display());
        let trained = json(&format!("train --data {data} --out {out} --threads {threads} --json"));
        assert_eq!(trained["n_reviews"], 25_000);
        let made = fs::read(dir.path().join("model.verdict")).unwrap();
        assert!(made == kept, "{threads} threads: {}", trained["sha256"]);
    }
    let metrics =
        json(&format!("evaluate --model models/default --data {} --json", archive.display()));
    assert_eq!(metrics["n"], 25_000);
    let metric = |name: &str| metrics[name].as_f64().unwrap();
    assert!(metric("accuracy") >= 0.908, "{metrics}");
    assert!(metric("auc") >= 0.97, "{metrics}");
    assert!(metric("ece") <= 0.01, "{metrics}");
    let decided = |share: f64, of: &serde_json::Value| {
        let count = |name: &str| of[name].as_f64().unwrap();
        assert!(count("decided") >= share * count("texts"), "{of}");
        // The target of params.yaml.
        assert!(count("wrong") <= 0.05 * count("decided"), "{of}");
    };
    decided(0.75, &metrics["decided"]);
    for (length, accuracy) in
        [("one_sentence", 0.73), ("two_sentences", 0.785), ("words_25_to_50", 0.77)]
    {
        let windows = &metrics["windows"][length];
        assert!(windows["accuracy"].as_f64().unwrap() >= accuracy, "{length}: {windows}");
        assert!(windows["ece"].as_f64().unwrap() <= 0.03, "{length}: {windows}");
        decided(0.1, &metrics["windows_decided"][length]);
    }
}

#[test]
fn a_twentieth_of_wrong_labels_is_refused_and_twice_the_data_are_accepted() {
    let Some(archive) = imdb() else { return };
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
    // Every twentieth in an order that has nothing to do with the one of the ids; every other one
    // likewise.
    let mixed = |i: usize| i * 7_919 % 25_000;
    let wrong = model(&mut labels().map(|(i, label)| (i, label != (mixed(i) % 20 == 7))));
    let half = model(&mut labels().filter(|&(i, _)| mixed(i) < 12_500));
    let decide = |champion: &Model, candidate: &Model| -> Decision {
        let (suite, gate) = (behaviour::read(behaviour::DEFAULT).unwrap(), Gate::default());
        let wanted = FlipsWanted::default();
        compare(Some(champion), candidate, &held_out, Some(&suite), &gate, wanted)
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

/// The presets on the standard split. The figures of scikit-learn are those of
/// benches/peers/accuracy.py.
#[test]
fn the_presets_are_as_accurate_as_they_are_said_to_be() {
    let Some(archive) = imdb() else { return };
    let accuracy = |preset: &str| {
        let dir = TempDir::new().unwrap();
        let (data, out) = (archive.display(), dir.path().display());
        json(&format!("train --preset {preset} --data {data} --out {out} --json"));
        let measured = json(&format!("evaluate --model {out} --data {data} --json"));
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
        left_out("python-seed needs a WordNet dictionary (apt-get install wordnet-base)");
    }
}
