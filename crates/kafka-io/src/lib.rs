//! Kafka for Verdict: settings, sources, publishers and failure classes. It moves records and does
//! not know what is in them.
//!
//! This is the only crate that names the Kafka client, so that what is known about the client (what
//! blocks, what may be lost, which settings matter) is in one place:
//!
//! - [`Source`] reads topics as a member of a group, in batches, and commits only what its caller
//!   asks for.
//! - [`Publisher`] writes many records and waits for all of their confirmations; for a thread of
//!   its own.
//! - [`TransactionalPublisher`] writes records and commits positions in one transaction; [`probe`]
//!   asks a broker whether it keeps them.
//! - [`AsyncPublisher`] writes one record and awaits its confirmation; for async code.
//! - [`ReplyInbox`] reads one partition of a reply topic, from its present end.
//! - [`snapshot::read`] reads topics from their beginning to the end they have when it starts.
//! - [`Positions`] shows and sets how far a group has come.
//! - [`Follower`] reads a topic from its beginning and continues with new records.
//! - [`Lookup`] finds the record of a key by its partition and time.
//! - [`topics::ensure`] creates topics and reports where existing ones differ.
//!
//! Every error is a [`Failure`], which says what to do: try again, process the batch again, or give
//! up.

mod async_publisher;
mod background;
mod connection;
mod failure;
mod follow;
mod inbox;
pub mod lookup;
mod partitions;
mod positions;
mod probe;
mod publisher;
mod record;
mod settings;
pub mod snapshot;
mod source;
mod statistics;
mod tally;
pub mod topics;
mod transaction;

pub use async_publisher::{AsyncPublisher, PublishError};
pub use connection::Connection;
pub use failure::{Cause, Details, Failure};
pub use follow::{Followed, Follower};
pub use inbox::{InboxOptions, InboxState, ReplyInbox};
pub use lookup::Lookup;
pub use positions::{GroupPosition, Positions, Target, committed};
pub use probe::probe;
pub use publisher::{Counts, Publisher, PublisherRole};
pub use record::{Outgoing, Record};
pub use settings::{BadSetting, KafkaArgs, KafkaSettings};
pub use source::{BatchLimits, Commit, PartitionLag, Polled, Source, SourceOptions};
pub use transaction::{Settled, TransactionalPublisher};
