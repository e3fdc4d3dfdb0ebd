//! The consumer's breaker.

use super::declare::*;

instruments! { breaker;
    /// 1 from a long run of dead letters until the next verdict: reading is paused, or tried with
    /// small batches; else 0
    Gauge<u64> "verdict.breaker.open" as "verdict_breaker_open" in "", by &[Consumer],
        pub fn set_breaker_open[](is_open: bool) { is_open.into() };

    /// How often reading was paused because of a long run of dead letters, tries that failed among
    /// them
    Counter<u64> "verdict.breaker.trips" as "verdict_breaker_trips_total" in "{trip}",
        by &[Consumer],
        pub fn record_breaker_trips[](n: u64) { n };
}
