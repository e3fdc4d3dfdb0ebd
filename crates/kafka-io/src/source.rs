//! Reads topics as a member of a consumer group, in batches: for a thread of its own.

mod assignment;
mod event;
mod lost;
mod member;

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use rdkafka::{
    ClientConfig, Offset, TopicPartitionList,
    consumer::{BaseConsumer, CommitMode, Consumer, ConsumerGroupMetadata},
};

pub use self::event::{Commit, PartitionLag};
use self::{
    assignment::Assignment,
    event::Event,
    member::{Events, Member},
};
use crate::{
    Connection, Failure, KafkaSettings, Record, connection::Client, partitions::answered,
    record::Copier,
};

/// How long a seek or a group request may take.
const BROKER_WAIT: Duration = Duration::from_secs(10);

/// What to read, and as whom.
#[derive(Debug, Clone)]
pub struct SourceOptions {
    /// Consumer group.
    pub group: String,
    /// Topics to subscribe to.
    pub topics: Vec<String>,
    /// A lasting name of this member (`group.instance.id`). With it a restart keeps its partitions
    /// without a rebalance, but a member that leaves for good is noticed only after the session
    /// timeout.
    pub instance: Option<String>,
}

/// When a batch is complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchLimits {
    /// Most records of a batch.
    pub records: usize,
    /// Bytes of keys and values at which a batch is complete; the last record may go beyond.
    pub bytes: usize,
    /// Longest time from the first record to the end of the batch.
    pub since_first: Duration,
    /// Longest wait for the first record.
    pub idle: Duration,
}

/// What one call of [`Source::poll_batch`] brought besides records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Polled {
    /// Partitions assigned.
    pub assigned: usize,
    /// Partitions revoked; their records were removed from the batch.
    pub revoked: usize,
    /// When the first record was read, if one was.
    pub first: Option<Instant>,
}

/// A member of a consumer group.
///
/// Rebalances happen inside [`poll_batch`](Self::poll_batch) only. So from a poll to the commit of
/// its records the set of partitions is fixed. If the group has rebalanced meanwhile, the broker
/// refuses the commit and another member processes the batch.
///
/// Dropping it leaves the group, which may take as long as the broker takes to answer.
pub struct Source {
    consumer: BaseConsumer<Member>,
    config: ClientConfig,
    options: SourceOptions,
    connection: Connection,
    events: Arc<Events>,
    assignment: Assignment,
    has_joined: bool,
    is_paused: bool,
    copier: Copier,
}

impl Source {
    /// Joins the group in the background, during the polls.
    ///
    /// # Errors
    /// [`Failure::Fatal`] when the settings are refused.
    pub fn new(settings: &KafkaSettings, options: SourceOptions) -> Result<Self, Failure> {
        let config = config(settings, &options);
        let connection = Connection::default();
        let events = Arc::new(Events::default());
        let consumer = join(&config, &options, &connection, &events)?;
        Ok(Self {
            consumer,
            config,
            options,
            connection,
            events,
            assignment: Assignment::default(),
            has_joined: false,
            is_paused: false,
            copier: Copier::default(),
        })
    }

    /// Reads a batch into `records`, which is cleared first. Waits for the first record and returns
    /// as soon as no more are available or a limit is reached: an idle system has the latency of
    /// one record, a busy one gets large batches. Records of a partition that is revoked meanwhile
    /// are removed.
    ///
    /// # Errors
    /// [`Failure::Retry`] when a broker is away or a topic is missing: keep polling.
    /// [`Failure::Fatal`] when this member cannot go on.
    pub fn poll_batch(
        &mut self,
        limits: &BatchLimits,
        records: &mut Vec<Record>,
    ) -> Result<Polled, Failure> {
        records.clear();
        let mut polled = Polled::default();
        let mut bytes = 0;
        let mut until = Instant::now() + limits.idle;
        loop {
            let now = Instant::now();
            let wait = if records.is_empty() {
                until.saturating_duration_since(now)
            } else {
                Duration::ZERO
            };
            let message = self.consumer.poll(wait);
            let mut is_quiet = message.is_none();
            let mut failure = None;
            match message {
                None => {}
                Some(Ok(message)) => {
                    let record = self.copier.record(&message);
                    bytes += record.size();
                    if records.is_empty() {
                        let first = Instant::now();
                        (polled.first, until) = (Some(first), first + limits.since_first);
                    }
                    records.push(record);
                }
                Some(Err(error)) => {
                    is_quiet = true;
                    failure = Some(self.polling_failed(&error));
                }
            }
            if self.events.are_there() {
                for mut event in self.events.take() {
                    match &mut event {
                        Event::Assigned(partitions) => polled.assigned += partitions.len(),
                        Event::Revoked(partitions) => polled.revoked += partitions.len(),
                        // A pause empties the client's queue: what waited there was not handed out.
                        Event::Fetched(fetched) if self.is_paused => {
                            fetched.iter_mut().for_each(|one| one.is_drained = false);
                        }
                        Event::Fetched(_) => {}
                    }
                    self.assignment.apply(&event);
                    if matches!(event, Event::Fetched(_)) {
                        continue;
                    }
                    self.has_joined = true;
                    self.connection.mark_up();
                    if self.is_paused {
                        self.tell_client(true);
                    }
                    records.retain(|record| self.assignment.holds(&record.topic, record.partition));
                }
            }
            match failure {
                Some(fatal @ Failure::Fatal(_)) => return Err(fatal),
                // The records read so far are valid.
                Some(other) if records.is_empty() => return Err(other),
                _ => {}
            }
            let is_full = records.len() >= limits.records || bytes >= limits.bytes;
            let is_late = !records.is_empty() && now >= until;
            let changed = polled.assigned + polled.revoked > 0;
            if is_full || is_late || (is_quiet && (!records.is_empty() || changed || now >= until))
            {
                self.assignment.delivered(records);
                if !records.is_empty() {
                    self.connection.mark_up();
                }
                return Ok(polled);
            }
        }
    }

