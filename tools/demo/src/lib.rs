//! Verdict on this machine: what docker-compose.yml starts, without Docker.
//!
//! [`Stack::start`] starts a real Apache Kafka (or takes one that is there), makes the topics,
//! starts consumers, monitor, web, trainer and, where it is installed, Prometheus with the
//! configuration of `observability/prometheus`, and returns when all are ready. The processes are
//! the product's own binaries. They end with the stack: in order by [`Stack::stop`], and by a
//! watchdog when the owner is gone without having stopped them.
//!
//! Unix only.

mod banner;
mod broker;
mod child;
mod error;
mod in_memory;
mod plan;
mod ports;
mod prometheus;
mod samples;
mod settings;
mod stack;
mod trickle;

pub use banner::banner;
pub use broker::Broker;
pub use error::DemoError;
pub use ports::Ports;
pub use prometheus::{Targets, derive};
pub use samples::SAMPLES;
pub use settings::Settings;
pub use stack::Stack;
