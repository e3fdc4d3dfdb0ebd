//! What the monitor reports: as JSON, as text, and as metrics.

use std::fmt::Write as _;

use serde_json::json;
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
    pub fn json(&self) -> serde_json::Value {
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
            // Writing to a String cannot fail.
            let _infallible = match (tally.accuracy(), tally.brier(), tally.ece()) {
                (Some(accuracy), Some(brier), Some(ece)) => writeln!(
                    text,
                    "{version}: {} labelled, accuracy {:.4} ({:.4} to {:.4}), Brier score {:.4} ({:.4} to {:.4}), calibration error {ece:.4}",
                    tally.n(),
                    accuracy.value,
                    accuracy.low,
                    accuracy.high,
                    brier.value,
                    brier.low,
                    brier.high,
                ),
                _ => writeln!(text, "{version}: nothing labelled"),
            };
        }
        text
    }

    /// Sets the gauges.
    pub fn publish(&self, metrics: &Metrics) {
        metrics.set_live(self.versions.iter().map(live).collect());
        metrics.set_live_unmatched(self.waiting_verdicts, self.waiting_labels);
    }
}

fn version_json((version, tally): &(String, Tally)) -> serde_json::Value {
    let estimate = |estimate: Option<Estimate>| {
        estimate.map(|it| json!({ "estimate": it.value, "lower": it.low, "upper": it.high }))
    };
    let curve = tally.curve().into_iter().map(|bin| {
        json!({ "bin": bin.bin, "n": bin.n, "predicted": bin.predicted, "observed": bin.observed })
    });
    let mut json = json!({
        "version": version,
        "labelled": tally.n(),
        "right": tally.right(),
        "accuracy": estimate(tally.accuracy()),
        "brier": estimate(tally.brier()),
        "ece": tally.ece(),
        "calibration": curve.collect::<Vec<_>>(),
    });
    if tally.n() == 0
        && let Some(members) = json.as_object_mut()
    {
        let why = "no review of this version is labelled";
        let undefined = json!({ "accuracy": why, "brier": why, "ece": why });
        members.insert("undefined".to_owned(), undefined);
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
    fn a_version_without_a_label_has_nulls_that_say_why_and_no_series() {
        let mut join = Join::new(10);
        let at = PartitionOffset { partition: 0, offset: 7 };
        for (id, version) in [("a", "1"), ("b", "2")] {
            join.verdict(&Scored { id, version, probability: 0.75, source: at, written_ms: 0 });
        }
        join.label(&Labelled { id: "a", is_positive: Some(true), position: at });
        let report = LiveReport::of(&join, 2, 1, 0);
        let json = report.json();
        for version in json["versions"].as_array().unwrap() {
            let is_labelled = version["version"] == "1";
            for name in ["accuracy", "brier", "ece"] {
                assert_eq!(version[name].is_null(), !is_labelled, "{version}");
                assert_eq!(version["undefined"][name].is_string(), !is_labelled);
            }
            assert_eq!(version.get("undefined").is_some(), !is_labelled);
        }
        assert!(report.text().contains("2: nothing labelled"));
        let live = report.versions.iter().map(live);
        for version in live.filter(|version| version.labelled == 0) {
            assert_eq!((version.accuracy, version.brier, version.ece), (None, None, None));
            assert!(version.calibration.is_empty());
        }
    }
}
