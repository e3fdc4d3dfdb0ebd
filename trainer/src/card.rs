//! The model card: what a model is, what it was made from and how well it does, written from the model itself.

use serde_json::Value;
use std::fmt::Write as _;
use verdict_learning::metrics::{Measures, Metrics, shown};
use verdict_sentiment::Model;

/// Terms listed for each side.
const TERMS: usize = 12;

/// Renders the card as Markdown with the metadata block of a Hugging Face model card.
///
/// `test` are the measures on reviews that the model has not seen, whose hash is `test_sha256`.
#[must_use]
pub fn render(model: &Model, test: &Measures, test_sha256: &str) -> String {
    let mut card = String::new();
    // Writing to a string cannot fail.
    let _infallible = write_card(&mut card, model, test, test_sha256);
    card
}

fn write_card(
    out: &mut String,
    model: &Model,
    measures: &Measures,
    test_sha256: &str,
) -> std::fmt::Result {
    let test = &measures.metrics;
    let (identity, parts) = (model.identity(), model.parts());
    let about = |pointer: &str| parts.about.pointer(pointer).cloned().unwrap_or(Value::Null);
    writeln!(
        out,
        "---\nlanguage: en\nlicense: mit\nlibrary_name: verdict\npipeline_tag: text-classification"
    )?;
    writeln!(
        out,
        "tags: [sentiment-analysis, tf-idf, logistic-regression]\ndatasets: [imdb]\nmodel-index:"
    )?;
    writeln!(out, "  - name: {}\n    results:", identity.name)?;
    writeln!(out, "      - task: {{ type: text-classification, name: Sentiment analysis }}")?;
    writeln!(out, "        dataset: {{ type: imdb, name: IMDB, split: test }}\n        metrics:")?;
    for (name, value) in [("accuracy", test.accuracy), ("f1", test.f1), ("roc_auc", test.auc)] {
        if let Some(value) = value {
            writeln!(out, "          - {{ type: {name}, value: {value:.4} }}")?;
        }
    }
    writeln!(out, "---\n\n# Model card: {} {}\n", identity.name, identity.version)?;
    let range = parts.vectorizer.options().ngram_range;
    writeln!(
        out,
        "Says whether an English review is positive or negative: TF-IDF of {} {}- to {}-grams and a logistic regression,\n\
         its probability calibrated (Platt) on out-of-fold scores. Written by `trainer evaluate --card` from the model file.\n",
        model.n_terms(),
        range.min(),
        range.max()
    )?;
    writeln!(out, "| | |\n|---|---|\n| SHA-256 | `{}` |", identity.sha256)?;
    writeln!(
        out,
        "| Training reviews | {} ({} positive) |",
        about("/data/n_reviews"),
        about("/data/n_positive")
    )?;
    writeln!(
        out,
        "| SHA-256 of the training reviews | `{}` |",
        about("/data/sha256").as_str().unwrap_or_default()
    )?;
    writeln!(out, "| SHA-256 of the test reviews | `{test_sha256}` |")?;
    let calibration = parts.calibration;
    writeln!(
        out,
        "| Calibration | sigmoid({:.4} · score {:+.4}) |",
        calibration.slope, calibration.offset
    )?;
    writeln!(
        out,
        "| Converged | {} after {} iterations |\n",
        about("/fit/converged"),
        about("/fit/iterations")
    )?;

    writeln!(out, "## Metrics\n\n| | test | out of fold |\n|---|---|---|")?;
    let fold: Option<Metrics> =
        serde_json::from_value(about("/metrics/out_of_fold")).unwrap_or_default();
    let titles = [
        "Accuracy",
        "Precision",
        "Recall",
        "F1",
        "AUC",
        "Log-loss",
        "Brier score",
        "Calibration error (15 bins)",
    ];
    for (i, (title, (_, value))) in titles.iter().zip(test.named()).enumerate() {
        let fold = fold.and_then(|fold| fold.named()[i].1);
        writeln!(out, "| {title} | {} | {} |", shown(value), shown(fold))?;
    }
    let n = fold.map_or_else(|| "–".to_owned(), |fold| fold.n.to_string());
    writeln!(out, "| Reviews | {} | {n} |\n", test.n)?;
    let of_fold = fold.map(|fold| fold.undefined()).unwrap_or_default();
    for (reviews, undefined) in [("test", test.undefined()), ("out of fold", of_fold)] {
        for (name, why) in undefined {
            writeln!(out, "Not defined, {reviews}: {name}, as {why}.\n")?;
        }
    }

    writeln!(
        out,
        "## Parameters\n\n```json\n{}\n```\n",
        serde_json::to_string_pretty(&about("/params")).unwrap_or_default()
    )?;
    let mut terms: Vec<(&str, f32)> =
        parts.vectorizer.vocabulary().terms().zip(parts.weights.iter().copied()).collect();
    terms.sort_by(|(a, x), (b, y)| y.total_cmp(x).then_with(|| a.cmp(b)));
    writeln!(
        out,
        "## Strongest terms\n\n| positive | weight | negative | weight |\n|---|---|---|---|"
    )?;
    for ((positive, p), (negative, n)) in terms.iter().zip(terms.iter().rev()).take(TERMS) {
        writeln!(out, "| {positive} | {p:+.2} | {negative} | {n:+.2} |")?;
    }
    writeln!(
        out,
        "\n## Limits\n\nTrained on film reviews in English, at most 30 of a film, of which the lukewarm ones (5 and 6 of 10 stars) were left\n\
         out: on other kinds of text, other languages, and reviews that are neither good nor bad, expect less than the numbers\n\
         above. Irony and comparisons (“better than the awful original”) are read word by word. Do not use it to judge people.\n\n\
         Data: Maas et al., *Learning Word Vectors for Sentiment Analysis*, ACL 2011."
    )
}
