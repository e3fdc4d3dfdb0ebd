//! A model of one consumer process: librdkafka as it is, and the loop around [`Decisions`].

use verdict_consumer::deliver::decide::{Answer, Decisions, End, Step};

use super::{
    Env, Fate, Variant,
    broker::{GROUP, MAX, Positions, Request, Response, is_dead},
    group::{Beat, Membership},
};

/// What a process does in its next turn.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Work {
    #[default]
    Poll,
    /// Takes the group metadata of the batch.
    Metadata,
    Step(Step),
    Rewind,
}

/// What became of a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    On,
    /// The process ends by itself.
    Ends,
}

#[derive(Debug, Default)]
pub(super) struct Process {
    pub(super) name: String,
    /// Which of the supervisor's processes it is.
    pub(super) slot: usize,
    pub(super) tid: usize,
    pub(super) is_frozen: bool,
    /// The supervisor has started another in its place.
    pub(super) is_replaced: bool,
    instance: Option<usize>,
    work: Work,
    // The consumer: its member id, and the next record of each partition that it holds.
    id: Option<u32>,
    generation: u32,
    is_lost: bool,
    held: Positions,
    // The batch: records `from..to` of each partition.
    batch: [Option<(u32, u32)>; MAX],
    membership: Membership,
    // The producer.
    epoch: u32,
    sequences: [u32; GROUP],
    wants_bump: bool,
    decisions: Decisions,
    // How many requests of the present step are answered, and whether any was repeated.
    answered: usize,
    is_late: bool,
    // A repeated request that the driver will notice before it begins the next transaction.
    is_unnoticed: bool,
}

impl Process {
    pub(super) fn new(name: String, slot: usize, tid: usize, instance: Option<usize>) -> Self {
        Self { name, slot, tid, instance, ..Self::default() }
    }

    pub(super) fn id(&self) -> Option<u32> {
        self.id
    }

    /// One small piece of work.
    ///
    /// # Errors
    /// A promise is broken.
    pub(super) fn turn(&mut self, env: &mut Env) -> Result<Turn, String> {
        match self.work {
            Work::Poll => return Ok(self.poll(env)),
            Work::Metadata => {
                self.take_metadata(env);
                if std::mem::take(&mut self.is_unnoticed) {
                    self.decisions.taint();
                }
                let first = self.decisions.begin();
                self.go_to(first);
            }
            Work::Step(step) => return self.step(step, env),
            Work::Rewind => {
                let held = (0..MAX).filter(|p| self.held[*p].is_some());
                let positions = held.map(|p| Some((p, env.broker.group.stable(p)?)));
                // Positions that are not stable are asked for again.
                if let Some(positions) = positions.collect::<Option<Vec<_>>>() {
                    positions.iter().for_each(|(p, position)| self.held[*p] = Some(*position));
                    env.note(|| format!("{} rewinds to {:?}", self.name, self.held));
                    self.work = Work::Poll;
                }
            }
        }
        Ok(Turn::On)
    }

    fn take_metadata(&mut self, env: &mut Env) {
        let seat = self.id.map(|id| (id, self.generation));
        self.membership = Membership { seat, instance: self.instance };
        env.note(|| format!("{} takes its metadata: {seat:?}", self.name));
    }

    /// The client's own thread: it notices what the group decided.
    pub(super) fn heartbeat(&mut self, env: &mut Env) -> Beat {
        let Some(id) = self.id else {
            return Beat::Unknown;
        };
        let beat = env.broker.group.heartbeat(id, self.instance);
        match beat {
            Beat::Generation(generation) => self.generation = generation,
            Beat::Unknown => (self.id, self.is_lost) = (None, true),
            Beat::Fenced => {}
        }
        beat
    }

    /// Reads a batch; rebalances happen here alone.
    fn poll(&mut self, env: &mut Env) -> Turn {
        self.batch = [None; MAX];
        if self.id.is_none() && !self.is_lost {
            let id = env.broker.group.join(self.instance);
            env.note(|| format!("{} joins as member {id}", self.name));
            self.id = Some(id);
        }
        for partition in 0..MAX {
            let Some(from) = self.held[partition] else {
                continue;
            };
            let to = env.records[partition].min(from + env.rng.u32(0..6));
            if to > from {
                self.batch[partition] = Some((from, to));
                self.held[partition] = Some(to);
            }
        }
        if self.heartbeat(env) == Beat::Fenced {
            env.note(|| format!("{} is fenced by its instance id and ends", self.name));
            return Turn::Ends;
        }
        if let Some(id) = self.id {
            self.rebalance(id, env);
        } else {
            env.note(|| format!("{} has lost its partitions", self.name));
            self.is_lost = false;
            (self.held, self.batch) = ([None; MAX], [None; MAX]);
        }
        if self.batch.iter().any(Option::is_some) {
            env.note(|| format!("{} polls {:?}", self.name, self.batch));
            self.work = Work::Metadata;
        }
        Turn::On
    }

