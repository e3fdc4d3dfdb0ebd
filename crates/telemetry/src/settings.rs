//! The command-line flags about telemetry that every service takes.

use clap::Args;

use crate::cpu::CpuPrice;

/// Level info for everything, and only what needs a person from the Kafka client.
pub(crate) const DEFAULT_FILTER: &str = "info,rdkafka=warn,librdkafka=warn";

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// `Human` when standard error is a terminal, else `Json`.
    Auto,
    /// One coloured line for a person.
    Human,
    /// One JSON object a line.
    Json,
}

impl LogFormat {
    /// Decides `Auto`.
    #[must_use]
    pub fn is_json(self, stderr_is_terminal: bool) -> bool {
        match self {
            Self::Auto => !stderr_is_terminal,
            Self::Human => false,
            Self::Json => true,
        }
    }
}

/// Flags to flatten into a service's own (`#[command(flatten)]`).
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Logs and metrics")]
pub struct TelemetryArgs {
    /// How log lines look on standard error: `auto` is `human` on a terminal and `json` elsewhere.
    #[arg(long, env = "VERDICT_LOG_FORMAT", value_enum, default_value_t = LogFormat::Auto)]
    pub log_format: LogFormat,

    /// Which log lines are written: levels, also by module (`info,verdict_web=debug`).
    #[arg(long, env = "RUST_LOG", default_value = DEFAULT_FILTER, value_name = "FILTER")]
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
