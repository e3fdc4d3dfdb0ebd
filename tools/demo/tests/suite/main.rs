//! The whole system on a real Kafka: as people use it, as it is watched, and as it fails.
#![cfg(test)]

mod callers;
mod closed_pipes;
mod corrections;
mod demo;
mod end_to_end;
mod files;
mod health;
mod life;
mod observability;
mod panels;
mod prometheus;
mod promql;
#[path = "../../../../crates/telemetry/tests/suite/receiver.rs"]
mod receiver;
mod rights;
mod smoke;
mod system;
mod traces;
