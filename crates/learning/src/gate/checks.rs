//! What is checked, and what is said of it.

use super::mcnemar::McNemar;
use super::measured::{Measured, SliceResult};
use super::slices::Slice;
use super::thresholds::Gate;
use crate::behaviour::Change;
use crate::corpus::Corpus;
use crate::metrics::Metrics;
use serde::Serialize;
use std::fmt;
use verdict_sentiment::Model;

/// One check.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reason {
    /// What was checked, such as `floors.accuracy` or `slices.short`.
    pub check: String,
    /// What was found; `None` where that is not defined on these reviews, and then `says` says why.
    pub value: Option<f64>,
    /// What it was held against.
    pub bound: Bound,
    /// Whether it holds.
    pub passed: bool,
    /// The same for a reader.
    pub says: String,
}

/// What a value is held against.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// It must not be less.
    AtLeast(f64),
    /// It must not be more.
    AtMost(f64),
}

impl Bound {
    fn holds(self, value: f64) -> bool {
        match self {
            Self::AtLeast(bound) => value >= bound,
            Self::AtMost(bound) => value <= bound,
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtLeast(bound) => write!(f, "at least {bound}"),
            Self::AtMost(bound) => write!(f, "at most {bound}"),
        }
    }
}

/// What the candidate loses of accuracy on `n` reviews; `None` where there is none. From counts: a
/// difference of two fractions has a rounding of its own, which would refuse a loss that is exactly
/// the bound.
fn accuracy_drop(test: &McNemar, n: usize) -> Option<f64> {
    (n > 0).then(|| (test.b as f64 - test.c as f64) / n as f64)
}

/// New failures of behavioural tests that a reason names.
const NAMED: usize = 3;

/// The checks that were made, in order.
#[derive(Default)]
pub(super) struct Checks {
    pub(super) reasons: Vec<Reason>,
}

impl Checks {
    /// A value that is not defined does not pass, whatever the bound: what was not measured was not
    /// reached.
    fn that(
        &mut self,
        check: impl Into<String>,
        value: impl Into<Option<f64>>,
        bound: Bound,
        says: String,
    ) {
        let value = value.into();
        self.reasons.push(Reason {
            check: check.into(),
            value,
            bound,
            passed: value.is_some_and(|value| bound.holds(value)),
            says,
        });
    }

    /// What a first model is held against as well.
    pub(super) fn by_itself(
        &mut self,
        model: &Model,
        metrics: &Metrics,
        reviews: &Corpus,
        gate: &Gate,
    ) {
        let n = reviews.len();
        let bound = Bound::AtLeast(gate.min_reviews as f64);
        self.that(
            "min_reviews",
            n as f64,
            bound,
            format!("{n} reviews were scored, {bound} are asked for"),
        );
        let positive = reviews.labels.iter().filter(|&&label| label).count();
        let classes = usize::from(positive > 0) + usize::from(positive < n);
        self.that(
            "both_classes",
            classes as f64,
            Bound::AtLeast(2.0),
            format!(
                "{positive} reviews are positive and {} negative; some of each are asked for",
                n - positive
            ),
        );
        if gate.require_converged {
            let converged = model.parts().about.pointer("/fit/converged");
            let converged = converged.and_then(serde_json::Value::as_bool) == Some(true);
            self.that(
                "require_converged",
                f64::from(u8::from(converged)),
                Bound::AtLeast(1.0),
                format!(
                    "the optimiser {} its tolerance",
                    if converged { "reached" } else { "is not known to have reached" }
                ),
            );
        }
        let floors = &gate.floors;
        for (name, value, bound) in [
            ("accuracy", metrics.accuracy, Bound::AtLeast(floors.accuracy)),
            ("precision", metrics.precision, Bound::AtLeast(floors.precision)),
            ("recall", metrics.recall, Bound::AtLeast(floors.recall)),
            ("f1", metrics.f1, Bound::AtLeast(floors.f1)),
            ("auc", metrics.auc, Bound::AtLeast(floors.auc)),
            ("log_loss", metrics.log_loss, Bound::AtMost(floors.log_loss)),
            ("ece", metrics.ece, Bound::AtMost(floors.ece)),
        ] {
            let says = format!("{name} is {}, {bound} is asked for", metrics.text(name));
            self.that(format!("floors.{name}"), value, bound, says);
        }
    }

