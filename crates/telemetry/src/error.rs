//! What can go wrong.

/// What can go wrong while telemetry starts or is read.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The meter provider, its exporter or the text encoder refused.
    #[error("setting up or reading metrics: {0}")]
    Metrics(String),
    /// A variable of the environment has a value that cannot be used.
    #[error("{0}")]
    Setting(String),
    /// The log filter could not be parsed.
    #[error(
        "log filter {filter:?} is not valid: {reason} (--log-filter or RUST_LOG; example: info,verdict_web=debug)"
    )]
    LogFilter {
        /// What was given.
        filter: String,
        /// What the parser says.
        reason: String,
    },
    /// A subscriber was already installed in this process.
    #[error("logs are already set up in this process: {0}")]
    LogsTwice(String),
}
