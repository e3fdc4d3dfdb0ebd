//! Values about partitions that a member receives and returns.

use std::sync::Arc;

use verdict_messages::NextOffset;

use crate::statistics::Fetched;

/// Topic and number of a partition.
pub(super) type Partition = (Arc<str>, i32);

/// What a callback of the client saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Event {
    /// Partitions assigned.
    Assigned(Vec<Partition>),
    /// Partitions revoked, with or without this member's consent.
    Revoked(Vec<Partition>),
    /// How far reading has come.
    Fetched(Vec<Fetched>),
}

/// Where a group continues in one partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Topic name.
    pub topic: Arc<str>,
    /// Partition number.
    pub partition: i32,
    /// The next offset to read.
    pub next: NextOffset,
}

/// How many records of one partition wait for their commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionLag {
    /// Topic name.
    pub topic: Arc<str>,
    /// Partition number.
    pub partition: i32,
    /// An upper bound: the offsets from the first uncommitted record to the end of what can be
    /// read. Markers of transactions and aborted records count until they are read over. It is 0
    /// when every record is committed.
    pub records: u64,
}
