//! What is not defined is null with its reason, wherever numbers go, and never a number.

use crate::folder::{Folder, assert_says, one_object};
use serde_json::Value;
use verdict_learning::corpus::Corpus;
use verdict_sentiment::Model;
use verdict_trainer::announce;
use verdict_trainer::params::Params;
use verdict_trainer::training::train;

/// Names of metrics, and why they are not defined.
type Undefined = &'static [(&'static str, &'static str)];

/// Reviews of one class, and of both where no positive one is called so by the model of
/// [`Folder::trained`].
const SETS: [(&str, &str, Undefined); 4] = [
    (
        "positive.csv",
        "review,sentiment\nA superb film,positive\nmoving and warm,1\n",
        &[("auc", "all reviews are positive")],
    ),
    (
        "one.csv",
        "review,sentiment\nsuperb and warm,positive\n",
        &[("auc", "all reviews are positive")],
    ),
    (
        "negative.csv",
        "review,sentiment\nawful and dull,negative\nclumsy and wooden,negative\n",
        &[
            ("auc", "all reviews are negative"),
            ("f1", "no review is positive or called so"),
            ("precision", "no review is called positive"),
            ("recall", "no review is positive"),
        ],
    ),
    (
        "both.csv",
        "review,sentiment\nawful and dull,negative\nclumsy and awful and dull,positive\n",
        &[("precision", "no review is called positive")],
    ),
];

const NAMES: [&str; 8] =
    ["accuracy", "precision", "recall", "f1", "auc", "log_loss", "brier", "ece"];

fn assert_undefined(metrics: &Value, undefined: &[(&str, &str)], what: &str) {
    for name in NAMES {
        let why = undefined.iter().find(|(other, _)| *other == name);
        assert_eq!(metrics[name].is_null(), why.is_some(), "{what}: {name} in {metrics}");
        let told = metrics["undefined"][name].as_str();
        assert_eq!(told, why.map(|(_, why)| *why), "{what}: {name} in {metrics}");
    }
}

#[test]
fn evaluate_says_what_is_not_defined_in_every_form_that_it_has() {
    let folder = Folder::trained();
    for (file, csv, undefined) in SETS {
        folder.write(file, csv);
        let evaluate = format!("evaluate --model model --data {file} --split all");
        let files = "--out out.json --reports reports --card card.md";
        let printed = folder.ok(&format!("{evaluate} {files}"));
        let metrics = folder.json(&format!("{evaluate} --json"));
        assert_undefined(&metrics, undefined, file);
        for written in ["out.json", "reports/metrics.json"] {
            assert_eq!(folder.read_json(written), metrics);
        }
        let card = folder.text("card.md");
        let (front, _) = card[4..].split_once("\n---\n").unwrap();
        for (name, why) in undefined {
            assert_says(&printed, &[&format!("not defined ({why})")]);
            assert_says(&card, &[&format!("Not defined, test: {name}, as {why}.")]);
        }
        let has = |name| undefined.iter().any(|(other, _)| *other == name);
        assert_eq!(front.contains("roc_auc"), !has("auc"), "{front}");
        assert_eq!(front.contains("type: f1"), !has("f1"), "{front}");
        for text in [&card, &printed] {
            assert!(!text.contains("NaN") && !text.contains("None"), "{text}");
        }
    }
}

#[test]
fn a_floor_on_a_metric_that_is_not_defined_is_not_reached_whatever_it_is() {
    let folder = Folder::trained();
    let none =
        "{accuracy: 0.0, precision: 0.0, recall: 0.0, f1: 0.0, auc: 0.0, log_loss: 99.0, ece: 1.0}";
    for floors in ["{}", none] {
        folder.write("gate.yaml", format!("promotion: {{min_reviews: 1, floors: {floors}}}\n"));
        for (file, csv, undefined) in SETS {
            folder.write(file, csv);
            let gate = "gate --candidate model --split all --params gate.yaml --json --data";
            let decision = folder.run(&format!("{gate} {file}"), b"").json(1);
            assert_undefined(&decision["candidate"]["metrics"], undefined, file);
            for reason in decision["reasons"].as_array().unwrap() {
                let check = reason["check"].as_str().unwrap();
                let name = check.strip_prefix("floors.").unwrap_or_default();
                let why = undefined.iter().find(|(other, _)| *other == name);
                assert_eq!(reason["value"].is_null(), why.is_some(), "{file}: {reason}");
                if let Some((_, why)) = why {
                    assert_eq!(reason["passed"], false, "{file}: {reason}");
                    let says = reason["says"].as_str().unwrap();
                    let is_missing = format!("{name} is not defined ({why}), at");
                    assert_says(says, &[&is_missing, "is asked for"]);
                }
            }
        }
    }
}

#[test]
fn a_kind_without_a_review_has_no_accuracy_and_is_not_compared() {
    let folder = Folder::trained();
    folder.write("params.yaml", "feature_engineering: {max_features: 100}\n");
    folder.ok("train --data reviews.csv --out other");
    let gate = "gate --candidate model --champion other --data reviews.csv --json";
    let decision = one_object(&folder.run(gate, b"").out);
    let mut n_empty = 0;
    for slice in decision["slices"].as_array().unwrap() {
        let is_empty = slice["n"] == 0;
        for member in ["candidate", "champion", "mcnemar"] {
            assert_eq!(slice[member].is_null(), is_empty, "{slice}");
        }
        assert_eq!(slice["undefined"] == "no review is of this kind", is_empty, "{slice}");
        let check = format!("slices.{}", slice["slice"].as_str().unwrap());
        let mut reasons = decision["reasons"].as_array().unwrap().iter();
        assert_eq!(reasons.any(|reason| reason["check"] == check), !is_empty, "{check}");
        n_empty += usize::from(is_empty);
    }
    assert!((1..9).contains(&n_empty), "{decision}");
}

#[test]
fn a_model_and_its_pointer_leave_out_what_its_training_does_not_define() {
    // Positive reviews are so rare, and their words so common, that none is called positive out of
    // fold.
    for every in [30, 50, 75] {
        let reviews = (0..300).map(|i| {
            let label = i % every == 0;
            let word = if label || i % 10 == 3 { "good" } else { "plain" };
            (format!("{word} scene"), label)
        });
        let corpus: Corpus = reviews.collect();
        let params = Params::from_yaml("", "params.yaml").unwrap();
        let trained = train(&corpus, &params, "test").unwrap();
        let model = Model::from_bytes(&trained.artifact).unwrap();
        let told = &model.parts().about["metrics"]["out_of_fold"];
        let undefined = [("precision", "no review is called positive")];
        assert_undefined(told, &undefined, "the model");
        let pointer = announce::pointer(&model, 1, "1".to_owned(), 0).unwrap();
        let names: Vec<&str> = pointer.metrics.keys().map(String::as_str).collect();
        let mut expected = NAMES.to_vec();
        expected.retain(|name| *name != "precision");
        expected.push("n");
        expected.sort_unstable();
        assert_eq!(names, expected);
    }
}
