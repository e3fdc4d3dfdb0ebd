//! From the review log to the model that serves, on a real Apache Kafka with the real program: one broker for all tests,
//! topics and a folder for each.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]
#![allow(
    dead_code,
    unreachable_pub,
    reason = "shares `common` with the other tests"
)]

#[path = "../common/mod.rs"]
mod common;

mod bad_logs;
mod kills;
mod log;
mod mlflow;
mod promote;
mod rebuild;
mod replay;
mod rollback;
mod server;
mod watch;
