//! Is the service ready for work, and is it still getting on with it?
//!
//! Readiness is a set of named checks; each is failing, with the reason "starting", until the part
//! that owns it says otherwise. Liveness is a set of progress clocks: a loop touches its clock each
//! time round, and a clock that was not touched for its limit means that the loop is wedged,
//! although the process runs. A loop that waits for others touches its clock meanwhile, since a
//! restart would wait too; a second kind of clock, which it does not touch then, makes the service
//! not ready.

use std::{
    fmt::Write as _,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use crate::lock::lock;

/// The health of one service; clones share it.
#[derive(Debug, Clone)]
pub struct Health(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    start: Instant,
    stopping: AtomicBool,
    checks: Mutex<Vec<State>>,
    clocks: Mutex<Vec<Clock>>,
    turns: Mutex<Vec<Clock>>,
}

/// A check as it is.
#[derive(Debug, Clone)]
pub(crate) struct State {
    pub(crate) name: &'static str,
    pub(crate) failure: Option<String>,
    // What there is to say of it while it passes.
    note: &'static str,
}

impl State {
    fn failing(name: &'static str, failure: Option<String>) -> Self {
        Self { name, failure, note: "" }
    }
}

#[derive(Debug)]
struct Clock {
    name: &'static str,
    limit: Duration,
    // Milliseconds since `Shared::start`.
    touched: Arc<AtomicU64>,
}

impl Default for Health {
    fn default() -> Self {
        Self(Arc::new(Shared {
            start: Instant::now(),
            stopping: AtomicBool::new(false),
            checks: Mutex::default(),
            clocks: Mutex::default(),
            turns: Mutex::default(),
        }))
    }
}

/// One readiness check; whoever holds it reports on it.
#[derive(Debug, Clone)]
pub struct Check {
    shared: Arc<Shared>,
    index: usize,
}

/// The progress clock of one loop.
#[derive(Debug, Clone)]
pub struct Progress {
    shared: Arc<Shared>,
    touched: Arc<AtomicU64>,
}

/// Whether all is well, in one line for each check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Whether all checks pass.
    pub ok: bool,
    /// Plain text for a person: `ok kafka` or `failing kafka: no broker answers`.
    pub text: String,
}

impl Health {
    /// The readiness check of this name. A new one fails with "starting" until [`Check::pass`] is called.
    #[must_use]
    pub fn check(&self, name: &'static str) -> Check {
        let mut checks = lock(&self.0.checks);
        let known = checks.iter().position(|state| state.name == name);
        let index = known.unwrap_or(checks.len());
        if known.is_none() {
            checks.push(State::failing(name, Some("starting".to_owned())));
        }
        Check { shared: Arc::clone(&self.0), index }
    }

    /// Makes these checks before the parts that own them start, so that the service is not ready until they have.
    pub fn expect(&self, names: &[&'static str]) {
        for name in names {
            let _started_later = self.check(name);
        }
    }

    /// Adds a progress clock: `/healthz` fails when it is not touched for longer than `limit`.
    #[must_use]
    pub fn progress(&self, name: &'static str, limit: Duration) -> Progress {
        self.clock(&self.0.clocks, name, limit)
    }

    /// Adds a clock of whole turns: `/readyz` fails when it is not touched for longer than `limit`.
    #[must_use]
    pub fn turns(&self, name: &'static str, limit: Duration) -> Progress {
        self.clock(&self.0.turns, name, limit)
    }

    fn clock(&self, clocks: &Mutex<Vec<Clock>>, name: &'static str, limit: Duration) -> Progress {
        let touched = Arc::new(AtomicU64::new(millis(self.0.start.elapsed())));
        lock(clocks).push(Clock { name, limit, touched: Arc::clone(&touched) });
        Progress { shared: Arc::clone(&self.0), touched }
    }

    /// From now on the service is not ready, whatever the checks say, so that no new work is sent here.
    pub fn stopping(&self) {
        self.0.stopping.store(true, Ordering::Relaxed);
    }

    /// Ready for work? No, while any check fails, a turn takes too long at `now`, or the service
    /// stops.
    #[must_use]
    pub fn readiness(&self, now: Instant) -> Status {
        Status::of(&self.checks(now))
    }

    /// Alive? No, when a progress clock stands still at `now`.
    #[must_use]
    pub fn liveness(&self, now: Instant) -> Status {
        Status::of(&self.failures(&self.0.clocks, now))
    }

    /// Each check and clock of turns as it is at `now`.
    pub(crate) fn checks(&self, now: Instant) -> Vec<State> {
        let stopping = self.0.stopping.load(Ordering::Relaxed);
        let stopping = stopping
            .then(|| State::failing("shutdown", Some("the service is stopping".to_owned())));
        let mut all = Vec::from_iter(stopping);
        all.extend(lock(&self.0.checks).iter().cloned());
        all.extend(self.failures(&self.0.turns, now));
        all
    }

    fn failures(&self, clocks: &Mutex<Vec<Clock>>, now: Instant) -> Vec<State> {
        let now = millis(now.saturating_duration_since(self.0.start));
        lock(clocks).iter().map(|clock| State::failing(clock.name, clock.failure(now))).collect()
    }
}

impl Clock {
    /// What is wrong with it, in milliseconds since the start.
    fn failure(&self, now: u64) -> Option<String> {
        let still = now.saturating_sub(self.touched.load(Ordering::Relaxed));
        let still = Duration::from_millis(still);
        (still > self.limit).then(|| {
            let limit = self.limit;
            format!("no progress for {still:.1?}, the limit is {limit:.1?}")
        })
    }
}

impl Check {
    /// The check passes.
    pub fn pass(&self) {
        self.pass_with("");
    }