    fn rebalance(&mut self, id: u32, env: &mut Env) {
        for partition in 0..env.records.len() {
            if self.held[partition].is_some() && env.broker.group.is_revoked(id, partition) {
                env.note(|| format!("{} gives up p{partition}", self.name));
                env.broker.group.release(id, partition);
                self.held[partition] = None;
                if env.variant != Variant::CountsRevoked {
                    self.batch[partition] = None;
                }
            } else if self.held[partition].is_none()
                && let Some(position) = env.broker.group.acquire(id, partition)
            {
                env.note(|| format!("{} gets p{partition} at {position}", self.name));
                self.held[partition] = Some(position);
            }
        }
    }

    fn go_to(&mut self, step: Step) {
        (self.work, self.answered, self.is_late) = (Work::Step(step), 0, false);
    }

    fn positions(&self) -> Positions {
        self.batch.map(|records| records.map(|(_, to)| to))
    }

    /// The output partitions of the batch.
    fn outputs(&self) -> impl Iterator<Item = (usize, u32, u32)> {
        let batch = self.batch.iter().enumerate();
        let ranges = batch.filter_map(|(p, records)| records.map(|(from, to)| (p, from, to)));
        ranges.flat_map(|(p, from, to)| {
            let has = move |dead: bool| (from..to).any(|offset| is_dead(offset) == dead);
            let logs = [(p, has(false)), (p + MAX, has(true))];
            logs.into_iter().filter(|(_, is_used)| *is_used).map(move |(log, _)| (log, from, to))
        })
    }

    /// The request number `answered` of a step, or None when all are answered.
    fn request(&self, step: Step, variant: Variant) -> Option<Request> {
        let (tid, epoch) = (self.tid, self.epoch);
        let offsets = [
            Request::Add { tid, epoch, partitions: 1 << GROUP },
            Request::Offsets { tid, epoch, member: self.membership, positions: self.positions() },
            Request::End { tid, epoch, commit: true },
        ];
        let first = variant == Variant::PositionsFirst;
        let only = |request| Some(request).filter(|_| self.answered == 0);
        match step {
            Step::Renew => only(Request::Init { tid, bump: None }),
            Step::Write => {
                let before = if first { &offsets[..] } else { &[] };
                if let Some(request) = before.get(self.answered) {
                    return Some(*request);
                }
                let at = self.answered - before.len();
                if at == 0 {
                    let partitions = self.outputs().fold(0, |bits, (log, ..)| bits | (1 << log));
                    return Some(Request::Add { tid, epoch, partitions });
                }
                self.outputs().nth(at - 1).map(|(log, from, to)| {
                    let sequence = self.sequences[log];
                    Request::Produce { tid, epoch, log, sequence, from, to }
                })
            }
            Step::Offsets if first => None,
            Step::Offsets => offsets[..2].get(self.answered).copied(),
            Step::Commit => only(Request::End { tid, epoch, commit: true }),
            // A producer whose records may be lost or late asks for a new epoch, which aborts too.
            Step::Abort if self.wants_bump => only(Request::Init { tid, bump: Some(epoch) }),
            Step::Abort => only(Request::End { tid, epoch, commit: false }),
            Step::Begin | Step::Positions | Step::End(_) => None,
        }
    }

    fn step(&mut self, step: Step, env: &mut Env) -> Result<Turn, String> {
        if step == Step::Positions {
            let held = (0..MAX).filter(|p| self.batch[*p].is_some());
            let stable = held.map(|p| Some((p, env.broker.group.stable(p)?)));
            let Some(stable) = stable.collect::<Option<Vec<_>>>() else {
                return Ok(Turn::On);
            };
            let mine = self.positions();
            let all = stable.iter().all(|(p, position)| mine[*p] == Some(*position));
            let answer = if all { Answer::Committed } else { Answer::NotCommitted };
            return self.answer(step, answer, env);
        }
        if step == Step::Commit && env.variant == Variant::RepliesFirst {
            self.reply(env)?;
        }
        // Taken at any time between two polls.
        if step == Step::Offsets && self.answered == 0 && env.rng.bool() {
            self.take_metadata(env);
        }
        // The driver's part: a member that was expelled and knows it has no say.
        if step == Step::Offsets
            && self.membership.seat.is_none()
            && env.variant != Variant::SendsWithoutSeat
        {
            return self.answer(step, Answer::Refused, env);
        }
        let Some(request) = self.request(step, env.variant) else {
            return self.answer(step, Answer::Done, env);
        };
        // A delivery that failed, or a refusal of another kind; a commit is refused before it is
        // sent.
        let may_refuse =
            matches!(step, Step::Write | Step::Offsets) || step == Step::Commit && !self.is_late;
        if may_refuse && env.is_refused() {
            env.note(|| format!("{} is refused {request:?}", self.name));
            return self.answer(step, Answer::Refused, env);
        }
        let fate = env.fate();
        let response = match fate {
            Fate::Prompt | Fate::AnswerLost => Some(env.broker.execute(request)),
            Fate::Lost => None,
            Fate::Delayed => {
                env.delayed.push(request);
                None
            }
        };
        env.note(|| format!("{} {request:?}: {fate:?}, {response:?}", self.name));
        match response.filter(|_| fate == Fate::Prompt) {
            None => self.unanswered(step, env),
            Some(Response::Wait) => Ok(Turn::On),
            Some(Response::Refused) => self.answer(step, Answer::Refused, env),
            Some(Response::Fenced) => self.answer(step, Answer::Broken, env),
            Some(Response::Epoch(epoch)) => {
                (self.epoch, self.sequences, self.wants_bump) = (epoch, [0; GROUP], false);
                // What the former producer sent is of an epoch that is refused.
                self.is_unnoticed &= step != Step::Renew;
                self.next_request(step, env)
            }
            Some(Response::Done) => {
                if let Request::Produce { log, .. } = request {
                    self.sequences[log] += 1;
                }
                self.next_request(step, env)
            }
        }
    }