    /// What is held against the champion.
    pub(super) fn against(
        &mut self,
        ours: &Measured,
        theirs: &Measured,
        test: &McNemar,
        gate: &Gate,
    ) {
        let differs = ours.sha256 != theirs.sha256;
        let says = if differs {
            "candidate and champion are two models".to_owned()
        } else {
            format!("nothing to promote: the candidate is the champion, SHA-256 {}", ours.sha256)
        };
        let value = f64::from(u8::from(differs));
        self.that("differs_from_champion", value, Bound::AtLeast(1.0), says);
        let McNemar { b, c, p } = *test;
        // One that is not worse cannot be significantly worse, however far apart the two are.
        let p_worse = if b > c { p } else { 1.0 };
        self.that(
            "mcnemar",
            p_worse,
            Bound::AtLeast(gate.alpha),
            format!("the candidate is wrong on {b} reviews that the champion gets right, and right on {c} that it gets wrong (McNemar p = {p:.3e})"),
        );
        let drop = accuracy_drop(test, ours.metrics.n);
        let bound = Bound::AtMost(gate.max_regression);
        self.that(
            "max_regression",
            drop,
            bound,
            format!(
                "accuracy goes from {} to {}; a loss of {bound} is tolerated",
                theirs.metrics.text("accuracy"),
                ours.metrics.text("accuracy")
            ),
        );
        let (before, after) = (theirs.metrics.log_loss, ours.metrics.log_loss);
        let rise = before.zip(after).map(|(before, after)| after - before);
        let bound = Bound::AtMost(gate.max_log_loss_rise);
        self.that(
            "max_log_loss_rise",
            rise,
            bound,
            format!(
                "log-loss goes from {} to {}; a rise of {bound} is tolerated",
                theirs.metrics.text("log_loss"),
                ours.metrics.text("log_loss")
            ),
        );
    }

    /// Each kind of review that there is, against the champion.
    pub(super) fn slices(&mut self, slices: &[SliceResult], gate: &Gate) {
        // Twelve tests find one "significant" loss by luck twelve times as often as one does.
        let alpha = gate.alpha / Slice::ALL.len() as f64;
        let bound = Bound::AtMost(gate.slice_max_drop);
        for result in slices {
            let (Some(champion), Some(candidate), Some(test)) =
                (result.champion, result.candidate, result.mcnemar)
            else {
                continue;
            };
            let drop = accuracy_drop(&test, result.n);
            let holds = drop.is_some_and(|drop| bound.holds(drop));
            let luck = !test.candidate_is_worse(alpha);
            self.reasons.push(Reason {
                check: format!("slices.{}", result.slice.name()),
                value: drop,
                bound,
                passed: holds || luck,
                says: format!(
                    "{} ({} reviews): accuracy goes from {:.4} to {:.4}; a loss of {bound} is tolerated{}",
                    result.slice.describe(),
                    result.n,
                    champion.value,
                    candidate.value,
                    if luck && !holds {
                        ", and this one may be luck"
                    } else {
                        ""
                    }
                ),
            });
        }
    }

    /// What the candidate does with texts that were written to test models, against the champion.
    pub(super) fn behaviour(&mut self, change: &Change, gate: &Gate) {
        let Change { suite, n_new_failures, n_new_passes, new_failures, .. } = change;
        let bound = Bound::AtMost(gate.behaviour.max_new_failures as f64);
        let first = new_failures.iter().take(NAMED).map(|failure| {
            let text = failure.candidate.first().map_or("", |answer| answer.text.as_str());
            format!("{:?} ({})", text, failure.capability)
        });
        let first = first.collect::<Vec<_>>().join(", ");
        self.that(
            "behaviour",
            *n_new_failures as f64,
            bound,
            format!(
                "of {} tests of the suite {suite} the candidate fails {n_new_failures} that the champion passes, {bound} are tolerated, and passes {n_new_passes} that it fails{}{first}",
                change.candidate.tests,
                if first.is_empty() { "" } else { "; the first are: " }
            ),
        );
    }
}
