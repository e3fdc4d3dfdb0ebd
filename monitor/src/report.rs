//! What the monitor reports: as JSON, as text, and as metrics.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};
use verdict_learning::estimate::Estimate;
use verdict_telemetry::{LiveBin, LiveVersion, Metrics};

use crate::{
    join::{Forgotten, Join},
    tally::{CurveBin, Tally},
};

/// How right the verdicts were, and what of them is remembered.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveReport {
    /// How right each version was, those that scored last first.
    pub versions: Vec<(String, Tally)>,
    /// Verdicts read.
    pub verdicts: u64,
    /// Labels read, tombstones among them.
    pub labels: u64,
    /// Records that are no verdict or no label.
    pub unreadable: u64,
    /// Verdicts that wait for a label.
    pub waiting_verdicts: u64,
    /// Labels that wait for a verdict.
    pub waiting_labels: u64,
    /// What was forgotten to stay within bounds.
    pub forgotten: Forgotten,
}

impl LiveReport {
    pub(super) fn of(join: &Join, verdicts: u64, labels: u64, unreadable: u64) -> Self {
        let versions = join.versions().into_iter();
        let versions = versions.map(|(version, tally)| (version.to_owned(), tally.clone()));
        Self {
            versions: versions.collect(),
            verdicts,
            labels,
            unreadable,
            waiting_verdicts: join.waiting_verdicts() as u64,
            waiting_labels: join.waiting_labels() as u64,
            forgotten: join.forgotten(),
        }
    }

    /// The report as one JSON object. What is not defined is `null`, and `undefined` says why.
    #[must_use]
    pub fn json(&self) -> Value {
        let versions = self.versions.iter().map(version_json);
        json!({
            "versions": versions.collect::<Vec<_>>(),
            "verdicts": self.verdicts,
            "labels": self.labels,
            "unreadable": self.unreadable,
            "unmatched": { "verdict": self.waiting_verdicts, "label": self.waiting_labels },
            "forgotten": {
                "verdict": self.forgotten.verdicts,
                "label": self.forgotten.labels,
                "labelled": self.forgotten.labelled,
            },
        })
    }

    /// The report for people.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!(
            "{} verdicts, {} labels; {} verdicts wait for a label, {} labels for a verdict\n",
            self.verdicts, self.labels, self.waiting_verdicts, self.waiting_labels
        );
        for (version, tally) in &self.versions {
            let of = |name: &str, estimate: Option<Estimate>| {
                estimate.map(|Estimate { value, low, high }| {
                    format!("{name} {value:.4} ({low:.4} to {high:.4})")
                })
            };
            let labelled = match tally.n() {
                0 => "nothing labelled".to_owned(),
                n => format!("{n} labelled"),
            };
            let parts = [
                of("decided", tally.coverage()),
                Some(labelled),
                of("accuracy", tally.accuracy()),
                of("errors among the decided", tally.decided_error()),
                of("Brier score", tally.brier()),
                tally.ece().map(|ece| format!("calibration error {ece:.4}")),
            ];
            let parts: Vec<String> = parts.into_iter().flatten().collect();
            // Writing to a String cannot fail.
            let _infallible = writeln!(text, "{version}: {}", parts.join(", "));
        }
        text
    }

    /// Sets the gauges.
    pub fn publish(&self, metrics: &Metrics) {
        metrics.set_live(self.versions.iter().map(live).collect());
        metrics.set_live_unmatched(self.waiting_verdicts, self.waiting_labels);
    }
}

