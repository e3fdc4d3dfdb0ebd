//! Follows a topic that tells the present state of something: all of its partitions from the beginning, and then whatever
//! comes. No group, no commits: each follower reads everything, every time it starts.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use rdkafka::{
    Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
    error::KafkaError,
};
use verdict_messages::OffsetRange;

use crate::{
    Cause, Connection, Failure, KafkaSettings, Record,
    record::Copier,
    snapshot::{Open, ranges},
};

/// The longest wait for a record before the follower looks whether it is to stop.
const POLL: Duration = Duration::from_millis(50);
/// How long a broker may take to tell where the topic begins and ends.
const LOOK_UP: Duration = Duration::from_secs(1);
/// How often a topic that is not there is looked for. The broker answers such a question at once.
const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// Records that may wait for their reader. Who reads slowly finds them in the topic instead of in memory.
const WAITING: usize = 64;
/// How long dropping a follower waits for its thread, which may be waiting for a broker.
const END_WITHIN: Duration = Duration::from_millis(100);

/// What a follower has to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Followed {
    /// A record, in the order of its partition.
    Record(Record),
    /// All that the topic held when it was found has been told. Comes once for each time the topic was found, and so
    /// again when it was deleted and made anew.
    CaughtUp,
    /// A broker says that there is no such topic. The follower goes on looking for it.
    Absent,
    /// Kafka cannot be read now; said once until it can be again. The follower goes on trying.
    Trouble(Failure),
}

/// A topic, as it was and as it grows, read by a thread of its own. The thread ends when this is dropped.
#[derive(Debug)]
pub struct Follower {
    told: Option<Receiver<Followed>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    connection: Connection,
}

impl Follower {
    /// Starts to follow `topic`, whether a broker and the topic are there yet or not.
    ///
    /// Partitions that are added to the topic later are not seen; those that it has when it is found are.
    ///
    /// # Errors
    /// [`Failure::Fatal`] when the settings are refused or no thread can be had.
    pub fn start(settings: &KafkaSettings, topic: impl Into<String>) -> Result<Self, Failure> {
        let topic = topic.into();
        let context = format!("following topic {topic}");
        let mut config = settings.reading();
        config
            // Assigning needs a group, though nothing is ever committed for it.
            .set("group.id", "verdict-follower")
            .set("auto.offset.reset", "earliest")
            // Where the last offsets are a transaction's markers, only this tells the end.
            .set("enable.partition.eof", "true");
        let connection = Connection::default();
        let consumer: BaseConsumer<Connection> = settings
            .finish(config)
            .create_with_context(connection.clone())
            .map_err(|error| Failure::of(context.as_str(), &error))?;
        let (tell, told) = sync_channel(WAITING);
        let stop = Arc::new(AtomicBool::new(false));
        let reader = Reader {
            consumer,
            topic,
            tell,
            stop: Arc::clone(&stop),
            copier: Copier::default(),
            said: None,
        };
        let thread = std::thread::Builder::new()
            .name("follower".to_owned())
            .spawn(move || reader.run())
            .map_err(|error| Failure::fatal(context, error.to_string(), Cause::Other))?;
        Ok(Self { told: Some(told), stop, thread: Some(thread), connection })
    }

    /// The state of its connection. Trouble is told once; this says when it is over, though nothing new comes.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// What comes next, or `None` when nothing does within `wait`.
    ///
    /// # Errors
    /// [`Failure::Fatal`] when its thread has ended, which only a defect can do.
    pub fn next(&self, wait: Duration) -> Result<Option<Followed>, Failure> {
        match self.told.as_ref().map(|told| told.recv_timeout(wait)) {
            Some(Ok(followed)) => Ok(Some(followed)),
            Some(Err(RecvTimeoutError::Timeout)) => Ok(None),
            Some(Err(RecvTimeoutError::Disconnected)) | None => Err(ended()),
        }
    }

    /// What has come already, if anything has. Does not wait.
    ///
    /// # Errors
    /// As [`next`](Self::next).
    pub fn at_hand(&self) -> Result<Option<Followed>, Failure> {
        match self.told.as_ref().map(Receiver::try_recv) {
            Some(Ok(followed)) => Ok(Some(followed)),
            Some(Err(TryRecvError::Empty)) => Ok(None),
            Some(Err(TryRecvError::Disconnected)) | None => Err(ended()),
        }
    }
}

