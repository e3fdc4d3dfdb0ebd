//! How many may wait, by what was measured: no more than are answered in time.

use std::time::Duration;

/// The bound on what is waited for. It follows the answer time: as many wait as are answered within
/// a given time, which is part of the deadline, so that who comes later is refused at once instead of
/// being told at the end of the wait that it was in vain.
#[derive(Debug)]
pub(super) struct Room {
    within: Duration,
    most: usize,
    now: usize,
}

/// So many may always wait: without an answer now and then nothing would be measured.
const LEAST: usize = 16;

impl Room {
    /// Room for `most`, until answers take longer than `within`.
    pub(super) fn new(most: usize, within: Duration) -> Self {
        Self { within, most, now: most }
    }

    pub(super) fn limit(&self) -> usize {
        self.now
    }

    /// An answer took so long, or has not come for so long, where so many waited as it was asked
    /// for, itself among them. Who waits for n others waits n times as long as for one, so the
    /// number that is answered in time follows by proportion.
    pub(super) fn answered(&mut self, took: Duration, waiting: usize) {
        let fits = self.within.as_nanos() * (waiting as u128) / took.as_nanos().max(1);
        let fits = usize::try_from(fits).unwrap_or(usize::MAX).max(LEAST);
        if took > self.within {
            self.now = self.now.min(fits);
        } else if self.now < fits.min(self.most) {
            // One by one, since a quick answer to few says little about many.
            self.now += 1;
        }
    }

    /// An end without an answer counts when it came late: who leaves early says nothing.
    pub(super) fn unanswered(&mut self, waited: Duration, waiting: usize) {
        if waited > self.within {
            self.answered(waited, waiting);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WITHIN: Duration = Duration::from_secs(2);

    #[test]
    fn as_many_wait_as_are_answered_in_time_and_more_again_when_answers_are_quick() {
        let mut room = Room::new(1_000, WITHIN);
        room.answered(Duration::from_millis(5), 900);
        assert_eq!(room.limit(), 1_000, "it is no more than the setting");
        room.answered(Duration::from_secs(8), 800);
        assert_eq!(room.limit(), 200);
        room.unanswered(Duration::from_secs(1), 900);
        assert_eq!(room.limit(), 200, "who left early says nothing");
        room.unanswered(Duration::from_secs(5), 1);
        assert_eq!(room.limit(), LEAST);
        (0..84).for_each(|_| room.answered(Duration::from_millis(5), 16));
        assert_eq!(room.limit(), 100);
    }

    /// A consumer that does 100 a second, asked for 200 a second by clients that each wait.
    #[test]
    fn at_twice_the_capacity_what_is_taken_is_answered_in_time_and_nothing_stands_idle() {
        let mut room = Room::new(1_000, WITHIN);
        let mut queue = std::collections::VecDeque::new();
        let (mut late, mut answered) = (0, 0);
        for now in 0..12_000_u64 {
            let at = Duration::from_millis(now * 10);
            for _ in 0..2 {
                if queue.len() < room.limit() {
                    queue.push_back((at, queue.len() + 1));
                }
            }
            let (asked, waiting) = queue.pop_front().expect("there is always one");
            room.answered(at - asked, waiting);
            if now > 2_000 {
                answered += 1;
                late += u64::from(at - asked > WITHIN * 2);
            }
        }
        assert_eq!((late, answered), (0, 9_999));
    }
}
