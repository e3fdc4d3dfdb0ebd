//! The model card: what a model is, what it was made from and how well it does, written from the
//! model itself.

use crate::behaviour;
use crate::report::length::{LengthRow, by_length};
use crate::report::terms::{Term, strongest};
use askama::Template;
use serde_json::Value;
use verdict_learning::behaviour::Behaviour;
use verdict_learning::measures::Measures;
use verdict_learning::metrics::{Metrics, shown};
use verdict_sentiment::{Calibration, Identity, Model, NgramRange};

/// Terms listed for each side.
const TERMS: usize = 12;

/// Renders the card as Markdown with the metadata block of a Hugging Face model card.
///
/// `test` are the measures on reviews that the model has not seen, whose hash is `test_sha256`. What
/// the model does on the default suite of behavioural tests is found out here.
///
/// # Errors
/// None that is known: a test reads that suite.
pub fn render(model: &Model, test: &Measures, test_sha256: &str) -> anyhow::Result<String> {
    let parts = model.parts();
    let fold = parts.about.pointer("/metrics/out_of_fold").cloned().unwrap_or_default();
    let card = Card {
        model,
        identity: model.identity(),
        range: parts.vectorizer.options().ngram_range,
        calibration: parts.calibration,
        test: &test.metrics,
        lengths: by_length(test).collect(),
        test_sha256,
        fold: serde_json::from_value(fold).unwrap_or_default(),
        behaviour: behaviour::read(behaviour::DEFAULT)?.run(model),
    };
    Ok(card.to_string())
}

/// `templates/model_card.md`.
#[derive(Template)]
#[template(path = "model_card.md")]
struct Card<'a> {
    model: &'a Model,
    identity: &'a Identity,
    range: NgramRange,
    calibration: Calibration,
    test: &'a Metrics,
    lengths: Vec<LengthRow>,
    test_sha256: &'a str,
    fold: Option<Metrics>,
    behaviour: Behaviour,
}

impl Card<'_> {
    fn about(&self, pointer: &str) -> Value {
        self.model.parts().about.pointer(pointer).cloned().unwrap_or_default()
    }

    fn params(&self) -> String {
        serde_json::to_string_pretty(&self.about("/params")).unwrap_or_default()
    }

    /// The metrics that Hugging Face lists, by its names.
    fn indexed(&self) -> impl Iterator<Item = (&'static str, f64)> {
        let Metrics { accuracy, f1, auc, .. } = *self.test;
        let all = [("accuracy", accuracy), ("f1", f1), ("roc_auc", auc)].into_iter();
        all.filter_map(|(name, value)| Some((name, value?)))
    }

    /// Title of each metric, on the test reviews and out of fold.
    fn rows(&self) -> Vec<(&'static str, String, String)> {
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
        let fold = self.fold.map_or([None; 8], |fold| fold.named().map(|(_, value)| value));
        let metrics = titles.into_iter().zip(self.test.named()).zip(fold);
        let n = self.fold.map_or_else(|| "–".to_owned(), |fold| fold.n.to_string());
        metrics
            .map(|((title, (_, test)), fold)| (title, shown(test), shown(fold)))
            .chain([("Reviews", self.test.n.to_string(), n)])
            .collect()
    }

    /// On which reviews which metric is not defined, and why.
    fn undefined(&self) -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
        let fold = self.fold.map(|fold| fold.undefined()).unwrap_or_default();
        let of = |reviews, undefined: std::collections::BTreeMap<_, _>| {
            undefined.into_iter().map(move |(name, why)| (reviews, name, why))
        };
        of("test", self.test.undefined()).chain(of("out of fold", fold))
    }

    fn terms(&self) -> impl Iterator<Item = (Term, Term)> {
        let (positive, negative) = strongest(self.model, TERMS);
        positive.into_iter().zip(negative)
    }
}
