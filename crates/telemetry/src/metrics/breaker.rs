//! The consumer's breaker.

use opentelemetry::metrics::{Counter, Gauge, Meter};

use super::{Metrics, count, counter};
use crate::catalogue;

#[derive(Debug)]
pub(super) struct Instruments {
    open: Gauge<u64>,
    trips: Counter<u64>,
}

impl Instruments {
    pub(super) fn new(meter: &Meter) -> Self {
        Self {
            open: count(meter, &catalogue::BREAKER_OPEN),
            trips: counter(meter, &catalogue::BREAKER_TRIPS),
        }
    }
}

impl Metrics {
    /// Whether the breaker is anything but closed.
    pub fn set_breaker_open(&self, is_open: bool) {
        self.0.breaker.open.record(u64::from(is_open), &[]);
    }

    /// The breaker opened `n` times more; 0 shows the counter before it ever did.
    pub fn record_breaker_trips(&self, n: u64) {
        self.0.breaker.trips.add(n, &[]);
    }
}
