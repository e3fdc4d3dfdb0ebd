//! Faults, one after the other, while reviews come; each is over when every partition has an
//! outcome again.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use verdict_kafka_io::{KafkaSettings, Positions};
use verdict_telemetry::output;
use verdict_testkit::{PATIENCE, Signal, signal};

use crate::broker::Cluster;
use crate::count::{Progress, count};
use crate::load::Load;
use crate::members::Member;
use crate::proxy::{Fault, Request};
use crate::report::{Report, Stalled};

/// Partitions of each topic, so few that each has a review several times a second.
const PARTITIONS: i32 = 6;
/// Reviews a second.
const RATE: u32 = 300;

/// How often each fault is done; by default never.
#[derive(Debug, Clone, Copy, Default)]
pub struct Plan {
    /// Members killed (SIGKILL) and started again.
    pub kills: u32,
    /// Members that come and go in order.
    pub guests: u32,
    /// Members frozen for 15 s, then for longer than their session.
    pub freezes: u32,
    /// Brokers killed and started again.
    pub broker_kills: u32,
    /// Rounds of every crash point: the member is killed before and after each request of a
    /// transaction.
    pub crash_rounds: u32,
    /// Rounds of every delayed, lost or broken request that may leave an outcome unknown.
    pub unknown_rounds: u32,
}

const CRASH_POINTS: [Request; 6] = [
    Request::InitProducerId,
    Request::AddPartitionsToTxn,
    Request::Produce,
    Request::AddOffsetsToTxn,
    Request::TxnOffsetCommit,
    Request::EndTxn,
];
const UNKNOWN: [Request; 3] = [Request::EndTxn, Request::AddOffsetsToTxn, Request::TxnOffsetCommit];
const DOUBTS: [Fault; 4] =
    [Fault::HoldIntoTheNext, Fault::LoseAnswer, Fault::BreakBefore, Fault::BreakAfter];

/// What a run works on.
struct Storm {
    cluster: Cluster,
    members: Vec<Member>,
    progress: Progress,
    report: Report,
}

impl Storm {
    fn start(program: &Path, cluster: Cluster, folder: &Path) -> (Self, Load) {
        let bootstrap = cluster.bootstrap();
        let mut addresses = vec![bootstrap.clone(), bootstrap.clone()];
        addresses.extend(cluster.proxied.as_ref().map(|(address, _)| address.to_string()));
        let members = addresses.iter().zip(["a", "b", "proxied"]);
        let members =
            members.map(|(address, name)| Member::start(program, address, Some(name), folder));
        let load = Load::start(&bootstrap, RATE, PARTITIONS);
        let mut storm = Self {
            members: members.collect(),
            progress: Progress::follow(&bootstrap),
            cluster,
            report: Report::default(),
        };
        let came = storm.recovered("start", Instant::now());
        storm.report.stalled(came);
        (storm, load)
    }