    fn next_request(&mut self, step: Step, env: &mut Env) -> Result<Turn, String> {
        self.answered += 1;
        if step != Step::Renew && self.request(step, env.variant).is_some() {
            return Ok(Turn::On);
        }
        self.answer(step, Answer::Done, env)
    }

    /// The client repeats the request in its next turn, and may return before that.
    fn unanswered(&mut self, step: Step, env: &mut Env) -> Result<Turn, String> {
        self.is_late = true;
        match env.rng.u32(0..20) {
            0..5 => self.answer(step, Answer::Again, env),
            // It does not return, or time and again without a word from the broker.
            5 if step != Step::Renew => self.answer(step, Answer::Unknown, env),
            6 if step != Step::Renew => {
                while self.work == Work::Step(step) {
                    self.answer(step, Answer::Again, env)?;
                }
                Ok(Turn::On)
            }
            7 => self.answer(step, Answer::Broken, env),
            // It gives the transaction up, for instance since it is not authorised any more.
            8 if matches!(step, Step::Write | Step::Offsets) => {
                self.answer(step, Answer::Refused, env)
            }
            _ => Ok(Turn::On),
        }
    }

    /// The connection of a request that is on its way broke.
    pub(super) fn cut_off(&mut self) {
        self.is_late |= matches!(self.work, Work::Step(_));
    }

    /// It is asked to stop, and no longer waits.
    pub(super) fn give_up(&mut self, env: &mut Env) -> Result<Turn, String> {
        match self.work {
            Work::Step(step) => self.answer(step, Answer::GivenUp, env),
            _ => Ok(Turn::Ends),
        }
    }

    fn answer(&mut self, step: Step, answer: Answer, env: &mut Env) -> Result<Turn, String> {
        self.wants_bump |= step == Step::Write && answer == Answer::Refused;
        let answer = self.noticed(step, answer, env);
        let next = env.variant.next(&mut self.decisions, step, answer);
        env.note(|| format!("{} {step:?} is {answer:?}: {next:?}", self.name));
        env.count(step, answer, next);
        match next {
            Step::End(End::Stands) => {
                self.work = Work::Poll;
                self.reply(env)?;
            }
            Step::End(End::Void) if env.variant == Variant::ForgetsRewind => self.work = Work::Poll,
            Step::End(End::Void) => self.work = Work::Rewind,
            Step::End(End::Left | End::Fatal) => return Ok(Turn::Ends),
            // The same call again goes on where it was.
            next if next == step && answer == Answer::Again => {}
            next => self.go_to(next),
        }
        Ok(Turn::On)
    }

    /// The driver notices that a request was repeated at once, or before the next transaction.
    fn noticed(&mut self, step: Step, answer: Answer, env: &mut Env) -> Answer {
        let is_late = self.is_late && env.variant.notices(answer);
        match answer {
            Answer::Done | Answer::Refused if is_late && step != Step::Renew && env.rng.bool() => {
                self.is_unnoticed = true;
            }
            Answer::Done if is_late => return Answer::DoneLate,
            Answer::Refused if is_late => self.decisions.taint(),
            _ => {}
        }
        answer
    }

    fn reply(&self, env: &Env) -> Result<(), String> {
        for (partition, records) in self.batch.iter().enumerate() {
            let (from, to) = records.unwrap_or_default();
            if let Some(offset) = (from..to).find(|offset| !env.broker.stands(partition, *offset)) {
                return Err(format!("a reply for p{partition}@{offset}, which is not committed"));
            }
        }
        Ok(())
    }
}
