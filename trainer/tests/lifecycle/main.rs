//! From the review log to the model that serves, on a real Apache Kafka with the real program: one broker for all tests,
//! topics and a folder for each.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "tests"
)]
#![allow(dead_code, unreachable_pub, reason = "shares `common` with the other tests")]

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
#[path = "../../../crates/registry/tests/suite/server.rs"]
mod server;
#[path = "../../../crates/kafka-io/tests/common/transactions.rs"]
mod transactions;
mod watch;
