//! What is read from the process itself whenever somebody asks.

use opentelemetry::metrics::Meter;

use crate::{CpuPrice, Health, catalogue, cpu, labels::label};

/// Registers the instruments that nobody records: their values are there already.
pub(super) fn observe(meter: &Meter, price: CpuPrice, health: Health) {
    let _registered = meter
        .f64_observable_counter(catalogue::APP_TOTAL_COST.name)
        .with_description(catalogue::APP_TOTAL_COST.help)
        .with_callback(move |observer| observer.observe(price.of(cpu::process_time()), &[]))
        .build();
    let _registered = meter
        .f64_observable_counter(catalogue::PROCESS_CPU_TIME.name)
        .with_description(catalogue::PROCESS_CPU_TIME.help)
        .with_unit(catalogue::PROCESS_CPU_TIME.unit)
        .with_callback(|observer| observer.observe(cpu::process_time().as_secs_f64(), &[]))
        .build();
    let _registered = meter
        .u64_observable_gauge(catalogue::PROCESS_MEMORY_USAGE.name)
        .with_description(catalogue::PROCESS_MEMORY_USAGE.help)
        .with_unit(catalogue::PROCESS_MEMORY_USAGE.unit)
        .with_callback(|observer| {
            if let Some(bytes) = resident_bytes() {
                observer.observe(bytes, &[]);
            }
        })
        .build();
    let _registered = meter
        .u64_observable_gauge(catalogue::READY.name)
        .with_description(catalogue::READY.help)
        .with_callback(move |observer| {
            health.each(|check, passes| observer.observe(passes.into(), &[label("check", check)]));
        })
        .build();
}

/// The memory of this process that is in RAM. `None` where the system has no `/proc`, as other systems than Linux.
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