fn ended() -> Failure {
    Failure::fatal("following a topic", "the follower has ended", Cause::Other)
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // The thread may wait for room.
        self.told = None;
        let Some(thread) = self.thread.take() else {
            return;
        };
        let asked = Instant::now();
        while !thread.is_finished() && asked.elapsed() < END_WITHIN {
            std::thread::park_timeout(Duration::from_millis(2));
        }
        // One that still waits for a broker ends by itself within a second; nobody waits for that.
        if thread.is_finished() && thread.join().is_err() {
            tracing::error!("the follower of a topic panicked");
        }
    }
}

struct Reader {
    consumer: BaseConsumer<Connection>,
    topic: String,
    tell: SyncSender<Followed>,
    stop: Arc<AtomicBool>,
    copier: Copier,
    // The trouble that was told last, until there is none.
    said: Option<Cause>,
}

/// Why the thread ends or begins again.
enum Turn {
    /// Nobody listens any more, or there is nothing more to be had.
    End,
    /// The topic is not there (any more): look for it again.
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
        while !self.is_stopped() {
            match ranges(&self.consumer, &self.topic, LOOK_UP) {
                Ok(ranges) => {
                    self.said = None;
                    return Some(ranges);
                }
                Err(failure) => self.say(failure).then_some(())?,
            }
            self.pause();
        }
        None
    }

    fn read(&mut self, ranges: &[OffsetRange]) -> Turn {
        if let Err(error) = self.assign(ranges) {
            return self.lost(&error);
        }
        let mut open = Open::new(ranges);
        let mut is_told = false;
        while !self.is_stopped() {
            if open.is_done() && !is_told {
                is_told = true;
                if self.tell.send(Followed::CaughtUp).is_err() {
                    return Turn::End;
                }
            }
            match self.consumer.poll(POLL) {
                None => {}
                Some(Err(KafkaError::PartitionEOF(partition))) => {
                    self.said = None;
                    open.at_end(partition);
                }
                Some(Err(error)) => {
                    let failure = self.failed(&error);
                    if failure.trouble().cause == Cause::UnknownTopic || failure.is_fatal() {
                        return self.lost(&error);
                    }
                    if !self.say(failure) {
                        return Turn::End;
                    }
                }
                Some(Ok(message)) => {
                    let record = self.copier.record(&message);
                    self.said = None;
                    open.takes(record.partition, record.offset);
                    if self.tell.send(Followed::Record(record)).is_err() {
                        return Turn::End;
                    }
                }
            }
        }
        Turn::End
    }

    fn assign(&self, ranges: &[OffsetRange]) -> Result<(), KafkaError> {
        let mut assignment = TopicPartitionList::new();
        for range in ranges {
            assignment.add_partition_offset(
                &self.topic,
                range.partition,
                Offset::Offset(range.from),
            )?;
        }
        self.consumer.assign(&assignment)
    }

    fn lost(&mut self, error: &KafkaError) -> Turn {
        let failure = self.failed(error);
        let goes_on = self.say(failure);
        if let Err(error) = self.consumer.unassign() {
            tracing::debug!(target: "kafka", "giving up {}: {error}", self.topic);
        }
        self.pause();
        if goes_on { Turn::Lost } else { Turn::End }
    }

    fn failed(&self, error: &KafkaError) -> Failure {
        Failure::of(format!("following topic {}", self.topic), error)
    }

    /// Tells of trouble unless it is the same as before; false when nobody listens any more.
    fn say(&mut self, failure: Failure) -> bool {
        let cause = failure.trouble().cause;
        if self.said.replace(cause) == Some(cause) {
            return true;
        }
        let followed = match cause {
            Cause::UnknownTopic => Followed::Absent,
            _ => Followed::Trouble(failure),
        };
        self.tell.send(followed).is_ok()
    }

    /// Serves the client's callbacks for a while.
    fn pause(&self) {
        let since = Instant::now();
        while !self.is_stopped() && since.elapsed() < LOOK_AGAIN {
            drop(self.consumer.poll(POLL));
        }
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}
