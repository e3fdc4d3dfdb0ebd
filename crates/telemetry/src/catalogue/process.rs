//! What every process shows of itself.

use std::time::Instant;

use super::declare::*;
use crate::cpu;
use crate::health::State;

instruments! { process;
    /// CPU time of this process since its start, all threads
    Counter<f64> "process.cpu.time" as "process_cpu_time_seconds_total" in "s", by Service::ALL,
        shows |_| one(cpu::process_time().as_secs_f64());

    /// Memory of this process that is in RAM
    Gauge<u64> "process.memory.usage" as "process_memory_usage_bytes" in "By", by Service::ALL,
        shows |_| one(resident_bytes());

    /// 1 when this readiness check passes, else 0; shutdown is there, and 0, while the service stops
    Gauge<u64> "verdict.ready" as "verdict_ready" in "", by Service::ALL,
        shows |shown| {
            let checks = shown.health.checks(Instant::now()).into_iter();
            let ready = |it: State| (it.failure.is_none().into(), vec![label("check", it.name)]);
            checks.map(ready).collect()
        },
        labels ["check"];
}

/// `None` where the system has no `/proc`, as other systems than Linux.
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn a_process_has_at_least_what_it_has_just_written() {
        let before = resident_bytes().expect("Linux tells");
        let written = vec![1_u8; 64 << 20];
        let after = resident_bytes().expect("Linux tells");
        assert!(after >= 64 << 20, "{before} {after}");
        assert_eq!(std::hint::black_box(written).len(), 64 << 20);
    }
}
