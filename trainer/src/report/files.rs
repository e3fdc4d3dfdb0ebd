//! The files of a report: their places and texts.

use super::charts::{self, standalone};
use super::curves::{MAX_POINTS, confusion_rows, thin};
use super::evaluation::Evaluation;
use super::html;
use crate::disk;
use serde_json::json;
use std::path::Path;
use verdict_learning::corpus::Corpus;
use verdict_learning::measures::Measures;
use verdict_sentiment::Model;

/// A file of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Below the directory of the reports, with `/`.
    pub path: &'static str,
    /// All of it.
    pub text: String,
}

/// Every file of the report of an evaluation; the same bytes for the same model and reviews.
///
/// | file | holds |
/// |---|---|
/// | `metrics.json` | [`verdict_learning::measures::Measures`], for `dvc metrics`, which passes over what is null |
/// | `plots/roc.json`, `plots/precision_recall.json` | points of the curves under a key of the file's name, thinned to [`MAX_POINTS`] |
/// | `plots/calibration.json` | `predicted`, `actual`, `n` of each bin |
/// | `plots/confusion.csv` | `actual,predicted`, a row for each review |
/// | `plots/terms.json` | `term`, `weight`, `side` |
/// | `plots/*.svg` | the six pictures |
/// | `report.html` | all of it, with sentences of the reviews |
///
/// # Errors
/// None in practice.
pub fn render(evaluation: &Evaluation<'_>) -> serde_json::Result<Vec<File>> {
    let roc = thin(&evaluation.roc, MAX_POINTS, |point| (point.fpr, point.tpr));
    let precision_recall =
        thin(&evaluation.precision_recall, MAX_POINTS, |point| (point.recall, point.precision));
    let terms: Vec<_> =
        evaluation.positive_terms.iter().chain(&evaluation.negative_terms).collect();
    let json =
        |value: serde_json::Value| Ok(format!("{}\n", serde_json::to_string_pretty(&value)?));
    let file = |path, text| File { path, text };
    Ok(vec![
        file("metrics.json", format!("{}\n", serde_json::to_string_pretty(&evaluation.measures)?)),
        file("plots/roc.json", json(json!({ "roc": roc }))?),
        file("plots/precision_recall.json", json(json!({ "precision_recall": precision_recall }))?),
        file("plots/calibration.json", json(json!({ "calibration": evaluation.calibration }))?),
        file("plots/confusion.csv", confusion_csv(evaluation)),
        file("plots/terms.json", json(json!({ "terms": terms }))?),
        file("plots/length.svg", standalone(&charts::length(evaluation))),
        file("plots/roc.svg", standalone(&charts::roc(evaluation))),
        file("plots/precision_recall.svg", standalone(&charts::precision_recall(evaluation))),
        file("plots/calibration.svg", standalone(&charts::reliability(evaluation))),
        file("plots/confusion.svg", standalone(&charts::confusion(evaluation))),
        file("plots/terms.svg", standalone(&charts::terms(evaluation))),
        file("report.html", html::page(evaluation)),
    ])
}

/// Measures a model and writes every file of its report into a directory.
///
/// # Errors
/// Where a file cannot be written.
pub(crate) fn write(directory: &Path, model: &Model, reviews: &Corpus) -> anyhow::Result<Measures> {
    let evaluation = Evaluation::new(model, reviews);
    for file in render(&evaluation)? {
        disk::write(&directory.join(file.path), &file.text)?;
    }
    Ok(evaluation.measures)
}

fn confusion_csv(evaluation: &Evaluation<'_>) -> String {
    let header = "actual,predicted\n".to_owned();
    confusion_rows(&evaluation.probabilities, evaluation.labels)
        .fold(header, |csv, (actual, predicted)| csv + actual + "," + predicted + "\n")
}
