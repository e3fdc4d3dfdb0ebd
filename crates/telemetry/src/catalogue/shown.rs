//! What is shown when somebody reads: kept as it was reported last. A gauge that is set once would
//! show its old series for ever; versions, partitions and models come and go.

use std::{collections::BTreeMap, sync::Arc};

use opentelemetry::KeyValue;

use crate::{
    cpu::CpuPrice,
    health::Health,
    labels::{DriftFeature, Promise, label},
};

/// Numbers, each with its labels.
pub(crate) type Series<N> = Vec<(N, Vec<KeyValue>)>;

#[derive(Debug, Default)]
pub(crate) struct Shown {
    pub(super) price: CpuPrice,
    pub(super) health: Health,
    pub(super) promise: Option<Promise>,
    pub(super) model: Option<ModelInfo>,
    // The part of errors that the model's decisions are to keep.
    pub(super) target_error: Option<f64>,
    pub(super) shadow: Option<ModelInfo>,
    pub(super) lag: BTreeMap<(Arc<str>, i32), u64>,
    pub(super) drift: Option<Drift>,
    pub(super) versions: Vec<LiveVersion>,
    // Verdicts without a label, labels without a verdict.
    pub(super) unmatched: Option<(u64, u64)>,
    pub(super) audit: Option<AuditFound>,
}

/// One series without labels, if there is a number.
pub(super) fn one<N>(number: impl Into<Option<N>>) -> Series<N> {
    number.into().into_iter().map(|number| (number, Vec::new())).collect()
}

/// Always 1, with what there is to know of the model as labels.
pub(super) fn info(model: &Option<ModelInfo>) -> Series<u64> {
    let labels = |model: &ModelInfo| {
        vec![
            label("name", model.name.clone()),
            label("version", model.version.clone()),
            label("sha256", model.sha256.clone()),
        ]
    };
    model.iter().map(|model| (1, labels(model))).collect()
}

/// Which model scores now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelInfo {
    /// The model's name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its artifact's sha256, in hexadecimal.
    pub sha256: String,
}

/// What the window of the last reviews shows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Drift {
    /// Reviews in it.
    pub reviews: u64,
    /// Part of their tokens that is unknown; `None` without a token.
    pub oov_ratio: Option<f64>,
    /// The stability index of each feature that has a reference; none without a review.
    pub psi: Vec<(DriftFeature, f64)>,
    /// Whether one is above the threshold; `None` where there is no reference.
    pub alarm: Option<bool>,
    /// The accuracy to expect of the reviews; `None` while it is withheld.
    pub expected: Option<ExpectedAccuracy>,
}

/// The accuracy to expect of reviews that nobody has labelled.
#[derive(Debug, Clone, PartialEq)]
pub struct ExpectedAccuracy {
    /// The model version that scored them.
    pub version: String,
    /// The accuracy.
    pub accuracy: Estimate,
    /// The least with which a model may serve.
    pub floor: f64,
}

/// An estimate and the bounds of its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The estimate itself.
    pub value: f64,
    /// Lower bound.
    pub lower: f64,
    /// Upper bound.
    pub upper: f64,
}

/// One tenth of a reliability curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LiveBin {
    /// Which tenth, 0 to 9; others are not shown.
    pub bin: usize,
    /// Mean P(positive) in it.
    pub predicted: f64,
    /// Fraction of positive labels in it.
    pub observed: f64,
}

/// How right one model version was.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveVersion {
    /// The version.
    pub version: String,
    /// Labelled reviews that it scored.
    pub labelled: u64,
    /// Fraction of its verdicts that is decided; none without a verdict.
    pub coverage: Option<Estimate>,
    /// Fraction of the labelled and decided ones that is wrong; none without one.
    pub decided_error: Option<Estimate>,
    /// Fraction that it called right; none without a labelled review, as for the next two.
    pub accuracy: Option<Estimate>,
    /// Mean squared distance of P(positive) from the label.
    pub brier: Option<Estimate>,
    /// Expected calibration error.
    pub ece: Option<f64>,
    /// The tenths that hold labelled reviews.
    pub calibration: Vec<LiveBin>,
}

/// What an audit found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AuditFound {
    /// Reviews looked at.
    pub reviews: u64,
    /// Reviews without any outcome.
    pub missing: u64,
    /// Reviews with more than one verdict, or more than one dead letter.
    pub duplicated: u64,
    /// Reviews with a verdict and a dead letter.
    pub both: u64,
    /// Outcomes of reviews that do not exist.
    pub phantom: u64,
    /// When it ended, in seconds since 1970.
    pub at_unix_s: u64,
}
