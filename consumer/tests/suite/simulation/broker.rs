//! A model of Kafka's transactions before KIP-890, which is the protocol that librdkafka speaks: a
//! request acts on whatever transaction its epoch has open when it arrives, so a late copy can end
//! or alter a later one. Partitions ask the coordinator before they let a transaction begin (the
//! verification of Kafka 3.6 and later).

use super::group::{Group, Membership};

/// Input partitions at most.
pub(super) const MAX: usize = 4;
/// The number of the group's positions among the partitions that a transaction can touch; those
/// before it are the verdicts and dead letters of each input partition.
pub(super) const GROUP: usize = 2 * MAX;

/// A position for each input partition that has one.
pub(super) type Positions = [Option<u32>; MAX];

/// Whether the record at this offset has a dead letter instead of a verdict.
pub(super) fn is_dead(offset: u32) -> bool {
    offset % 5 == 4
}

/// What a producer sends. `tid` is its `transactional.id`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Request {
    /// InitProducerId; `bump` is the epoch of a producer that wants the next one for itself.
    Init { tid: usize, bump: Option<u32> },
    /// AddPartitionsToTxn, and AddOffsetsToTxn for [`GROUP`]: one bit each.
    Add { tid: usize, epoch: u32, partitions: u32 },
    /// Produce: the outputs of the records `from..to` of an input partition that go to this log.
    Produce { tid: usize, epoch: u32, log: usize, sequence: u32, from: u32, to: u32 },
    /// TxnOffsetCommit.
    Offsets { tid: usize, epoch: u32, member: Membership, positions: Positions },
    /// EndTxn.
    End { tid: usize, epoch: u32, commit: bool },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Response {
    Done,
    Epoch(u32),
    /// The former transaction is still being ended: ask again.
    Wait,
    /// This transaction can only be aborted.
    Refused,
    /// The producer is fenced, or its transaction is in another state than it believes.
    Fenced,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    #[default]
    Empty,
    Ongoing,
    /// Decided (to commit?); some markers are still to be written.
    Prepared(bool),
    Ended(bool),
}

#[derive(Debug, Default)]
struct Transaction {
    epoch: u32,
    // The epoch of the producer that asked for the present one as its own next.
    bumped_from: Option<u32>,
    state: State,
    partitions: u32,
    since: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Open,
    Committed,
    Aborted,
}

#[derive(Debug)]
struct Entry {
    tid: usize,
    offset: u32,
    fate: Fate,
}

/// What a partition knows of a producer.
#[derive(Debug, Clone, Copy, Default)]
struct Known {
    epoch: u32,
    next_sequence: u32,
    is_open: bool,
}

#[derive(Debug, Default)]
pub(super) struct Broker {
    pub(super) group: Group,
    pub(super) now: u32,
    transactions: Vec<Transaction>,
    logs: [Vec<Entry>; GROUP],
    known: [Vec<Known>; GROUP + 1],
}

impl Broker {
    pub(super) fn new(partitions: usize) -> Self {
        Self { group: Group::new(partitions), ..Self::default() }
    }

    /// A `transactional.id` that nobody has used.
    pub(super) fn new_tid(&mut self) -> usize {
        self.transactions.push(Transaction::default());
        self.known.iter_mut().for_each(|known| known.push(Known::default()));
        self.group.pending.push(None);
        self.transactions.len() - 1
    }

    pub(super) fn execute(&mut self, request: Request) -> Response {
        match request {
            Request::Init { tid, bump } => self.init(tid, bump),
            Request::Add { tid, epoch, partitions } => self.add(tid, epoch, partitions),
            Request::Produce { tid, epoch, log, sequence, from, to } => {
                if let Err(refusal) = self.admit(tid, epoch, log) {
                    return refusal;
                }
                let known = &mut self.known[log][tid];
                if sequence > known.next_sequence {
                    return Response::Refused;
                }
                if sequence == known.next_sequence {
                    known.next_sequence += 1;
                    known.is_open = true;
                    let offsets = (from..to).filter(|offset| is_dead(*offset) == (log >= MAX));
                    self.logs[log].extend(offsets.map(|offset| Entry {
                        tid,
                        offset,
                        fate: Fate::Open,
                    }));
                }
                Response::Done
            }
            Request::Offsets { tid, epoch, member, positions } => {
                if let Err(refusal) = self.admit(tid, epoch, GROUP) {
                    return refusal;
                }
                if !self.group.admits(member) {
                    return Response::Refused;
                }
                self.known[GROUP][tid].is_open = true;
                let pending = self.group.pending[tid].get_or_insert_default();
                for (old, new) in pending.iter_mut().zip(positions) {
                    *old = new.or(*old);
                }
                Response::Done
            }
            Request::End { tid, epoch, commit } => self.end(tid, epoch, commit),
        }
    }

    fn init(&mut self, tid: usize, bump: Option<u32>) -> Response {
        let transaction = &mut self.transactions[tid];
        let is_repeated = bump.is_some() && bump == transaction.bumped_from;
        if bump.is_some_and(|epoch| epoch != transaction.epoch) && !is_repeated {
            return Response::Fenced;
        }
        match transaction.state {
            State::Ongoing => {
                transaction.bumped_from = bump;
                self.fence(tid);
                Response::Wait
            }
            State::Prepared(_) => Response::Wait,
            State::Empty | State::Ended(_) => {
                transaction.epoch += u32::from(!is_repeated);
                transaction.bumped_from = bump;
                transaction.state = State::Empty;
                Response::Epoch(transaction.epoch)
            }
        }
    }

