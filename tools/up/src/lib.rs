//! Verdict's services as plain processes beside a Kafka that runs already: what docker-compose.yml starts, without Docker.
//!
//! [`Stack::start`] makes the topics, starts consumers, monitor, web, trainer and, where it is installed, Prometheus with the
//! configuration of `observability/prometheus`, and returns when all are ready. The processes are the product's own binaries. They
//! end with the stack: in order by [`Stack::stop`], and by a watchdog when the owner is gone without having stopped them.
//!
//! Unix only.

mod child;
mod error;
mod ports;
mod prometheus;
mod settings;
mod stack;
mod wait;

pub use error::UpError;
pub use ports::Ports;
pub use prometheus::{Targets, derive};
pub use settings::Settings;
pub use stack::Stack;
