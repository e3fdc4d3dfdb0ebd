//! How right the verdicts were, and whether all are there.

use super::{
    declare::*,
    shown::{AuditFound, Estimate, LiveVersion},
};

const TENTHS: [&str; 10] = ["0.0", "0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7", "0.8", "0.9"];

instruments! { monitor;
    /// Reviews that this model version scored and that have a label
    Gauge<u64> "verdict.live.labelled" as "verdict_live_labelled" in "{review}", by &[Monitor],
        shows |shown| shown.versions.iter().map(|it| (it.labelled, vec![version(it)])).collect(),
        labels ["version"];

    /// Fraction of the labelled reviews that the version called right, with the bounds of Wilson's
    /// 95 % interval
    Gauge<f64> "verdict.live.accuracy" as "verdict_live_accuracy" in "", by &[Monitor],
        shows |shown| estimates(shown, |it| it.accuracy), labels ["version", "bound"];

    /// Fraction of the version's verdicts that is decided, not unsure, with the bounds of its 95 %
    /// interval
    Gauge<f64> "verdict.live.coverage" as "verdict_live_coverage" in "", by &[Monitor],
        shows |shown| estimates(shown, |it| it.coverage), labels ["version", "bound"];

    /// Fraction of the labelled and decided reviews that the version called wrong, with the bounds of
    /// its 95 % interval; the target stands in verdict_decision_target_error
    Gauge<f64> "verdict.live.decided.error" as "verdict_live_decided_error" in "", by &[Monitor],
        shows |shown| estimates(shown, |it| it.decided_error), labels ["version", "bound"];

    /// Mean squared distance of P(positive) from the label, with the bounds of its 95 % interval
    Gauge<f64> "verdict.live.brier" as "verdict_live_brier" in "", by &[Monitor],
        shows |shown| estimates(shown, |it| it.brier), labels ["version", "bound"];

    /// Expected calibration error over the labelled reviews, in the 15 bins of `trainer evaluate`
    Gauge<f64> "verdict.live.ece" as "verdict_live_ece" in "", by &[Monitor],
        shows |shown| {
            let versions = shown.versions.iter();
            versions.filter_map(|it| Some((it.ece?, vec![version(it)]))).collect()
        },
        labels ["version"];

    /// Reliability curve: mean P(positive) and fraction of positive labels in each tenth that holds
    /// labelled reviews
    Gauge<f64> "verdict.live.calibration" as "verdict_live_calibration" in "", by &[Monitor],
        shows |shown| shown.versions.iter().flat_map(calibration).collect(),
        labels ["version", "bin", "of"];

    /// What is remembered and waits for its other half: verdicts without a label, labels without a
    /// verdict
    Gauge<u64> "verdict.live.unmatched" as "verdict_live_unmatched" in "{record}", by &[Monitor],
        shows |shown| {
            let Some((verdicts, labels)) = shown.unmatched else { return Vec::new() };
            vec![(verdicts, vec![label("what", "verdict")]), (labels, vec![label("what", "label")])]
        },
        labels ["what"];

    /// What the last audit found among the reviews before the group's positions; 0 of each but
    /// duplicates is the promise
    Gauge<u64> "verdict.audit.findings" as "verdict_audit_findings" in "{review}", by &[Monitor],
        shows |shown| shown.audit.iter().flat_map(findings).collect(), labels ["finding"];

    /// Reviews that the last audit looked at
    Gauge<u64> "verdict.audit.reviews" as "verdict_audit_reviews" in "{review}", by &[Monitor],
        shows |shown| one(shown.audit.map(|audit| audit.reviews));

    /// When the last audit ended, as Unix time
    Gauge<u64> "verdict.audit.time" as "verdict_audit_time_seconds" in "s", by &[Monitor],
        shows |shown| one(shown.audit.map(|audit| audit.at_unix_s));
}

fn version(of: &LiveVersion) -> opentelemetry::KeyValue {
    label("version", of.version.clone())
}

fn estimates(shown: &Shown, of: fn(&LiveVersion) -> Option<Estimate>) -> Series<f64> {
    let versions = shown.versions.iter().filter_map(|it| Some((it, of(it)?)));
    let bounds = versions.flat_map(|(it, Estimate { value, lower, upper })| {
        [("estimate", value), ("lower", lower), ("upper", upper)]
            .map(|(bound, value)| (value, vec![version(it), label("bound", bound)]))
    });
    bounds.collect()
}

fn calibration(of: &LiveVersion) -> Series<f64> {
    let bins = of.calibration.iter().filter_map(|bin| Some((bin, *TENTHS.get(bin.bin)?)));
    let values = bins.flat_map(|(bin, tenth)| {
        [("predicted", bin.predicted), ("observed", bin.observed)]
            .map(|(what, value)| (value, vec![version(of), label("bin", tenth), label("of", what)]))
    });
    values.collect()
}

fn findings(audit: &AuditFound) -> [(u64, Vec<opentelemetry::KeyValue>); 4] {
    let AuditFound { missing, duplicated, both, phantom, .. } = *audit;
    [("missing", missing), ("duplicated", duplicated), ("both", both), ("phantom", phantom)]
        .map(|(finding, n)| (n, vec![label("finding", finding)]))
}

impl Metrics {
    /// How right each version was. Versions that are not listed lose their series.
    pub fn set_live(&self, versions: Vec<LiveVersion>) {
        self.shown().versions = versions;
    }

    /// So many verdicts wait for a label, and so many labels for a verdict.
    pub fn set_live_unmatched(&self, verdicts: u64, labels: u64) {
        self.shown().unmatched = Some((verdicts, labels));
    }

    /// What the last audit found.
    pub fn set_audit(&self, found: AuditFound) {
        self.shown().audit = Some(found);
    }
}