    /// Raises the epoch and aborts what is open.
    fn fence(&mut self, tid: usize) {
        let transaction = &mut self.transactions[tid];
        transaction.epoch += 1;
        transaction.state = State::Prepared(false);
    }

    fn add(&mut self, tid: usize, epoch: u32, partitions: u32) -> Response {
        let transaction = &mut self.transactions[tid];
        if epoch != transaction.epoch {
            return Response::Fenced;
        }
        match transaction.state {
            State::Prepared(_) => return Response::Wait,
            State::Ongoing => transaction.partitions |= partitions,
            State::Empty | State::Ended(_) => {
                transaction.state = State::Ongoing;
                transaction.partitions = partitions;
                transaction.since = self.now;
            }
        }
        Response::Done
    }

    fn end(&mut self, tid: usize, epoch: u32, commit: bool) -> Response {
        let transaction = &mut self.transactions[tid];
        if epoch != transaction.epoch {
            return Response::Fenced;
        }
        match transaction.state {
            State::Ongoing => {
                transaction.state = State::Prepared(commit);
                Response::Done
            }
            State::Prepared(how) if how == commit => Response::Wait,
            State::Ended(how) if how == commit => Response::Done,
            _ => Response::Fenced,
        }
    }

    /// Whether a partition takes what this producer sends.
    fn admit(&mut self, tid: usize, epoch: u32, partition: usize) -> Result<(), Response> {
        let (known, transaction) = (&mut self.known[partition][tid], &self.transactions[tid]);
        if known.is_open && epoch == known.epoch {
            return Ok(());
        }
        if epoch < known.epoch || epoch != transaction.epoch {
            return Err(Response::Fenced);
        }
        if transaction.state != State::Ongoing || transaction.partitions & (1 << partition) == 0 {
            return Err(Response::Refused);
        }
        known.rise(epoch);
        Ok(())
    }

    /// Aborts a transaction that is open for too long.
    pub(super) fn time_out(&mut self, tid: usize) {
        if self.transactions[tid].state == State::Ongoing {
            self.fence(tid);
        }
    }

    /// Transactions that are open, and since when.
    pub(super) fn open(&self) -> impl Iterator<Item = (usize, u32)> {
        let all = self.transactions.iter().enumerate();
        all.filter(|(_, one)| one.state == State::Ongoing).map(|(tid, one)| (tid, one.since))
    }

    /// A marker that is still to be written: transaction and partition.
    pub(super) fn next_marker(&self, any: u32) -> Option<(usize, usize)> {
        let prepared = |one: &&(usize, &Transaction)| matches!(one.1.state, State::Prepared(_));
        let (tid, transaction) = self.transactions.iter().enumerate().find(|one| prepared(&one))?;
        // The first at or after `any`, going round.
        let turned = transaction.partitions.rotate_right(any % 32);
        Some((tid, ((turned.trailing_zeros() + any) % 32) as usize))
    }

    /// Writes a marker.
    ///
    /// # Errors
    /// A position went back.
    pub(super) fn mark(&mut self, tid: usize, partition: usize) -> Result<(), String> {
        let transaction = &mut self.transactions[tid];
        let State::Prepared(commit) = transaction.state else {
            return Ok(());
        };
        transaction.partitions &= !(1 << partition);
        if transaction.partitions == 0 {
            transaction.state = State::Ended(commit);
        }
        let known = &mut self.known[partition][tid];
        known.is_open = false;
        known.rise(transaction.epoch);
        if partition == GROUP {
            return self.group.mark(tid, commit);
        }
        let fate = if commit { Fate::Committed } else { Fate::Aborted };
        let open = |entry: &&mut Entry| entry.tid == tid && entry.fate == Fate::Open;
        self.logs[partition].iter_mut().filter(open).for_each(|entry| entry.fate = fate);
        Ok(())
    }

    /// Whether the outcome of a record is committed, if not yet visible.
    pub(super) fn stands(&self, partition: usize, offset: u32) -> bool {
        let log = partition + if is_dead(offset) { MAX } else { 0 };
        self.logs[log].iter().any(|entry| {
            entry.offset == offset
                && match entry.fate {
                    Fate::Committed => true,
                    Fate::Aborted => false,
                    Fate::Open => self.transactions[entry.tid].state == State::Prepared(true),
                }
        })
    }

    /// What a reader at `read_committed` sees of an output partition: everything before the last
    /// stable offset that is not aborted.
    pub(super) fn read_committed(&self, log: usize) -> impl Iterator<Item = u32> {
        let stable = self.logs[log].iter().take_while(|entry| entry.fate != Fate::Open);
        stable.filter(|entry| entry.fate == Fate::Committed).map(|entry| entry.offset)
    }

    /// Whether no transaction is open or being ended.
    pub(super) fn is_quiet(&self) -> bool {
        let is_over = |one: &Transaction| matches!(one.state, State::Empty | State::Ended(_));
        self.transactions.iter().all(is_over) && self.group.pending.iter().all(Option::is_none)
    }
}

impl Known {
    fn rise(&mut self, epoch: u32) {
        if epoch > self.epoch {
            (self.epoch, self.next_sequence) = (epoch, 0);
        }
    }
}
