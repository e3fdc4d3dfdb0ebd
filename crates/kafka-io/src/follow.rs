//! Follows a topic that holds the present state of something: all partitions from the beginning, or
//! from their last records on, then new ones. No group, no commits: each follower reads everything,
//! every time it starts.

use std::{
    sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    time::{Duration, Instant},
};

use rdkafka::{
    consumer::{BaseConsumer, Consumer},
    error::KafkaError,
};
use verdict_messages::OffsetRange;

use crate::{
    Cause, Connection, Failure, KafkaSettings, Record,
    background::{Background, Stop},
    partitions::{FROM_THE_BEGINNING, Open, assign, ranges, reader},
    record::Copier,
};

/// Longest wait for a record between two checks whether to stop.
const POLL: Duration = Duration::from_millis(50);
/// How long a broker may take to answer where the topic begins and ends.
const LOOK_UP: Duration = Duration::from_secs(1);
/// Pause between two searches for a missing topic. The broker answers such a question at once.
const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// Records that may wait for their reader. For a slow reader the rest waits in the topic, not in
/// memory.
const WAITING: usize = 64;
/// How long dropping a follower waits for its thread. One that waits for a broker ends by itself
/// within a second.
const END_WITHIN: Duration = Duration::from_millis(100);

/// What a follower reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Followed {
    /// A record, in the order of its partition.
    Record(Record),
    /// All records that the topic held when it was found have been returned. Comes once for each
    /// time the topic is found, so again after it was deleted and created anew.
    CaughtUp,
    /// A broker answers that there is no such topic. The follower keeps looking for it.
    Absent,
    /// Kafka cannot be read now. Reported once until it can be read again; the follower keeps
    /// trying.
    Failed(Failure),
}

/// A topic, read from its beginning by a thread of its own, which ends when this is dropped.
///
/// Fields are dropped in this order: the thread may be waiting for room in the channel.
#[derive(Debug)]
pub struct Follower {
    followed: Receiver<Followed>,
    _thread: Background,
    connection: Connection,
}

impl Follower {
    /// Starts to follow `topic`. Neither a broker nor the topic needs to be there yet.
    ///
    /// Partitions that are added to the topic after it was found are not read.
    ///
    /// # Errors
    /// [`Failure::Fatal`] when the settings are refused or no thread can be started.
    pub fn start(settings: &KafkaSettings, topic: impl Into<String>) -> Result<Self, Failure> {
        Self::after(settings, topic.into(), i64::MAX)
    }

    /// Starts to follow `topic` at the last `most` offsets of each partition, of which some may hold
    /// no record; otherwise as [`Follower::start`].
    ///
    /// # Errors
    /// As [`Follower::start`].
    pub fn tail(settings: &KafkaSettings, topic: &str, most: i64) -> Result<Self, Failure> {
        Self::after(settings, topic.to_owned(), most)
    }

    fn after(settings: &KafkaSettings, topic: String, most: i64) -> Result<Self, Failure> {
        let connection = Connection::default();
        let consumer = reader(
            settings,
            "verdict-follower",
            &FROM_THE_BEGINNING,
            connection.clone(),
            &format!("following topic {topic}"),
        )?;
        let (sender, followed) = sync_channel(WAITING);
        let copier = Copier::default();
        let thread = Background::start("follower", END_WITHIN, move |stop| {
            Reader { consumer, topic, most, sender, stop, copier, reported: None }.run();
        })?;
        Ok(Self { followed, _thread: thread, connection })
    }

