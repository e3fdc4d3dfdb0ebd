//! A deterministic simulation of transactional delivery: the product's [`Decisions`] on a model of
//! librdkafka, a broker and a network that delays, repeats and loses requests. One seed is one
//! schedule: which process moves, which message arrives, which fault happens. No clock, no thread.
//!
//! A schedule has [`FAULTY`] ticks with faults and then ends in peace, where everything must come
//! to rest with each record's outcome visible exactly once, in order.
//!
//! [`Decisions`]: verdict_consumer::deliver::decide::Decisions
#![allow(clippy::indexing_slicing, reason = "a model whose partitions are numbered from 0")]

mod broker;
mod control;
mod group;
mod member;

use broker::{Broker, MAX, Request, Response, is_dead};
pub(crate) use control::Variant;
use fastrand::Rng;
use member::{Process, Turn};
use verdict_consumer::deliver::decide::{Answer, End, Step};

/// Ticks with faults.
const FAULTY: u32 = 200;
/// Ticks in peace in which all must come to rest.
const PEACE: u32 = 4_000;
/// After how many ticks of peace the group expels a member that is gone.
const SESSION: u32 = 50;
/// After how many ticks of peace a transaction that nobody ends times out.
const TIMEOUT: u32 = 300;

/// What happens to one copy of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Prompt,
    /// It is executed, and its answer is lost.
    AnswerLost,
    Lost,
    /// It arrives at some time after this, perhaps much later.
    Delayed,
}

/// What surrounds the processes.
struct Env {
    broker: Broker,
    rng: Rng,
    variant: Variant,
    /// How many records each input partition has.
    records: Vec<u32>,
    /// Copies of requests that are still to arrive.
    delayed: Vec<Request>,
    /// How many of 100 requests are disturbed; 0 in peace.
    disturbed: u32,
    counts: Counts,
    notes: Option<Vec<String>>,
}

/// What happened in schedules, so that it is seen whether they contain what they should.
pub(crate) type Counts = [u64; COUNTED.len()];

/// What [`Counts`] are of.
pub(crate) const COUNTED: [&str; 7] = [
    "batches stand",
    "are void",
    "are left at a stop",
    "processes cannot go on",
    "producers are replaced within a batch",
    "unknown outcomes turn out to be committed",
    "late copies take effect",
];

impl Env {
    fn count(&mut self, step: Step, answer: Answer, next: Step) {
        let what = [
            next == Step::End(End::Stands),
            next == Step::End(End::Void),
            next == Step::End(End::Left),
            next == Step::End(End::Fatal),
            next == Step::Renew && step != Step::Renew,
            answer == Answer::Committed,
        ];
        self.counts.iter_mut().zip(what).for_each(|(count, is)| *count += u64::from(is));
    }

    fn note(&mut self, what: impl FnOnce() -> String) {
        if let Some(notes) = &mut self.notes {
            notes.push(format!("{:4} {}", self.broker.now, what()));
        }
    }

    fn fate(&mut self) -> Fate {
        if self.rng.u32(0..100) >= self.disturbed {
            return Fate::Prompt;
        }
        [Fate::AnswerLost, Fate::Lost, Fate::Delayed, Fate::Delayed][self.rng.usize(0..4)]
    }

    fn is_refused(&mut self) -> bool {
        self.disturbed > 0 && self.rng.u32(0..100) == 0
    }

    fn write_marker(&mut self) -> Result<(), String> {
        let any = self.rng.u32(0..32);
        let Some((tid, partition)) = self.broker.next_marker(any) else {
            return Ok(());
        };
        self.note(|| format!("marker of T{tid} in partition {partition}"));
        self.broker.mark(tid, partition)
    }

    /// A late copy of a request arrives, or is lost.
    fn arrive(&mut self) {
        if !self.delayed.is_empty() {
            let request = self.delayed.swap_remove(self.rng.usize(0..self.delayed.len()));
            let response = (self.rng.u32(0..10) > 0).then(|| self.broker.execute(request));
            self.note(|| format!("late {request:?}: {response:?}"));
            self.counts[6] += u64::from(response == Some(Response::Done));
        }
    }
}