    /// Commits positions and waits for the broker's answer. Partitions that are no longer held are
    /// left out.
    ///
    /// # Errors
    /// [`Failure::Abort`] when the group has moved on; [`Failure::Retry`] when the broker is away,
    /// after some seconds: then it is not known whether the positions are committed, and committing
    /// again does no harm.
    pub fn commit(&mut self, commits: &[Commit]) -> Result<(), Failure> {
        let list = self.list(commits)?;
        if list.count() > 0 {
            #[expect(clippy::disallowed_methods, reason = "this is the one place that commits")]
            self.consumer
                .commit(&list, CommitMode::Sync)
                .map_err(|error| Failure::of(self.committing(commits), &error))?;
        }
        self.note_committed(commits);
        Ok(())
    }

    /// Notes positions that were committed in a transaction.
    pub fn note_committed(&mut self, commits: &[Commit]) {
        self.assignment.committed(commits);
    }

    /// Whether the group's positions are exactly these. The broker answers when no transaction is
    /// open on them.
    ///
    /// # Errors
    /// [`Failure::Retry`] when the broker does not answer.
    pub fn is_committed(&self, commits: &[Commit]) -> Result<bool, Failure> {
        let found = self.positions(&self.list(commits)?)?;
        Ok(commits.iter().all(|commit| {
            let next = Offset::Offset(commit.next.get());
            let known = found.find_partition(&commit.topic, commit.partition);
            known.is_some_and(|known| known.offset() == next)
        }))
    }

    /// The positions of partitions that are still held.
    pub(crate) fn list(&self, commits: &[Commit]) -> Result<TopicPartitionList, Failure> {
        let mut list = TopicPartitionList::with_capacity(commits.len());
        for commit in
            commits.iter().filter(|commit| self.assignment.holds(&commit.topic, commit.partition))
        {
            let next = Offset::Offset(commit.next.get());
            list.add_partition_offset(&commit.topic, commit.partition, next)
                .map_err(|error| Failure::of(self.committing(commits), &error))?;
        }
        Ok(list)
    }

    /// This member as the group knows it, for the broker to compare; `None` where the group has
    /// taken its partitions. The client then forgets who it was, and Kafka takes positions from
    /// nobody in particular.
    pub(crate) fn membership(&self) -> Option<ConsumerGroupMetadata> {
        let group = self.consumer.group_metadata();
        // Asked after: what was lost before is seen.
        group.filter(|_| !self.consumer.assignment_lost())
    }

    fn committing(&self, commits: &[Commit]) -> String {
        format!("committing {} positions of group {}", commits.len(), self.options.group)
    }

    /// The group's positions of these partitions, each without an error of its own.
    fn positions(&self, list: &TopicPartitionList) -> Result<TopicPartitionList, Failure> {
        let context = || format!("asking for the positions of group {}", self.options.group);
        self.consumer
            .committed_offsets(list.clone(), BROKER_WAIT)
            .and_then(answered)
            .map_err(|error| Failure::of(context(), &error))
    }

    /// Goes back to the group's positions, so that what is not committed is read again. Where the
    /// broker does not say them, to the first record that this member has not committed.
    ///
    /// When the client cannot seek, this member leaves the group and joins it anew, which starts at
    /// the committed positions too.
    ///
    /// # Errors
    /// [`Failure::Fatal`] when it cannot join again.
    pub fn rewind(&mut self) -> Result<(), Failure> {
        if self.seek_back() {
            self.assignment.rewound();
            return Ok(());
        }
        self.rejoin()
    }