    /// The check passes; `note` is shown to whoever reads `/readyz`.
    pub fn pass_with(&self, note: &'static str) {
        self.set(None, note);
    }

    /// The check fails; `reason` is shown to whoever reads `/readyz`.
    pub fn fail(&self, reason: impl Into<String>) {
        self.set(Some(reason.into()), "");
    }

    fn set(&self, failure: Option<String>, note: &'static str) {
        if let Some(state) = lock(&self.shared.checks).get_mut(self.index) {
            (state.failure, state.note) = (failure, note);
        }
    }
}

impl Progress {
    /// The loop got round once more.
    pub fn touch(&self) {
        self.touched.store(millis(self.shared.start.elapsed()), Ordering::Relaxed);
    }
}

impl Status {
    fn of(checks: &[State]) -> Self {
        let mut text = String::new();
        for State { name, failure, note } in checks {
            // Writing to a String cannot fail.
            let _infallible = match failure {
                None if note.is_empty() => writeln!(text, "ok {name}"),
                None => writeln!(text, "ok {name}: {note}"),
                Some(reason) => writeln!(text, "failing {name}: {reason}"),
            };
        }
        Self { ok: checks.iter().all(|check| check.failure.is_none()), text }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_fails_until_it_passes_and_says_why_when_it_fails_again() {
        let health = Health::default();
        assert!(health.readiness(Instant::now()).ok, "a service without checks is ready");
        let kafka = health.check("kafka");
        assert_eq!(health.readiness(Instant::now()).text, "failing kafka: starting\n");
        kafka.pass();
        assert_eq!(
            health.readiness(Instant::now()),
            Status { ok: true, text: "ok kafka\n".to_owned() }
        );
        kafka.pass_with("two brokers");
        assert_eq!(health.readiness(Instant::now()).text, "ok kafka: two brokers\n");
        kafka.fail("no broker answers");
        assert_eq!(health.readiness(Instant::now()).text, "failing kafka: no broker answers\n");
    }

    #[test]
    fn a_check_that_is_expected_fails_until_its_owner_says_otherwise() {
        let health = Health::default();
        health.expect(&["kafka", "model"]);
        health.check("model").pass();
        assert_eq!(health.readiness(Instant::now()).text, "failing kafka: starting\nok model\n");
        health.check("kafka").pass();
        assert!(health.readiness(Instant::now()).ok);
    }

    #[test]
    fn a_stopping_service_is_alive_but_not_ready() {
        let health = Health::default();
        health.check("kafka").pass();
        health.stopping();
        assert!(!health.readiness(Instant::now()).ok);
        assert!(health.liveness(Instant::now()).ok);
    }

    #[test]
    fn a_loop_that_stands_still_is_not_alive_until_it_moves() {
        let health = Health::default();
        let progress = health.progress("loop", Duration::from_secs(30));
        let start = Instant::now();
        assert!(health.liveness(start + Duration::from_secs(29)).ok);
        let late = health.liveness(start + Duration::from_secs(32));
        assert!(!late.ok);
        assert!(late.text.contains("no progress for"), "{}", late.text);
        progress.touch();
        assert!(health.liveness(Instant::now()).ok);
    }

    #[test]
    fn a_turn_that_takes_too_long_makes_a_service_not_ready_and_leaves_it_alive() {
        let health = Health::default();
        let turn = health.turns("delivery", Duration::from_secs(8));
        let later = Instant::now() + Duration::from_secs(9);
        assert!(health.readiness(Instant::now()).ok);
        let report = health.readiness(later);
        assert!(!report.ok);
        assert!(report.text.contains("failing delivery: no progress"), "{}", report.text);
        assert!(health.liveness(later).ok);
        turn.touch();
        assert!(health.readiness(Instant::now()).ok);
    }
}