    /// Waits until this is there; `Err` if it does not come in good time.
    fn awaits<T>(
        &mut self,
        what: &str,
        mut ask: impl FnMut(&Self) -> Option<T>,
    ) -> Result<T, Stalled> {
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            self.members.iter_mut().for_each(Member::look_after);
            if let Some(answer) = ask(self) {
                return Ok(answer);
            }
            thread::park_timeout(Duration::from_millis(20));
        }
        Err(Stalled(format!("{what}: not within {PATIENCE:?}")))
    }

    /// Waits until every partition has had an outcome since then.
    fn recovered(&mut self, fault: &str, since: Instant) -> Result<(), Stalled> {
        let came = self.awaits(&format!("outcomes after: {fault}"), |storm| {
            storm.progress.silent_since(since, PARTITIONS).is_empty().then(|| since.elapsed())
        });
        let took = came.map_err(|Stalled(late)| {
            let silent = self.progress.silent_since(since, PARTITIONS);
            Stalled(format!("{late}, none in partitions {silent:?}"))
        })?;
        let gap = self.progress.longest_gap();
        self.report.recovered(fault, took, gap);
        let n = self.report.faults[fault].times;
        output::note(format_args!(
            "chaos: {fault} {n}: going on after {took:.2?}, longest gap {gap:.2?}"
        ));
        Ok(())
    }

    fn freeze(&mut self, n: u32) -> Result<(), Stalled> {
        // The longer one outlasts the session, so that others have taken the partitions.
        let (name, long) = [("frozen 15 s", 15), ("frozen 25 s", 25)][n as usize % 2];
        let member = n as usize / 2 % self.members.len();
        self.members[member].freeze();
        thread::park_timeout(Duration::from_secs(long));
        self.members[member].wake();
        self.recovered(name, Instant::now())
    }

    /// Does this to the next such request of the member behind the proxy.
    fn disturb(&mut self, request: Request, fault: Fault) -> Result<(), Stalled> {
        let Some((_, proxy)) = self.cluster.proxied.clone() else { return Ok(()) };
        let before = proxy.done();
        let last = self.members.len() - 1;
        if request == Request::InitProducerId {
            // It is sent at the start only.
            self.members[last].kill();
        }
        let id = self.members[last].id();
        proxy.arm(request, fault, move || signal(id, Signal::KILL));
        let name = format!("{request:?} {fault:?}");
        self.awaits(&name, |_| (proxy.done() > before).then_some(()))?;
        self.recovered(&name, Instant::now())
    }

    fn finish(mut self, load: Load, started: Instant) -> Report {
        self.report.sent = load.finish();
        let sent = self.report.sent;
        let kafka = KafkaSettings::new(self.cluster.bootstrap());
        let patience = Duration::from_secs(5);
        let positions = Positions { kafka: &kafka, group: "verdict", topic: "reviews", patience };
        output::note(format_args!("chaos: {sent} records were sent; awaiting their outcomes"));
        let all = self.awaits("an outcome of every record", |_| {
            let positions = positions.show().ok()?;
            positions.iter().all(|at| at.next == Some(at.end)).then_some(())
        });
        self.report.stalled(all);
        for status in self.members.iter().flat_map(|member| &member.ended) {
            *self.report.exits.entry(status.to_string()).or_default() += 1;
        }
        let bootstrap = self.cluster.bootstrap();
        for member in self.members.drain(..) {
            member.leave();
        }
        (self.report.counts, self.report.wrong) = count(&bootstrap);
        self.report.bound = 3.0 / self.report.n_faults() as f64;
        self.report.seconds = started.elapsed().as_secs_f64();
        self.report
    }
}

/// One broker, three members, and every fault of the plan.
pub fn storm(program: &Path, plan: &Plan, folder: &Path) -> Report {
    let started = Instant::now();
    let cluster = Cluster::one(PARTITIONS, folder);
    let (mut storm, load) = Storm::start(program, cluster, folder);
    let done = faults(&mut storm, program, plan, folder);
    storm.report.stalled(done);
    storm.finish(load, started)
}

fn faults(storm: &mut Storm, program: &Path, plan: &Plan, folder: &Path) -> Result<(), Stalled> {
    for _ in 0..plan.crash_rounds {
        for request in CRASH_POINTS {
            for fault in [Fault::KillBefore, Fault::KillAfter] {
                storm.disturb(request, fault)?;
            }
        }
    }
    for _ in 0..plan.unknown_rounds {
        for request in UNKNOWN {
            for fault in DOUBTS {
                storm.disturb(request, fault)?;
            }
        }
    }
    for n in 0..plan.kills {
        let member = n as usize % storm.members.len();
        let since = Instant::now();
        storm.members[member].kill();
        storm.recovered("member killed", since)?;
    }
    for _ in 0..plan.guests {
        let (since, bootstrap) = (Instant::now(), storm.cluster.bootstrap());
        let guest = Member::start(program, &bootstrap, None, folder);
        storm.recovered("member came", since)?;
        let since = Instant::now();
        guest.leave();
        storm.recovered("member left", since)?;
    }
    for n in 0..plan.freezes {
        storm.freeze(n)?;
    }
    for n in 0..plan.broker_kills {
        storm.cluster.kill_and_restart(0, Duration::from_secs(u64::from(n % 3)));
        storm.recovered("broker killed", Instant::now())?;
    }
    Ok(())
}

/// Three brokers, and each of them killed in turn, so many rounds.
pub fn roll(program: &Path, rounds: u32, folder: &Path) -> Report {
    let started = Instant::now();
    let cluster = Cluster::three(PARTITIONS, folder);
    let (mut storm, load) = Storm::start(program, cluster, folder);
    let done = kill_in_turn(&mut storm, rounds);
    storm.report.stalled(done);
    storm.finish(load, started)
}

fn kill_in_turn(storm: &mut Storm, rounds: u32) -> Result<(), Stalled> {
    for _ in 0..rounds {
        for node in 0..3 {
            let since = Instant::now();
            storm.cluster.nodes[node].kill9().unwrap();
            storm.recovered("one of three brokers killed", since)?;
            storm.cluster.nodes[node].restart().unwrap();
            storm.cluster.await_replicas();
        }
    }
    Ok(())
}
