//! What the consumer's breaker tells.

use super::{Instrument, Kind};

/// `verdict.breaker.open`
pub const BREAKER_OPEN: Instrument = Instrument {
    name: "verdict.breaker.open",
    prometheus: "verdict_breaker_open",
    kind: Kind::Gauge,
    unit: "",
    help: "1 from a long run of dead letters until the next verdict: reading is paused, or tried with small batches; else 0",
    labels: &[],
    services: "consumer",
};
/// `verdict.breaker.trips`
pub const BREAKER_TRIPS: Instrument = Instrument {
    name: "verdict.breaker.trips",
    prometheus: "verdict_breaker_trips_total",
    kind: Kind::Counter,
    unit: "{trip}",
    help: "How often reading was paused because of a long run of dead letters, tries that failed among them",
    labels: &[],
    services: "consumer",
};

pub(super) const ALL: &[Instrument] = &[BREAKER_OPEN, BREAKER_TRIPS];