struct World {
    env: Env,
    processes: Vec<Process>,
    slots: usize,
    has_instances: bool,
    // The `transactional.id` of each slot, if a process takes that of its predecessor.
    tids: Option<Vec<usize>>,
    // Faults per 1,000 ticks.
    faults: u32,
    started: usize,
}

impl World {
    fn new(seed: u64, variant: Variant, notes: Option<Vec<String>>) -> Self {
        let mut rng = Rng::with_seed(seed);
        let partitions = rng.usize(2..=MAX);
        let records = (0..partitions).map(|_| rng.u32(4..=15)).collect();
        let slots = rng.usize(2..=3);
        let mut broker = Broker::new(partitions);
        let tids = rng.bool().then(|| (0..slots).map(|_| broker.new_tid()).collect());
        // Schedules differ in how much goes wrong: much at once hides what a little shows.
        let disturbed = [0, 3, 10, 30][rng.usize(0..4)];
        let faults = [0, 10, 40, 80][rng.usize(0..4)];
        let has_instances = rng.bool();
        let (delayed, counts) = (Vec::new(), Counts::default());
        let env = Env { broker, rng, variant, records, delayed, disturbed, counts, notes };
        Self { env, processes: Vec::new(), slots, has_instances, tids, faults, started: 0 }
    }

    fn start(&mut self, slot: usize) {
        let tid = match &self.tids {
            Some(tids) => tids[slot],
            None => self.env.broker.new_tid(),
        };
        let name = format!("{}{} (T{tid})", ["A", "B", "C"][slot], self.started);
        self.started += 1;
        self.env.note(|| format!("{name} starts"));
        let instance = self.has_instances.then_some(slot);
        self.processes.push(Process::new(name, slot, tid, instance));
    }

    /// Starts what should run and does not; `chance` of 100 for each.
    fn supervise(&mut self, chance: u32) {
        for slot in 0..self.slots {
            let is_there = |one: &Process| one.slot == slot && !one.is_replaced;
            if !self.processes.iter().any(is_there) && self.env.rng.u32(0..100) < chance {
                self.start(slot);
            }
        }
    }

    fn with(
        &mut self,
        process: usize,
        act: impl FnOnce(&mut Process, &mut Env) -> Result<Turn, String>,
    ) -> Result<(), String> {
        if act(&mut self.processes[process], &mut self.env)? == Turn::Ends {
            let gone = self.processes.remove(process);
            self.env.note(|| format!("{} ends", gone.name));
            // One with an instance id does not leave the group; another is expected there.
            if let Some(id) = gone.id().filter(|_| !self.has_instances) {
                self.env.broker.group.expel(id);
            }
        }
        Ok(())
    }

    fn tick(&mut self) -> Result<(), String> {
        self.env.broker.now += 1;
        self.supervise(10);
        if self.env.rng.u32(0..1000) < self.faults {
            return self.fault();
        }
        let process = self.env.rng.usize(0..self.processes.len().max(1));
        let runs = self.processes.get(process).is_some_and(|process| !process.is_frozen);
        match self.env.rng.u32(0..100) {
            0..15 => self.env.write_marker()?,
            15..20 => self.env.arrive(),
            20..30 if runs => {
                self.processes[process].heartbeat(&mut self.env);
            }
            _ if runs => self.with(process, Process::turn)?,
            _ => {}
        }
        Ok(())
    }

    fn fault(&mut self) -> Result<(), String> {
        let Some(process) = self.env.rng.usize(0..64).checked_rem(self.processes.len()) else {
            return Ok(());
        };
        let Self { env, processes, .. } = self;
        let one = &mut processes[process];
        match env.rng.u32(0..8) {
            0 => {
                env.note(|| format!("{} is killed", one.name));
                self.processes.remove(process);
            }
            1 | 2 => {
                one.is_frozen = !one.is_frozen;
                env.note(|| format!("{} is frozen: {}", one.name, one.is_frozen));
            }
            3 if one.is_frozen && !one.is_replaced => {
                one.is_replaced = true;
                let slot = one.slot;
                self.start(slot);
            }
            4 => {
                if let Some(id) = one.id() {
                    env.note(|| format!("{} is expelled from the group", one.name));
                    env.broker.group.expel(id);
                }
            }
            5 => {
                let open = env.broker.open().next();
                if let Some((tid, _)) = open {
                    env.note(|| format!("the transaction of T{tid} times out"));
                    env.broker.time_out(tid);
                }
            }
            6 => {
                env.note(|| "the broker is killed and comes back".into());
                while !env.delayed.is_empty() {
                    env.arrive();
                }
                processes.iter_mut().for_each(Process::cut_off);
            }
            7 if !one.is_frozen => {
                env.note(|| format!("{} is asked to stop", one.name));
                return self.with(process, Process::give_up);
            }
            _ => {}
        }
        Ok(())
    }