fn version_json((version, tally): &(String, Tally)) -> Value {
    let estimate = |estimate: Option<Estimate>| {
        estimate.map(|it| json!({ "estimate": it.value, "lower": it.low, "upper": it.high }))
    };
    let curve = tally.curve().into_iter().map(|bin| {
        json!({ "bin": bin.bin, "n": bin.n, "predicted": bin.predicted, "observed": bin.observed })
    });
    let mut json = json!({
        "version": version,
        "verdicts": tally.verdicts(),
        "decided": tally.decided(),
        "coverage": estimate(tally.coverage()),
        "decided_error": estimate(tally.decided_error()),
        "labelled": tally.n(),
        "right": tally.right(),
        "accuracy": estimate(tally.accuracy()),
        "brier": estimate(tally.brier()),
        "ece": tally.ece(),
        "calibration": curve.collect::<Vec<_>>(),
    });
    let unlabelled = "no review of this version is labelled";
    let undecided = match tally.n() {
        0 => unlabelled,
        _ => "no labelled review of this version is decided",
    };
    let why = [
        ("coverage", "no verdict of this version is remembered"),
        ("decided_error", undecided),
        ("accuracy", unlabelled),
        ("brier", unlabelled),
        ("ece", unlabelled),
    ];
    let is_undefined = |(name, _): &(&str, &str)| json.get(name).is_none_or(Value::is_null);
    let undefined: Map<String, Value> = why
        .into_iter()
        .filter(is_undefined)
        .map(|(name, why)| (name.to_owned(), why.into()))
        .collect();
    if let Some(members) = json.as_object_mut()
        && !undefined.is_empty()
    {
        members.insert("undefined".to_owned(), undefined.into());
    }
    json
}

fn live((version, tally): &(String, Tally)) -> LiveVersion {
    let estimate = |it: Estimate| verdict_telemetry::Estimate {
        value: it.value,
        lower: it.low,
        upper: it.high,
    };
    let curve = tally
        .curve()
        .into_iter()
        .map(|CurveBin { bin, predicted, observed, .. }| LiveBin { bin, predicted, observed });
    LiveVersion {
        version: version.clone(),
        labelled: tally.n(),
        coverage: tally.coverage().map(estimate),
        decided_error: tally.decided_error().map(estimate),
        accuracy: tally.accuracy().map(estimate),
        brier: tally.brier().map(estimate),
        ece: tally.ece(),
        calibration: curve.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::join::{Labelled, PartitionOffset, Scored};

    #[test]
    fn what_a_version_does_not_define_is_null_says_why_and_has_no_series() {
        let mut join = Join::new(10);
        let at = PartitionOffset { partition: 0, offset: 7 };
        // Version 1 is labelled and decided, 2 has no label, 3 is labelled and unsure.
        for (id, version, is_decided) in [("a", "1", true), ("b", "2", true), ("c", "3", false)] {
            let probability = 0.75;
            join.verdict(&Scored {
                id,
                version,
                probability,
                is_decided,
                source: at,
                written_ms: 0,
            });
        }
        for id in ["a", "c"] {
            join.label(&Labelled { id, is_positive: Some(true), position: at });
        }
        let report = LiveReport::of(&join, 3, 2, 0);
        let json = report.json();
        let versions = json["versions"].as_array().unwrap();
        for (version, defined) in versions.iter().rev().zip([
            &["coverage", "decided_error", "accuracy", "brier", "ece"][..],
            &["coverage"],
            &["coverage", "accuracy", "brier", "ece"],
        ]) {
            for name in ["coverage", "decided_error", "accuracy", "brier", "ece"] {
                let is_defined = defined.contains(&name);
                assert_eq!(version[name].is_null(), !is_defined, "{name}: {version}");
                assert_eq!(version["undefined"][name].is_string(), !is_defined, "{name}");
            }
            assert_eq!(version.get("undefined").is_none(), defined.len() == 5);
        }
        let text = report.text();
        assert!(
            text.contains("\n2: decided 1.0000 (0.2065 to 1.0000), nothing labelled\n"),
            "{text}"
        );
        assert!(text.contains("\n3: decided 0.0000 (0.0000 to 0.7935), 1 labelled, acc"), "{text}");
        for version in report.versions.iter().map(live).filter(|version| version.labelled == 0) {
            assert_eq!((version.accuracy, version.brier, version.ece), (None, None, None));
            assert_eq!(version.decided_error, None);
            assert!(version.calibration.is_empty());
        }
    }
}
