//! Which reviews there are, and which outcomes each has. Pure; one byte a review.

use std::collections::BTreeMap;

use verdict_messages::OffsetRange;

use super::report::Report;

/// The review was a dead letter that was redriven.
const REDRIVEN: u8 = 0b10_0000;
/// The review is there. Below it, two bits count verdicts and two count dead letters, each up to 3.
const PRESENT: u8 = 0b1_0000;
const VERDICT: u8 = 0b0_0001;
const DEAD_LETTER: u8 = 0b0_0100;
const COUNT: u8 = 0b11;

/// The reviews of an audit and their outcomes.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    partitions: BTreeMap<i32, Partition>,
    /// Outcomes of partitions that do not exist.
    elsewhere: Vec<(i32, i64)>,
}

#[derive(Debug)]
struct Partition {
    from: i64,
    /// Where judging begins.
    begin: i64,
    /// One for each offset of the range.
    offsets: Vec<u8>,
    /// Outcomes of offsets that hold no review, by order of reading.
    phantoms: Vec<i64>,
}

impl Ledger {
    /// Opens the ledger for the reviews within `ranges`.
    pub(super) fn open(ranges: &[OffsetRange]) -> Self {
        let partitions = ranges.iter().map(|range| {
            let length = usize::try_from(range.len()).unwrap_or(usize::MAX);
            let partition = Partition {
                from: range.from,
                begin: range.from,
                offsets: vec![0; length],
                phantoms: Vec::new(),
            };
            (range.partition, partition)
        });
        Self { partitions: partitions.collect(), elsewhere: Vec::new() }
    }

    /// Enters that there is a review at `offset` of `partition`, and whether it is a redriven dead
    /// letter. One outside of the ranges does not count.
    pub(super) fn review(&mut self, partition: i32, offset: i64, is_redriven: bool) {
        let found = self.partitions.get_mut(&partition);
        if let Some(state) = found.and_then(|found| found.state(offset)) {
            *state |= if is_redriven { PRESENT | REDRIVEN } else { PRESENT };
        }
    }

    /// Reviews of `partition` before `offset` do not count, and neither do their outcomes.
    pub(super) fn begin_at(&mut self, partition: i32, offset: i64) {
        if let Some(found) = self.partitions.get_mut(&partition) {
            found.begin = found.begin.max(offset);
        }
    }

    /// Enters a verdict of the review at `offset` of `partition`.
    pub(super) fn verdict(&mut self, partition: i32, offset: i64) {
        self.enter(partition, offset, VERDICT);
    }

    /// Enters a dead letter of the review at `offset` of `partition`.
    pub(super) fn dead_letter(&mut self, partition: i32, offset: i64) {
        self.enter(partition, offset, DEAD_LETTER);
    }

    fn enter(&mut self, partition: i32, offset: i64, unit: u8) {
        let Some(found) = self.partitions.get_mut(&partition) else {
            self.elsewhere.push((partition, offset));
            return;
        };
        let (from, to) = (found.from, found.to());
        match found.state(offset) {
            Some(state) if *state & PRESENT != 0 => {
                if *state & (COUNT * unit) != COUNT * unit {
                    *state += unit;
                }
            }
            Some(_) => found.phantoms.push(offset),
            // Before the log begins, retention has deleted the review; after its end, it came later
            // than the audit.
            None if offset >= 0 && (offset < from || offset >= to) => {}
            None => found.phantoms.push(offset),
        }
    }

    /// What the entries say about the reviews of `topic`; shows the first `show` of each kind.
    pub(super) fn report(&self, topic: &str, show: usize) -> Report {
        let mut report = Report::default();
        for (id, partition) in &self.partitions {
            for (offset, state) in (partition.from..).zip(&partition.offsets) {
                if state & PRESENT == 0 || offset < partition.begin {
                    continue;
                }
                report.reviews += 1;
                let (verdicts, dead_letters) =
                    ((state / VERDICT) & COUNT, (state / DEAD_LETTER) & COUNT);
                if state & REDRIVEN != 0 {
                    report.redriven += 1;
                    report.redriven_to_verdict += u64::from(verdicts > 0);
                }
                let findings = [
                    (&mut report.missing, verdicts + dead_letters == 0),
                    (&mut report.duplicated, verdicts > 1 || dead_letters > 1),
                    (&mut report.both, verdicts > 0 && dead_letters > 0),
                ];
                for (finding, _) in findings.into_iter().filter(|(_, is_so)| *is_so) {
                    finding.add(format_args!("{topic}-{id}-{offset}"), show);
                }
            }
            let is_judged = |offset: &&i64| **offset < 0 || **offset >= partition.begin;
            for offset in partition.phantoms.iter().filter(is_judged) {
                report.phantom.add(format_args!("{topic}-{id}-{offset}"), show);
            }
        }
        for (id, offset) in &self.elsewhere {
            report.phantom.add(format_args!("{topic}-{id}-{offset}"), show);
        }
        report
    }
}

