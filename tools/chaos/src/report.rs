//! What was done, how long it took to go on, and what was counted.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use verdict_telemetry::output;

use crate::count::Counts;

/// The report of a run.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// Each kind of fault.
    pub faults: BTreeMap<String, Recovery>,
    /// Records that were sent.
    pub sent: u64,
    /// What stands in the topics at the end.
    pub counts: Counts,
    /// The reviews of which something is wrong.
    pub wrong: Vec<String>,
    /// How often members ended by themselves, by status.
    pub exits: BTreeMap<String, u32>,
    /// What did not come in good time; no fault is done after the first.
    pub stalled: Vec<String>,
    /// Length of the run, in seconds.
    pub seconds: f64,
    /// With no anomaly in so many faults, fewer than this part of them cause one, with 95 %
    /// confidence (rule of three).
    pub bound: f64,
}

/// The times until every partition had an outcome again, in seconds.
#[derive(Debug, Default, Serialize)]
pub struct Recovery {
    /// How often it was done.
    pub times: usize,
    /// Half of them took no longer.
    pub p50: f64,
    /// 95 % of them took no longer.
    pub p95: f64,
    /// The longest.
    pub max: f64,
    /// The longest time between two outcomes of one partition, in seconds.
    pub longest_gap: f64,
    #[serde(skip)]
    all: Vec<f64>,
}

/// Something did not come in good time.
#[derive(Debug)]
pub struct Stalled(pub String);

impl Report {
    /// Enters what did not come, if so.
    pub fn stalled(&mut self, found: Result<(), Stalled>) {
        if let Err(Stalled(what)) = found {
            output::note(format_args!("chaos: {what}"));
            self.stalled.push(what);
        }
    }

    /// Enters that a fault was over after `took`, and the longest time between two outcomes of one
    /// partition meanwhile.
    pub fn recovered(&mut self, fault: &str, took: Duration, gap: Duration) {
        let found = self.faults.entry(fault.to_owned()).or_default();
        found.all.push(took.as_secs_f64());
        found.all.sort_by(f64::total_cmp);
        let at = |part: f64| {
            let index = (found.all.len() as f64 * part).ceil() as usize;
            found.all[index.clamp(1, found.all.len()) - 1]
        };
        (found.p50, found.p95, found.max) = (at(0.5), at(0.95), at(1.0));
        found.longest_gap = found.longest_gap.max(gap.as_secs_f64());
        found.times = found.all.len();
    }

    /// Whether nothing is wrong.
    pub fn is_clean(&self) -> bool {
        self.stalled.is_empty() && self.counts.are_clean() && self.counts.reviews == self.sent
    }

    /// All faults of the run.
    pub fn n_faults(&self) -> usize {
        self.faults.values().map(|recovery| recovery.times).sum()
    }
}
