//! What an audit found.

use serde_json::{Value, json};

/// What an audit found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Reviews that were there when the audit began and whose outcomes have not been deleted.
    pub reviews: u64,
    /// Verdicts read, of these reviews or not.
    pub verdicts: u64,
    /// Dead letters read, of these reviews or not.
    pub dead_letters: u64,
    /// Reviews that were dead letters and came back: each is a review of its own.
    pub redriven: u64,
    /// Redriven reviews that have a verdict now.
    pub redriven_to_verdict: u64,
    /// Reviews without any outcome.
    pub missing: Finding,
    /// Reviews with more than one verdict, or more than one dead letter.
    pub duplicated: Finding,
    /// Reviews with a verdict and a dead letter.
    pub both: Finding,
    /// Outcomes of reviews that do not exist, and records in the topics of outcomes that are none.
    pub phantom: Finding,
}

/// How many there are of one kind, and where the first of them are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Finding {
    /// How many.
    pub count: u64,
    /// The first of them, as `topic-partition-offset` of the review (of the record itself where it
    /// names none).
    pub first: Vec<String>,
}

impl Finding {
    /// Counts one more, and keeps where it is for the first `show`.
    pub(super) fn add(&mut self, position: impl ToString, show: usize) {
        self.count += 1;
        if self.first.len() < show {
            self.first.push(position.to_string());
        }
    }
}

impl Report {
    /// Whether every review has exactly one outcome, or at least one where duplicates are accepted.
    #[must_use]
    pub fn ok(&self, allow_duplicates: bool) -> bool {
        let faults = self.missing.count + self.both.count + self.phantom.count;
        faults == 0 && (allow_duplicates || self.duplicated.count == 0)
    }

    fn findings(&self) -> [(&'static str, &Finding); 4] {
        [
            ("missing", &self.missing),
            ("duplicated", &self.duplicated),
            ("both", &self.both),
            ("phantom", &self.phantom),
        ]
    }

    /// The report as one JSON object: the numbers side by side, and the positions of each finding
    /// under `first`.
    #[must_use]
    pub fn json(&self, allow_duplicates: bool) -> Value {
        let Self { missing, duplicated, both, phantom, .. } = self;
        json!({
            "reviews": self.reviews,
            "verdicts": self.verdicts,
            "dead_letters": self.dead_letters,
            "redriven": self.redriven,
            "redriven_to_verdict": self.redriven_to_verdict,
            "missing": missing.count,
            "duplicated": duplicated.count,
            "both": both.count,
            "phantom": phantom.count,
            "first": {
                "missing": missing.first,
                "duplicated": duplicated.first,
                "both": both.first,
                "phantom": phantom.first,
            },
            "ok": self.ok(allow_duplicates),
        })
    }

    /// The report for people.
    #[must_use]
    pub fn text(&self, allow_duplicates: bool) -> String {
        let Self { reviews, verdicts, dead_letters, .. } = self;
        let mut head =
            format!("{reviews} reviews, {verdicts} verdicts, {dead_letters} dead letters\n");
        if self.redriven > 0 {
            let Self { redriven, redriven_to_verdict, .. } = self;
            head +=
                &format!("redriven   {redriven}, of which {redriven_to_verdict} have verdicts\n");
        }
        let lines = self.findings().map(|(name, finding)| match finding.first.as_slice() {
            [] => format!("{name:<10} {}\n", finding.count),
            first => format!("{name:<10} {}: {}\n", finding.count, first.join(" ")),
        });
        head + &lines.concat() + if self.ok(allow_duplicates) { "ok" } else { "NOT ok" }
    }
}
