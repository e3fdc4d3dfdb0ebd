//! What every process tells of itself.

use super::{Instrument, Kind};

/// `process.cpu.time`
pub const PROCESS_CPU_TIME: Instrument = Instrument {
    name: "process.cpu.time",
    prometheus: "process_cpu_time_seconds_total",
    kind: Kind::Counter,
    unit: "s",
    help: "CPU time of this process since its start, all threads",
    labels: &[],
    services: "all",
};
/// `process.memory.usage`
pub const PROCESS_MEMORY_USAGE: Instrument = Instrument {
    name: "process.memory.usage",
    prometheus: "process_memory_usage_bytes",
    kind: Kind::Gauge,
    unit: "By",
    help: "Memory of this process that is in RAM",
    labels: &[],
    services: "all",
};
/// `verdict.ready{check}`
pub const READY: Instrument = Instrument {
    name: "verdict.ready",
    prometheus: "verdict_ready",
    kind: Kind::Gauge,
    unit: "",
    help: "1 when this readiness check passes, else 0; shutdown is there, and 0, while the service stops",
    labels: &["check"],
    services: "all",
};

pub(super) const ALL: &[Instrument] = &[PROCESS_CPU_TIME, PROCESS_MEMORY_USAGE, READY];
