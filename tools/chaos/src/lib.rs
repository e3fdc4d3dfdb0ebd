//! Faults on a real Kafka, and what they do to the promise that every review has exactly one
//! outcome: members and brokers are killed, frozen and started again, requests of transactions are
//! delayed, lost or cut off, while reviews come; then a reader that shares no code with the
//! consumer counts.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    missing_debug_implementations,
    reason = "a test with a command line: it panics when it fails"
)]

pub mod broker;
pub mod count;
pub mod load;
pub mod members;
pub mod proxy;
pub mod report;
pub mod storm;

pub use count::Counts;
pub use report::{Recovery, Report};
pub use storm::{Plan, roll, storm};
