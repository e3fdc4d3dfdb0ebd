//! CPU time and what it costs.
//!
//! The Python system priced a request by its wall time, so a request that waited for a neighbour cost as much as one that
//! worked. Here cost is CPU time × price: it does not grow with queueing, and the sum over all processes is the bill for
//! the CPU that was really used.

use std::{future::poll_fn, pin::pin, time::Duration};

use rustix::time::{ClockId, clock_gettime};

/// CPU time used by this process, all threads, since it started.
#[must_use]
pub fn process_time() -> Duration {
    read(ClockId::ProcessCPUTime)
}

/// CPU time used by the calling thread since it started.
#[must_use]
pub fn thread_time() -> Duration {
    read(ClockId::ThreadCPUTime)
}

fn read(clock: ClockId) -> Duration {
    let time = clock_gettime(clock);
    // Neither part of a CPU clock is ever negative, and nanoseconds stay below a second.
    Duration::new(
        u64::try_from(time.tv_sec).unwrap_or_default(),
        u32::try_from(time.tv_nsec).unwrap_or_default(),
    )
}

/// What a CPU-second costs, in USD.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CpuPrice {
    usd_per_cpu_second: f64,
}

impl CpuPrice {
    /// An AWS t3.medium on demand (us-east-1), the machine the Python system was priced for.
    pub const DEFAULT_USD_PER_HOUR: f64 = 0.0416;
    /// The vCPUs of that machine.
    pub const DEFAULT_CPUS: u16 = 2;

    /// From the hourly price of a machine and its number of CPUs.
    ///
    /// # Errors
    /// A sentence for the user when the price is negative or not finite, or when `cpus` is 0.
    pub fn per_instance_hour(usd: f64, cpus: u16) -> Result<Self, String> {
        if !usd.is_finite() || usd < 0.0 {
            return Err(format!(
                "the price of an instance must be a number of USD per hour >= 0, got {usd} (--instance-usd-per-hour)"
            ));
        }
        if cpus == 0 {
            return Err("an instance must have at least 1 CPU, got 0 (--instance-cpus)".to_owned());
        }
        Ok(Self { usd_per_cpu_second: usd / 3600.0 / f64::from(cpus) })
    }

    /// The price in USD of so much CPU time.
    #[must_use]
    pub fn of(self, cpu: Duration) -> f64 {
        self.usd_per_cpu_second * cpu.as_secs_f64()
    }
}

impl Default for CpuPrice {
    fn default() -> Self {
        Self {
            usd_per_cpu_second: Self::DEFAULT_USD_PER_HOUR / 3600.0 / f64::from(Self::DEFAULT_CPUS),
        }
    }
}

/// Meters `future`: its output, and the CPU time spent inside its polls. Time between polls, while
/// it waits, is not in it.
pub async fn metered<F: Future>(future: F) -> (F::Output, Duration) {
    let mut future = pin!(future);
    let mut cpu = Duration::ZERO;
    let output = poll_fn(|context| {
        let before = thread_time();
        let polled = future.as_mut().poll(context);
        // A poll runs on one thread from start to end, so that thread's clock measures it exactly.
        cpu += thread_time().saturating_sub(before);
        polled
    });
    (output.await, cpu)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_price_is_the_documented_one() {
        let stated =
            CpuPrice::per_instance_hour(CpuPrice::DEFAULT_USD_PER_HOUR, CpuPrice::DEFAULT_CPUS)
                .expect("valid");
        assert_eq!(stated, CpuPrice::default());
        let hour_of_one_cpu = stated.of(Duration::from_secs(3600));
        assert!((hour_of_one_cpu - 0.0208).abs() < 1e-12, "{hour_of_one_cpu}");
    }

    #[test]
    fn senseless_prices_are_refused_with_value_and_flag() {
        for (usd, cpus, flag) in [
            (-1.0, 2, "--instance-usd-per-hour"),
            (f64::NAN, 2, "--instance-usd-per-hour"),
            (1.0, 0, "--instance-cpus"),
        ] {
            let error = CpuPrice::per_instance_hour(usd, cpus).expect_err("refused");
            assert!(error.contains(flag), "{error}");
        }
    }

    #[test]
    fn work_costs_cpu_and_the_clocks_move_forward() {
        let (process, thread) = (process_time(), thread_time());
        let mut sum = 0_u64;
        while thread_time() == thread {
            sum = std::hint::black_box(sum.wrapping_add(1));
        }
        assert!(thread_time() > thread);
        assert!(process_time() > process);
    }
}
