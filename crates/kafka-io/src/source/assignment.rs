//! The partitions of a member, and what of them is read but not committed. Pure.

use std::{collections::BTreeMap, sync::Arc};

use super::event::{Commit, Event, Partition, PartitionLag};
use crate::{Record, statistics::Fetched};

/// The partitions held.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Assignment(BTreeMap<Partition, Held>);

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Held {
    /// The first record that is handed out and not committed.
    first: Option<i64>,
    /// Everything before this offset was handed out. It may be after the last record, since some
    /// offsets hold none.
    handed_out: i64,
    /// Reading was rewound and no record has come since: the statistics may still be older than
    /// that.
    is_rewound: bool,
    fetched: Option<Fetched>,
}

impl Held {
    fn lag(&self) -> Option<u64> {
        let Fetched { begin, end, committed, .. } = *self.fetched.as_ref()?;
        // Positions after the end are of a topic that was deleted and created anew.
        let positions = [committed, self.handed_out].into_iter();
        let done = positions.filter(|position| *position <= end).max();
        let first = self.first.or(done).unwrap_or(begin).max(begin);
        Some(u64::try_from(end.saturating_sub(first)).unwrap_or(0))
    }
}

impl Assignment {
    /// How many partitions are held.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Topic and partition of all that is held.
    pub(super) fn held(&self) -> impl Iterator<Item = (&str, i32)> {
        self.0.keys().map(|(topic, partition)| (&**topic, *partition))
    }

    /// Whether the partition is held.
    pub(super) fn holds(&self, topic: &Arc<str>, partition: i32) -> bool {
        self.0.contains_key(&(Arc::clone(topic), partition))
    }

    /// Applies an event. A partition that comes back starts anew: what was read of it before is
    /// void.
    pub(super) fn apply(&mut self, event: &Event) {
        match event {
            Event::Assigned(partitions) => self
                .0
                .extend(partitions.iter().map(|partition| (partition.clone(), Held::default()))),
            Event::Revoked(partitions) => self.0.retain(|held, _| !partitions.contains(held)),
            Event::Fetched(fetched) => fetched.iter().for_each(|fetched| self.fetched(fetched)),
        }
    }

    fn fetched(&mut self, fetched: &Fetched) {
        let partition = (Arc::clone(&fetched.topic), fetched.partition);
        if let Some(held) = self.0.get_mut(&partition) {
            if fetched.is_drained && !held.is_rewound {
                held.handed_out = fetched.end;
            }
            held.fetched = Some(fetched.clone());
        }
    }

    /// The lag of each partition whose end is known.
    pub(super) fn lags(&self) -> impl Iterator<Item = PartitionLag> {
        self.0.iter().filter_map(|((topic, partition), held)| {
            Some(PartitionLag {
                topic: Arc::clone(topic),
                partition: *partition,
                records: held.lag()?,
            })
        })
    }

    /// Notes records handed out, in the order of their partitions.
    pub(super) fn delivered(&mut self, records: &[Record]) {
        let mut last: Option<(&Arc<str>, i32)> = None;
        for record in records {
            // Batches are runs of one partition; only the first record of a run can be its first.
            if last == Some((&record.topic, record.partition)) {
                continue;
            }
            last = Some((&record.topic, record.partition));
            if let Some(held) = self.0.get_mut(&(Arc::clone(&record.topic), record.partition)) {
                held.first.get_or_insert(record.offset);
                held.is_rewound = false;
            }
        }
    }

    /// Notes committed positions, each of which covers all records of its partition before it.
    pub(super) fn committed(&mut self, commits: &[Commit]) {
        for commit in commits {
            if let Some(held) = self.0.get_mut(&(Arc::clone(&commit.topic), commit.partition))
                && held.first.is_some_and(|offset| offset < commit.next.get())
            {
                held.first = None;
                held.handed_out = held.handed_out.max(commit.next.get());
            }
        }
    }

    /// Topic, partition and offset of the first uncommitted record of each partition that has one.
    pub(super) fn uncommitted(&self) -> impl Iterator<Item = (&str, i32, i64)> {
        self.0
            .iter()
            .filter_map(|((topic, partition), held)| Some((&**topic, *partition, held.first?)))
    }

