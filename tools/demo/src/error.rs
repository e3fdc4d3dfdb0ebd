//! Errors that the program treats in a way of their own; every other one says what to do about it.

use verdict_kafka::StartError;

/// It was asked to stop before everything ran.
#[derive(Debug, thiserror::Error)]
#[error("stopped while it started")]
pub(crate) struct Stopped;

/// The exit code: 70 when Kafka or a service ended by itself, or did not end when asked to; 2 when
/// something that was asked for is not there.
pub(crate) fn exit_code(error: &anyhow::Error) -> u8 {
    match error.downcast_ref() {
        Some(
            StartError::Ended { .. } | StartError::NotEnded { .. } | StartError::DiskFull { .. },
        ) => 70,
        _ => 2,
    }
}