    fn rejoin(&mut self) -> Result<(), Failure> {
        let Self { config, options, connection, events, .. } = self;
        // The former member gives up its partitions first; it is dropped when the new one replaces
        // it.
        self.consumer.unsubscribe();
        self.assignment = Assignment::default();
        drop(events.take());
        self.has_joined = false;
        self.consumer = join(config, options, connection, events)?;
        Ok(())
    }

    /// Pauses reading, or continues where it paused. This member keeps its partitions and must keep
    /// polling: while paused, [`poll_batch`](Self::poll_batch) returns no records, but keeps the
    /// member in the group and handles rebalances.
    ///
    /// Records of a partition that is assigned during a pause may still be returned once.
    pub fn set_paused(&mut self, is_paused: bool) {
        if self.is_paused != is_paused {
            self.is_paused = is_paused;
            self.tell_client(is_paused);
        }
    }

    /// Partitions this member holds at the moment.
    pub fn partitions(&self) -> usize {
        self.assignment.len()
    }

    /// Whether the group has assigned partitions to this member, even if none.
    pub fn has_joined(&self) -> bool {
        self.has_joined
    }

    /// How many records of each held partition wait for their commit, where that is known. At most
    /// about a second old; while reading is paused, as of the pause.
    pub fn lags(&self) -> impl Iterator<Item = PartitionLag> {
        self.assignment.lags()
    }

    /// The state of this client's connection.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Pauses or resumes all partitions that are held. This is local to the client, which refuses
    /// only a partition that was just revoked.
    fn tell_client(&self, is_paused: bool) {
        let mut held = TopicPartitionList::new();
        for (topic, partition) in self.assignment.held() {
            held.add_partition(topic, partition);
        }
        let told = if is_paused { self.consumer.pause(&held) } else { self.consumer.resume(&held) };
        if let Err(error) = told {
            tracing::debug!(target: "kafka", is_paused, "pausing or resuming: {error}");
        }
    }

    fn seek_back(&self) -> bool {
        let mut list = TopicPartitionList::new();
        for (topic, partition, offset) in self.assignment.uncommitted() {
            if list.add_partition_offset(topic, partition, Offset::Offset(offset)).is_err() {
                return false;
            }
        }
        if list.count() == 0 {
            return true;
        }
        for known in self.positions(&list).iter().flat_map(TopicPartitionList::elements) {
            // Without a position the group has not come so far.
            if let Offset::Offset(_) = known.offset()
                && list
                    .set_partition_offset(known.topic(), known.partition(), known.offset())
                    .is_err()
            {
                return false;
            }
        }
        match self.consumer.seek_partitions(list, BROKER_WAIT) {
            // The call succeeds even when no partition could be sought: each has its own error.
            Ok(sought) => sought.elements().iter().all(|element| element.error().is_ok()),
            Err(error) => {
                tracing::debug!(target: "kafka", "seeking back: {error}");
                false
            }
        }
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source")
            .field("options", &self.options)
            .field("assignment", &self.assignment)
            .finish_non_exhaustive()
    }
}

fn config(settings: &KafkaSettings, options: &SourceOptions) -> ClientConfig {
    let mut config = settings.reading();
    config
        .set("group.id", &options.group)
        // See `member`: what is not in the log any more is not skipped in silence.
        .set("auto.offset.reset", "error")
        .set("partition.assignment.strategy", "cooperative-sticky")
        .set("session.timeout.ms", "15000")
        // A member learns by its next one that others must share; so long partitions stand still.
        .set("heartbeat.interval.ms", "1000")
        // Longer than a batch can take, whose longest part is the delivery timeout of its results.
        .set("max.poll.interval.ms", "180000");
    if let Some(instance) = &options.instance {
        config.set("group.instance.id", instance);
    }
    let mut config = settings.finish(config);
    if config
        .get("group.protocol")
        .is_some_and(|protocol| protocol.eq_ignore_ascii_case("consumer"))
    {
        // With the newer protocol the broker decides these, and the client refuses to set them.
        for decided in
            ["partition.assignment.strategy", "session.timeout.ms", "heartbeat.interval.ms"]
        {
            config.remove(decided);
        }
    }
    config
}

fn join(
    config: &ClientConfig,
    options: &SourceOptions,
    connection: &Connection,
    events: &Arc<Events>,
) -> Result<BaseConsumer<Member>, Failure> {
    let context = || format!("joining group {}", options.group);
    let member = Client { connection: connection.clone(), handler: Arc::clone(events) };
    let consumer: BaseConsumer<Member> =
        config.create_with_context(member).map_err(|error| Failure::of(context(), &error))?;
    let topics: Vec<&str> = options.topics.iter().map(String::as_str).collect();
    consumer.subscribe(&topics).map_err(|error| Failure::of(context(), &error))?;
    Ok(consumer)
}
