//! What a run has done.

use serde::Serialize;

/// How publishing ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// Everything was read.
    Complete,
    /// The limit was reached.
    Limit,
    /// Asked to stop.
    Stopped,
    /// The source broke off.
    SourceBroken,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// Reviews confirmed by all replicas.
    pub published: u64,
    /// Labels confirmed by all replicas.
    pub labels: u64,
    /// Reviews, or parts of the source, that could not be read or sent.
    pub unreadable: u64,
    /// From the first review read to the last confirmation, seconds.
    pub seconds: f64,
    /// Confirmed reviews a second.
    pub reviews_per_second: f64,
    /// How it ended.
    pub ended: Ended,
}
