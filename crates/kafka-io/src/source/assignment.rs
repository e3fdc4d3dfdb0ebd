//! What a member holds, and what of it is read but not committed. Pure: the client only reports to it.

use std::{collections::BTreeMap, sync::Arc};

use crate::{Commit, Record};

type Partition = (Arc<str>, i32);

/// A rebalance, as far as this member is concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Change {
    /// Partitions that came.
    Assigned(Vec<Partition>),
    /// Partitions that went, with or without this member's consent.
    Revoked(Vec<Partition>),
}

/// The partitions held, each with the first offset that is read and not committed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Assignment(BTreeMap<Partition, Option<i64>>);

impl Assignment {
    /// How many partitions are held.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Topic and partition of all that is held.
    pub(super) fn held(&self) -> impl Iterator<Item = (&str, i32)> {
        self.0
            .keys()
            .map(|(topic, partition)| (&**topic, *partition))
    }

    /// Whether the partition is held.
    pub(super) fn holds(&self, topic: &Arc<str>, partition: i32) -> bool {
        self.0.contains_key(&(Arc::clone(topic), partition))
    }

    /// Takes note of a rebalance. A partition that comes back is a new one: what was read of it before is void.
    pub(super) fn apply(&mut self, change: &Change) {
        match change {
            Change::Assigned(partitions) => self
                .0
                .extend(partitions.iter().map(|partition| (partition.clone(), None))),
            Change::Revoked(partitions) => self.0.retain(|held, _| !partitions.contains(held)),
        }
    }

    /// Takes note of records handed out, in the order of their partitions.
    pub(super) fn delivered(&mut self, records: &[Record]) {
        let mut last: Option<(&Arc<str>, i32)> = None;
        for record in records {
            // Batches are runs of one partition; only the first record of a run can be its first.
            if last == Some((&record.topic, record.partition)) {
                continue;
            }
            last = Some((&record.topic, record.partition));
            if let Some(first) = self
                .0
                .get_mut(&(Arc::clone(&record.topic), record.partition))
            {
                first.get_or_insert(record.offset);
            }
        }
    }

    /// Takes note of committed positions, each of which covers all that was handed out of its partition before it.
    pub(super) fn committed(&mut self, commits: &[Commit]) {
        for commit in commits {
            if let Some(first) = self
                .0
                .get_mut(&(Arc::clone(&commit.topic), commit.partition))
                && first.is_some_and(|offset| offset < commit.next.get())
            {
                *first = None;
            }
        }
    }

    /// Topic, partition and offset of the first uncommitted record of each partition that has one.
    pub(super) fn uncommitted(&self) -> impl Iterator<Item = (&str, i32, i64)> {
        self.0
            .iter()
            .filter_map(|((topic, partition), first)| Some((&**topic, *partition, (*first)?)))
    }

    /// Takes note that reading starts again at the uncommitted records.
    pub(super) fn rewound(&mut self) {
        self.0.values_mut().for_each(|first| *first = None);
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
        Commit {
            topic: "t".into(),
            partition,
            next: Position::new("t", partition, last).next(),
        }
    }

    fn held(ids: &[i32]) -> Assignment {
        let mut assignment = Assignment::default();
        assignment.apply(&Change::Assigned(partitions(ids)));
        assignment
    }

    fn uncommitted(assignment: &Assignment) -> Vec<(i32, i64)> {
        assignment
            .uncommitted()
            .map(|(_, partition, offset)| (partition, offset))
            .collect()
    }

    #[test]
    fn reading_goes_back_to_the_first_record_that_is_not_committed() {
        let mut assignment = held(&[0, 1]);
        assignment.delivered(&[record(0, 5), record(0, 6), record(1, 9), record(0, 7)]);
        assert_eq!(uncommitted(&assignment), [(0, 5), (1, 9)]);
        assignment.committed(&[commit(0, 7)]);
        assert_eq!(uncommitted(&assignment), [(1, 9)]);
        assignment.delivered(&[record(0, 8), record(1, 10)]);
        assert_eq!(uncommitted(&assignment), [(0, 8), (1, 9)]);
        assignment.rewound();
        assert!(uncommitted(&assignment).is_empty());
    }

    #[test]
    fn a_revoked_partition_is_neither_held_nor_rewound() {
        let mut assignment = held(&[0, 1]);
        assignment.delivered(&[record(0, 5), record(1, 9)]);
        assignment.apply(&Change::Revoked(partitions(&[0])));
        assert!(!assignment.holds(&"t".into(), 0) && assignment.holds(&"t".into(), 1));
        assert_eq!(uncommitted(&assignment), [(1, 9)]);
    }

    #[test]
    fn a_partition_that_comes_back_starts_anew() {
        let mut assignment = held(&[0]);
        assignment.delivered(&[record(0, 5)]);
        assignment.apply(&Change::Revoked(partitions(&[0])));
        assignment.apply(&Change::Assigned(partitions(&[0])));
        assert!(uncommitted(&assignment).is_empty());
    }

    #[test]
    fn a_commit_of_less_than_was_read_keeps_the_way_back() {
        let mut assignment = held(&[0]);
        assignment.delivered(&[record(0, 5)]);
        assignment.committed(&[commit(0, 3)]);
        assert_eq!(uncommitted(&assignment), [(0, 5)]);
    }
}