    /// One round in which nothing goes wrong but what went wrong before.
    fn peace(&mut self, tick: u32) -> Result<(), String> {
        self.env.broker.now += 1;
        self.supervise(100);
        if self.env.rng.bool() {
            self.env.arrive();
        }
        self.env.write_marker()?;
        for process in (0..self.processes.len()).rev() {
            self.processes[process].heartbeat(&mut self.env);
            self.with(process, Process::turn)?;
        }
        let Env { broker, .. } = &mut self.env;
        if tick > SESSION {
            let lives = |id: &u32| self.processes.iter().any(|process| process.id() == Some(*id));
            let gone: Vec<u32> = broker.group.ids().filter(|id| !lives(id)).collect();
            gone.into_iter().for_each(|id| broker.group.expel(id));
        }
        let old = broker.open().find(|(_, since)| since + TIMEOUT < broker.now);
        if let Some((tid, _)) = old {
            broker.time_out(tid);
            self.env.note(|| format!("the transaction of T{tid} times out"));
        }
        Ok(())
    }

    fn is_quiet(&self) -> bool {
        let Env { broker, records, delayed, .. } = &self.env;
        delayed.is_empty() && broker.is_quiet() && broker.group.committed == *records
    }

    fn play(&mut self) -> Result<(), String> {
        for _ in 0..FAULTY {
            self.tick()?;
        }
        self.env.note(|| "peace".into());
        self.env.disturbed = 0;
        self.processes.iter_mut().for_each(|process| process.is_frozen = false);
        let mut tick = 0;
        while !self.is_quiet() {
            tick += 1;
            if tick > PEACE {
                return Err(format!("no rest: positions {:?}", self.env.broker.group.committed));
            }
            self.peace(tick)?;
        }
        self.verify()
    }

    /// Every record has its outcome once, in the order of the input.
    fn verify(&self) -> Result<(), String> {
        for (partition, records) in self.env.records.iter().enumerate() {
            for (log, dead) in [(partition, false), (partition + MAX, true)] {
                let expected = || (0..*records).filter(|offset| is_dead(*offset) == dead);
                let broker = &self.env.broker;
                if !broker.read_committed(log).eq(expected()) {
                    let visible: Vec<u32> = broker.read_committed(log).collect();
                    let kind = if dead { "dead letters" } else { "verdicts" };
                    return Err(format!("{kind} of p{partition}, 0..{records}: {visible:?}"));
                }
            }
        }
        Ok(())
    }
}

/// Runs one schedule, and adds what happened in it to `counts`.
///
/// # Errors
/// The promise that it breaks.
pub(crate) fn run(seed: u64, variant: Variant, counts: &mut Counts) -> Result<(), String> {
    let mut world = World::new(seed, variant, None);
    world.play()?;
    counts.iter_mut().zip(world.env.counts).for_each(|(count, one)| *count += one);
    Ok(())
}

/// One schedule in words, a line for each thing that happens, and how to run it alone.
pub(crate) fn explain(seed: u64, variant: Variant) -> String {
    let mut world = World::new(seed, variant, Some(Vec::new()));
    let result = world.play();
    let lines = world.env.notes.unwrap_or_default().join("\n");
    let broken = result.err().unwrap_or_else(|| "none".into());
    format!(
        "{lines}\nbroken promise of seed {seed}: {broken}\nalone: cargo run --release --locked -p \
         verdict-consumer --example simulate -- --schedules 1 --seed {seed}"
    )
}

/// The first of these schedules that catches a wrong driver: how many it took, and the promise that
/// it breaks.
pub(crate) fn caught(variant: Variant, schedules: u64) -> Option<(u64, String)> {
    (0..schedules)
        .find_map(|seed| Some((seed + 1, run(seed, variant, &mut Counts::default()).err()?)))
}
