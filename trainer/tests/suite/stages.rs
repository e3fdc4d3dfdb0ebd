//! The stages one after another: the bytes of training in one process, whatever the parameters; and
//! what they refuse.

use crate::dvc::CACHED;
use crate::folder::Folder;
use crate::made::{Made, reviews, write_csv};
use crate::pipeline::STAGES;
use std::fs;

const SOURCE: &str = "data_ingestion: {source: reviews.csv, sha256: null}\n";

/// All that short texts are learned by.
const SHORT: &str = "data_preprocessing: {html: strip}\n\
    feature_engineering: {tokens: words-and-punctuation, negation: mark, windows: 2}\n\
    model_building: {window_weight: 0.3, weighting: naive-bayes}\n\
    calibration: {method: length}\n";

/// Reviews with all that preprocessing takes away and all that CSV must quote.
fn folder() -> Folder {
    let folder = Folder::new();
    let decorated = reviews(400).into_iter().enumerate().map(|(i, made)| {
        let with = match i % 8 {
            0 => " https://example.org/films?id=7 and www.example.org",
            1 => " <br /><br />It\u{2019}s &quot;quoted&quot; &amp; 10/10 films",
            2 => "\nThe second line,\r\n\tthe third \"line\"\r",
            3 => " \u{1f600} caf\u{e9} na\u{ef}ve \u{65e5}\u{672c}\u{8a9e} \u{130}stanbul",
            4 => " 12:30 movies, mice & men -- !!!",
            _ => "",
        };
        Made { text: made.text + with, ..made }
    });
    let mut made: Vec<Made> = decorated.collect();
    // Preprocessing that removes digits and punctuation leaves nothing of these.
    made[3].text = "10/10!".to_owned();
    made[6].text = ",".to_owned();
    write_csv(&folder.path("reviews.csv"), &made);
    folder
}

/// Runs the stages with these parameters beside the source, unless they name it.
fn run(folder: &Folder, params: &str, more: &str) {
    let source = if params.starts_with("data_ingestion") { "" } else { SOURCE };
    folder.write("params.yaml", format!("{source}{params}"));
    for stage in STAGES {
        folder.ok(&format!("stage {stage} {more}"));
    }
}

#[test]
fn the_stages_give_the_model_that_training_in_one_process_gives() {
    let folder = folder();
    let wordnet = concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/sentiment/tests/goldens/wordnet");
    let removed = "urls: remove, digits: remove, punctuation: remove, stop_words: nltk-english";
    let seed =
        format!("data_preprocessing: {{{removed}}}\nmodel_building: {{weighting: naive-bayes}}\n");
    let lemmas = format!("preset: python-seed\ndata_preprocessing: {{wordnet: {wordnet}}}\n");
    let mut models = Vec::new();
    for params in [
        "",
        &seed,
        &lemmas,
        "preset: best\n",
        SHORT,
        "data_preprocessing: {html: strip, case: keep}\nfeature_engineering: {min_df: 2, max_df: 0.5}\n",
        "feature_engineering: {norm: none, use_idf: false, binary: true, sublinear_tf: false, max_features: 90}\n",
        "feature_engineering: {binary: true}\ncalibration: {method: none}\n",
        "feature_engineering: {max_features: 40}\nmodel_building: {solver: linfa, C: 0.5}\n",
        "data_ingestion: {source: reviews.csv, sha256: null, split: hash, test_size: 0.4, seed: 7}\n",
    ] {
        run(&folder, params, "");
        folder.ok("train --data reviews.csv --out one");
        let model = folder.read("models/model.verdict");
        assert!(model == folder.read("one/model.verdict"), "{params}");
        assert!(!models.contains(&model), "{params} changes the model");
        models.push(model);
    }
}

#[test]
fn the_evaluation_is_that_of_the_held_out_part() {
    let folder = folder();
    run(&folder, "", "");
    folder.ok("evaluate --model models --data reviews.csv --reports other");
    for name in ["metrics.json", "plots/roc.json", "plots/confusion.csv", "report.html"] {
        let (ours, other) = (format!("reports/{name}"), format!("other/{name}"));
        assert!(folder.read(&ours) == folder.read(&other), "{name}");
    }
}

#[test]
fn any_run_and_any_number_of_threads_write_the_same_files() {
    let (first, second) = (folder(), folder());
    let params = "data_preprocessing: {html: strip, punctuation: remove}\n";
    run(&first, params, "--threads 1");
    run(&second, params, "--threads 3");
    for name in &CACHED[..9] {
        assert!(first.read(name) == second.read(name), "{name}");
    }
}

#[test]
fn a_model_is_not_built_of_features_that_other_parameters_made() {
    let folder = folder();
    run(&folder, "", "");
    let model = folder.read("models/model.verdict");
    for params in
        ["feature_engineering: {sublinear_tf: false}\n", "data_preprocessing: {case: keep}\n"]
    {
        folder.write("params.yaml", format!("{SOURCE}{params}"));
        let again = ["models/vectorizer.json", "feature_engineering again"];
        folder.refused("stage model_building", &again);
        assert!(folder.read("models/model.verdict") == model);
    }
    // What does not touch the features does not stand in the way.
    folder.write("params.yaml", format!("{SOURCE}model_building: {{C: 3.0}}\n"));
    folder.ok("stage model_building");
    assert!(folder.read("models/model.verdict") != model);
}

#[test]
fn a_stage_whose_input_is_missing_or_damaged_names_the_file() {
    let folder = folder();
    run(&folder, "", "");
    for (stage, name) in [
        ("data_preprocessing", "data/raw/train.csv"),
        ("feature_engineering", "data/raw/manifest.json"),
        ("feature_engineering", "data/interim/test.csv"),
        ("model_building", "models/vectorizer.json"),
        ("model_building", "data/processed/train.npz"),
        ("model_evaluation", "data/raw/test.csv"),
        ("model_evaluation", "models/model.verdict"),
    ] {
        let whole = folder.read(name);
        // A middle that begins within a row is no header of a CSV either.
        for damaged in [&whole[..whole.len() / 2], &whole[whole.len() / 2..], b""] {
            if name.ends_with(".csv") && damaged.starts_with(b"id,") {
                // Half a CSV may end at a row; what a row is has tests of its own.
                continue;
            }
            folder.write(name, damaged);
            folder.refused(&["stage", stage], &[name]);
        }
        fs::remove_file(folder.path(name)).unwrap();
        folder.refused(&["stage", stage], &[name]);
        folder.write(name, &whole);
    }
    let row = "id,review,sentiment\na,warm,positive\nb,dull,3 of 10\n";
    folder.write("data/raw/train.csv", row);
    let parts = ["data/raw/train.csv", "line 3", "positive or negative", "3 of 10"];
    folder.refused("stage data_preprocessing", &parts);
}