    /// The state of its connection. A failure is reported once; this shows when it is over, even if
    /// no record comes.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// The next report, or `None` when there is none within `wait`, which may be zero.
    ///
    /// # Errors
    /// [`Failure::Fatal`] when its thread has ended, which would be a bug.
    pub fn next(&self, wait: Duration) -> Result<Option<Followed>, Failure> {
        match self.followed.recv_timeout(wait) {
            Ok(followed) => Ok(Some(followed)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => {
                Err(Failure::fatal("following a topic", "the follower has ended", Cause::Other))
            }
        }
    }
}

struct Reader {
    consumer: BaseConsumer<Connection>,
    topic: String,
    // Offsets of each partition to begin with.
    most: i64,
    sender: SyncSender<Followed>,
    stop: Stop,
    copier: Copier,
    // The last failure reported, until a read succeeds.
    reported: Option<Cause>,
}

/// Why the thread ends or begins again.
enum Turn {
    /// The follower was dropped.
    End,
    /// The topic is gone: look for it again.
    Lost,
}

impl Reader {
    fn run(mut self) {
        while let Some(ranges) = self.find() {
            match self.read(&ranges) {
                Turn::End => return,
                Turn::Lost => {}
            }
        }
    }

    /// Waits for the topic; `None` when the thread is to end.
    fn find(&mut self) -> Option<Vec<OffsetRange>> {
        while !self.stop.is_set() {
            match ranges(&self.consumer, &self.topic, LOOK_UP) {
                Ok(mut ranges) => {
                    self.reported = None;
                    for range in &mut ranges {
                        range.from = range.from.max(range.to.saturating_sub(self.most));
                    }
                    return Some(ranges);
                }
                Err(failure) => self.report(failure).then_some(())?,
            }
            self.pause();
        }
        None
    }

    fn read(&mut self, ranges: &[OffsetRange]) -> Turn {
        let starts = ranges.iter().map(|range| (range.partition, range.from));
        if let Err(error) = assign(&self.consumer, &self.topic, starts) {
            return self.lost(&error);
        }
        let mut open = Open::new(ranges);
        let mut is_reported = false;
        while !self.stop.is_set() {
            if open.is_done() && !is_reported {
                is_reported = true;
                if self.sender.send(Followed::CaughtUp).is_err() {
                    return Turn::End;
                }
            }
            match self.consumer.poll(POLL) {
                None => {}
                Some(Err(KafkaError::PartitionEOF(partition))) => {
                    self.reported = None;
                    open.at_end(partition);
                }
                Some(Err(error)) => {
                    let failure = self.failed(&error);
                    if failure.details().cause == Cause::UnknownTopic || failure.is_fatal() {
                        return self.lost(&error);
                    }
                    if !self.report(failure) {
                        return Turn::End;
                    }
                }
                Some(Ok(message)) => {
                    let record = self.copier.record(&message);
                    self.reported = None;
                    open.takes(record.partition, record.offset);
                    if self.sender.send(Followed::Record(record)).is_err() {
                        return Turn::End;
                    }
                }
            }
        }
        Turn::End
    }

    fn lost(&mut self, error: &KafkaError) -> Turn {
        let failure = self.failed(error);
        let goes_on = self.report(failure);
        if let Err(error) = self.consumer.unassign() {
            tracing::debug!(target: "kafka", "giving up {}: {error}", self.topic);
        }
        self.pause();
        if goes_on { Turn::Lost } else { Turn::End }
    }

    fn failed(&self, error: &KafkaError) -> Failure {
        Failure::of(format!("following topic {}", self.topic), error)
    }

    /// Reports a failure unless it is the same as the last one; false when the follower was
    /// dropped.
    fn report(&mut self, failure: Failure) -> bool {
        let cause = failure.details().cause;
        if self.reported.replace(cause) == Some(cause) {
            return true;
        }
        let followed = match cause {
            Cause::UnknownTopic => Followed::Absent,
            _ => Followed::Failed(failure),
        };
        self.sender.send(followed).is_ok()
    }

    /// Serves the client's callbacks until the topic is looked for again.
    fn pause(&self) {
        let since = Instant::now();
        while !self.stop.is_set() && since.elapsed() < LOOK_AGAIN {
            drop(self.consumer.poll(POLL));
        }
    }
}
