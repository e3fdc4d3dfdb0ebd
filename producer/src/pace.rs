//! So many reviews a second.

use std::time::{Duration, Instant};

/// A rate as it is typed, in reviews a second.
///
/// # Errors
/// Its bounds.
pub fn rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if (0.001..=1e9).contains(&rate) => Ok(rate),
        _ => Err(format!(
            "the rate must be a number of reviews a second from 0.001 to 1e9, got {text:?}"
        )),
    }
}

/// Says when the next review is due. Evenly spaced; after a standstill (a slow pipe, a broker that was away) it goes on
/// at the same rate and does not make up for what was missed, since the rate is a promise to whoever reads.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    interval: Duration,
    next: Instant,
}

impl Pace {
    /// `per_second` reviews a second, the first one now. `per_second` must be above 0.
    pub fn new(per_second: f64, now: Instant) -> Self {
        // Settings let only rates through that give a finite interval; the longest one stands in for any other.
        let interval = Duration::try_from_secs_f64(per_second.recip()).unwrap_or(Duration::MAX);
        Self { interval, next: now }
    }

    /// How long to wait before the next review, asked once for each.
    pub fn wait(&mut self, now: Instant) -> Duration {
        // A little lateness is caught up with, or the rate would always be missed by the scheduler's grain.
        const GRAIN: Duration = Duration::from_millis(50);
        let earliest = now.checked_sub(GRAIN).unwrap_or(now);
        let due = self.next.max(earliest);
        self.next = due.checked_add(self.interval).unwrap_or(due);
        due.saturating_duration_since(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reviews_are_evenly_spaced() {
        let start = Instant::now();
        let mut pace = Pace::new(100.0, start);
        let waits: Vec<Duration> = (0..4).map(|_| pace.wait(start)).collect();
        assert_eq!(waits, [0, 10, 20, 30].map(Duration::from_millis));
    }

    #[test]
    fn a_standstill_is_not_made_up_for() {
        let start = Instant::now();
        let mut pace = Pace::new(100.0, start);
        assert_eq!(pace.wait(start), Duration::ZERO);
        let later = start + Duration::from_secs(10);
        let at_once = (0..20).take_while(|_| pace.wait(later) == Duration::ZERO).count();
        assert!(at_once <= 6, "{at_once} reviews at once after ten seconds");
    }

    #[test]
    fn the_rate_is_kept_over_many_reviews() {
        let start = Instant::now();
        let mut pace = Pace::new(3_000.0, start);
        let mut now = start;
        for _ in 0..3_001 {
            now += pace.wait(now);
        }
        let took = now - start;
        assert!((took.as_secs_f64() - 1.0).abs() < 0.01, "{took:?}");
    }
}
