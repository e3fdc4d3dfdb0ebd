//! Counts the records of a publisher that are confirmed or failed, and wakes who waits for them.
//! Pure: the client's delivery callback only calls it.

use std::{
    collections::VecDeque,
    sync::{Condvar, Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::Details;

/// How many records are resolved: confirmed or failed.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    resolved: u64,
    failed: u64,
    // The number of resolved records that a waiter needs; before that nobody is woken.
    awaited: u64,
    // Failures that were not reported yet, and the first of them.
    unreported: u64,
    first_failure: Option<Details>,
    // Numbers of resolved records to measure until, and from when.
    marks: VecDeque<(u64, Instant)>,
    took: Vec<Duration>,
}

impl Tally {
    /// Measures the time from `since` until `target` records are resolved.
    pub(crate) fn measure(&self, target: u64, since: Instant) {
        self.lock().marks.push_back((target, since));
    }

    /// What was measured since the last call.
    pub(crate) fn take_measured(&self) -> Vec<Duration> {
        std::mem::take(&mut self.lock().took)
    }

    pub(crate) fn resolved(&self) -> u64 {
        self.lock().resolved
    }

    pub(crate) fn totals(&self) -> (u64, u64) {
        let state = self.lock();
        (state.resolved, state.failed)
    }

    pub(crate) fn resolve(&self, failure: Option<Details>) {
        let mut state = self.lock();
        state.resolved += 1;
        if let Some(details) = failure {
            state.failed += 1;
            state.unreported += 1;
            state.first_failure.get_or_insert(details);
        }
        while let Some(&(target, since)) = state.marks.front()
            && target <= state.resolved
        {
            state.marks.pop_front();
            state.took.push(since.elapsed());
        }
        if state.resolved >= state.awaited {
            self.changed.notify_all();
        }
    }

    /// Whether `target` records were resolved within `timeout`.
    pub(crate) fn wait_until(&self, target: u64, timeout: Duration) -> bool {
        let mut state = self.lock();
        state.awaited = target;
        let (state, _) = self
            .changed
            .wait_timeout_while(state, timeout, |state| state.resolved < target)
            .unwrap_or_else(PoisonError::into_inner);
        state.resolved >= target
    }

    /// The failures were not reported yet, and the first of them.
    pub(crate) fn take_failures(&self) -> Option<(u64, Details)> {
        let mut state = self.lock();
        let details = state.first_failure.take()?;
        Some((std::mem::take(&mut state.unreported), details))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::Cause;

    #[test]
    fn a_wait_ends_when_the_last_record_is_resolved_and_not_before() {
        let tally = Arc::new(Tally::default());
        let waiting = Arc::clone(&tally);
        let waiter = std::thread::spawn(move || waiting.wait_until(3, Duration::from_secs(10)));
        for _ in 0..3 {
            tally.resolve(None);
        }
        assert!(waiter.join().unwrap());
        assert!(tally.take_failures().is_none());
        assert!(!tally.wait_until(4, Duration::ZERO));
    }

    #[test]
    fn a_measurement_ends_when_its_last_record_is_resolved() {
        let tally = Tally::default();
        tally.measure(2, Instant::now());
        tally.resolve(None);
        assert_eq!(tally.take_measured(), []);
        tally.resolve(None);
        assert_eq!(tally.take_measured().len(), 1);
        assert_eq!(tally.take_measured(), []);
    }

    #[test]
    fn the_first_failure_is_told_once_with_the_number_of_all() {
        let tally = Tally::default();
        for reason in ["first", "second"] {
            tally.resolve(Some(Details {
                context: String::new(),
                reason: reason.into(),
                cause: Cause::Other,
            }));
        }
        let (failed, details) = tally.take_failures().unwrap();
        assert_eq!((failed, details.reason.as_str()), (2, "first"));
        assert!(tally.take_failures().is_none());
    }
}
