//! The command-line flags about telemetry that every service takes.

use clap::Args;

use crate::{cpu::CpuPrice, logs::LogFormat};

/// Flags to flatten into a service's own (`#[command(flatten)]`).
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Logs and metrics")]
pub struct TelemetryArgs {
    /// How log lines look on standard error: `auto` is `human` on a terminal and `json` elsewhere.
    #[arg(long, env = "VERDICT_LOG_FORMAT", value_enum, default_value_t = LogFormat::Auto)]
    pub log_format: LogFormat,

    /// Which log lines are written: levels, also by module (`info,verdict_web=debug`).
    #[arg(long, env = "RUST_LOG", default_value = crate::logs::DEFAULT_FILTER, value_name = "FILTER")]
    pub log_filter: String,

    /// Price of the machine in USD per hour, for the cost metrics.
    #[arg(long, env = "VERDICT_INSTANCE_USD_PER_HOUR", default_value_t = CpuPrice::DEFAULT_USD_PER_HOUR, value_name = "USD")]
    pub instance_usd_per_hour: f64,

    /// CPUs of that machine: one CPU-second costs the hourly price divided by 3600 and by this.
    #[arg(long, env = "VERDICT_INSTANCE_CPUS", default_value_t = CpuPrice::DEFAULT_CPUS, value_name = "N")]
    pub instance_cpus: u16,
}

impl TelemetryArgs {
    /// The price of CPU time.
    ///
    /// # Errors
    /// A sentence for the user when the price is negative or not finite, or when the number of CPUs is 0.
    pub fn price(&self) -> Result<CpuPrice, String> {
        CpuPrice::per_instance_hour(self.instance_usd_per_hour, self.instance_cpus)
    }
}