impl Partition {
    fn to(&self) -> i64 {
        self.from.saturating_add(i64::try_from(self.offsets.len()).unwrap_or(i64::MAX))
    }

    fn state(&mut self, offset: i64) -> Option<&mut u8> {
        let index = usize::try_from(offset.checked_sub(self.from)?).ok()?;
        self.offsets.get_mut(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ledger(from: i64, to: i64, verdicts: &[i64], dead_letters: &[i64]) -> Ledger {
        let range = OffsetRange { topic: "reviews".into(), partition: 0, from, to };
        let mut ledger = Ledger::open(&[range]);
        (from..to).for_each(|offset| ledger.review(0, offset, false));
        verdicts.iter().for_each(|offset| ledger.verdict(0, *offset));
        dead_letters.iter().for_each(|offset| ledger.dead_letter(0, *offset));
        ledger
    }

    /// Reviews, and how many findings of each kind.
    fn counts(report: &Report) -> (u64, [u64; 4]) {
        let Report { missing, duplicated, both, phantom, .. } = report;
        (report.reviews, [missing, duplicated, both, phantom].map(|finding| finding.count))
    }

    #[test]
    fn each_fault_is_found_where_it_is() {
        let mut ledger = ledger(0, 6, &[1, 1, 2, 3, 5, -1], &[2, 4, 4, 4, 4, 4]);
        ledger.verdict(7, 0);
        let report = ledger.report("reviews", 5);
        assert_eq!(counts(&report), (6, [1, 2, 1, 2]));
        assert_eq!(report.missing.first, ["reviews-0-0"]);
        assert_eq!(report.duplicated.first, ["reviews-0-1", "reviews-0-4"]);
        assert_eq!(report.both.first, ["reviews-0-2"]);
        assert_eq!(report.phantom.first, ["reviews-0--1", "reviews-7-0"]);
    }

    #[test]
    fn an_outcome_of_a_gap_is_a_phantom() {
        let range = OffsetRange { topic: "reviews".into(), partition: 0, from: 0, to: 3 };
        let mut ledger = Ledger::open(&[range]);
        [0, 2, 7].into_iter().for_each(|offset| ledger.review(0, offset, false));
        (0..3).for_each(|offset| ledger.verdict(0, offset));
        assert_eq!(counts(&ledger.report("reviews", 5)), (2, [0, 0, 0, 1]));
    }

    #[test]
    fn a_redriven_review_is_a_review_of_its_own() {
        // Two dead letters; both were redriven, and one of them is no dead letter any more.
        let mut ledger = ledger(0, 5, &[0, 3], &[1, 2, 4]);
        [3, 4].into_iter().for_each(|offset| ledger.review(0, offset, true));
        let report = ledger.report("reviews", 5);
        assert_eq!(counts(&report), (5, [0; 4]));
        assert_eq!((report.redriven, report.redriven_to_verdict), (2, 1));
    }

    #[test]
    fn what_came_before_or_after_the_log_does_not_count() {
        let report = ledger(5, 8, &[4, 5, 7, 8], &[6]).report("reviews", 5);
        assert_eq!(counts(&report), (3, [0; 4]));
    }

    #[test]
    fn reviews_whose_outcomes_were_deleted_are_not_judged() {
        // Of a second delivery of the batch before, and of an offset that holds no review.
        let mut ledger = ledger(0, 6, &[2, 3, 4, 4], &[]);
        ledger.begin_at(0, 3);
        ledger.dead_letter(0, 1);
        assert_eq!(counts(&ledger.report("reviews", 5)), (3, [1, 1, 0, 0]));
        ledger.begin_at(0, 2);
        ledger.begin_at(0, i64::MAX);
        assert_eq!(ledger.report("reviews", 5).reviews, 0);
    }

    #[test]
    fn no_more_positions_are_shown_than_asked_for() {
        let report = ledger(0, 100, &[], &[]).report("reviews", 3);
        assert_eq!((report.missing.count, report.missing.first.len()), (100, 3));
    }
}