    /// Notes that reading continues at the uncommitted records: they and what follows come again.
    pub(super) fn rewound(&mut self) {
        for held in self.0.values_mut() {
            if let Some(first) = held.first {
                held.handed_out = held.handed_out.min(first);
                held.is_rewound = true;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use verdict_messages::{Headers, Position};

    use super::*;

    fn partitions(ids: &[i32]) -> Vec<Partition> {
        ids.iter().map(|id| (Arc::from("t"), *id)).collect()
    }

    fn record(partition: i32, offset: i64) -> Record {
        Record {
            topic: "t".into(),
            partition,
            offset,
            key: None,
            value: None,
            headers: Headers::new(),
            timestamp_ms: None,
        }
    }

    fn commit(partition: i32, last: i64) -> Commit {
        Commit { topic: "t".into(), partition, next: Position::new("t", partition, last).next() }
    }

    fn held(ids: &[i32]) -> Assignment {
        let mut assignment = Assignment::default();
        assignment.apply(&Event::Assigned(partitions(ids)));
        assignment
    }

    fn uncommitted(assignment: &Assignment) -> Vec<(i32, i64)> {
        assignment.uncommitted().map(|(_, partition, offset)| (partition, offset)).collect()
    }

    #[test]
    fn reading_goes_back_to_the_first_record_that_is_not_committed() {
        let mut assignment = held(&[0, 1]);
        assignment.delivered(&[record(0, 5), record(0, 6), record(1, 9), record(0, 7)]);
        assert_eq!(uncommitted(&assignment), [(0, 5), (1, 9)]);
        assignment.committed(&[commit(0, 3)]);
        assert_eq!(uncommitted(&assignment), [(0, 5), (1, 9)], "less than was read");
        assignment.committed(&[commit(0, 7)]);
        assert_eq!(uncommitted(&assignment), [(1, 9)]);
        assignment.delivered(&[record(0, 8), record(1, 10)]);
        assert_eq!(uncommitted(&assignment), [(0, 8), (1, 9)]);
        assignment.rewound();
        assignment.delivered(&[record(1, 9)]);
        assert_eq!(uncommitted(&assignment), [(0, 8), (1, 9)]);
    }

    fn fetched(begin: i64, end: i64, committed: i64, is_drained: bool) -> Event {
        Event::Fetched(vec![Fetched {
            topic: "t".into(),
            partition: 0,
            begin,
            end,
            committed,
            is_drained,
        }])
    }

    fn lag(assignment: &Assignment) -> Option<u64> {
        assignment.lags().next().map(|lag| lag.records)
    }

    #[test]
    fn lag_is_zero_when_nothing_is_left_to_do_and_never_before() {
        let none = -1001;
        for (what, begin, end, committed, is_drained, expected) in [
            ("nothing is committed", 5, 100, none, false, 95),
            ("some are", 0, 100, 60, false, 40),
            ("only markers follow the committed position", 0, 100, 99, true, 0),
            ("only aborted records and markers are there", 0, 100, none, true, 0),
            ("retention deleted what was not read", 90, 100, 60, false, 10),
            ("the topic was made anew", 0, 10, 60, false, 10),
        ] {
            let mut assignment = held(&[0]);
            assert_eq!(lag(&assignment), None, "{what}: nothing is known yet");
            assignment.apply(&fetched(begin, end, committed, is_drained));
            assert_eq!(lag(&assignment), Some(expected), "{what}");
        }
    }

    #[test]
    fn records_that_are_handed_out_are_lag_until_they_are_committed() {
        let mut assignment = held(&[0]);
        assignment.apply(&fetched(0, 10, 4, false));
        assignment.delivered(&[record(0, 5), record(0, 7)]);
        assignment.apply(&fetched(0, 10, 4, true));
        assert_eq!(lag(&assignment), Some(5), "from the first of them");
        assignment.committed(&[commit(0, 7)]);
        assert_eq!(lag(&assignment), Some(0), "what follows them are markers");
        assignment.apply(&fetched(0, 13, 8, false));
        assert_eq!(lag(&assignment), Some(3), "only what is new");
        assignment.apply(&fetched(0, 10, 8, false));
        assignment.apply(&Event::Revoked(partitions(&[0])));
        assignment.apply(&Event::Assigned(partitions(&[0])));
        assert_eq!(lag(&assignment), None, "it may be another's work by now");
        assignment.apply(&fetched(0, 13, 8, false));
        assert_eq!(lag(&assignment), Some(5));
    }

    #[test]
    fn what_is_read_again_is_lag_until_it_is_committed() {
        let mut assignment = held(&[0]);
        assignment.delivered(&[record(0, 5), record(0, 6), record(0, 7)]);
        assignment.apply(&fetched(0, 10, 5, true));
        assignment.rewound();
        assignment.apply(&fetched(0, 10, 5, true));
        assert_eq!(lag(&assignment), Some(5), "nothing has come again yet");
        assignment.delivered(&[record(0, 5)]);
        assignment.committed(&[commit(0, 5)]);
        assert_eq!(lag(&assignment), Some(4), "two are still to come");
        assignment.delivered(&[record(0, 6), record(0, 7)]);
        assignment.apply(&fetched(0, 10, 6, true));
        assert_eq!(lag(&assignment), Some(4));
        assignment.committed(&[commit(0, 7)]);
        assert_eq!(lag(&assignment), Some(0));
    }

    #[test]
    fn a_commit_is_no_lag_though_the_statistics_are_older() {
        let mut assignment = held(&[0]);
        assignment.apply(&fetched(0, 10, 4, false));
        assignment.delivered(&[record(0, 5), record(0, 9)]);
        assignment.committed(&[commit(0, 9)]);
        assert_eq!(lag(&assignment), Some(0));
    }

    #[test]
    fn a_revoked_partition_is_neither_held_nor_rewound() {
        let mut assignment = held(&[0, 1]);
        assignment.delivered(&[record(0, 5), record(1, 9)]);
        assignment.apply(&Event::Revoked(partitions(&[0])));
        assert!(!assignment.holds(&"t".into(), 0) && assignment.holds(&"t".into(), 1));
        assert_eq!(uncommitted(&assignment), [(1, 9)]);
        assignment.apply(&Event::Assigned(partitions(&[0])));
        assert_eq!(uncommitted(&assignment), [(1, 9)], "it starts anew");
    }
}
