//! A real Apache Kafka as a plain process: one KRaft node, no container, no root.
//!
//! `install.sh` of this crate puts Kafka and a Java into a cache outside of the project.
//! [`Kafka::start`] compares each jar with its checksum, formats a data folder, starts the broker
//! on free ports of 127.0.0.1 and returns when it answers a metadata request. Any number of
//! processes may do so at once: each port is under a lock for as long as its broker may come back
//! to it.
//!
//! The broker ends with its owner, whatever happens to the owner: [`Drop`] kills it by pid, and a
//! [`Watchdog`] ends it when the owner is gone without having dropped anything (`kill -9`).
//!
//! ```no_run
//! use verdict_kafka::{Kafka, Options};
//!
//! let mut kafka = Kafka::start(Options::default())?;
//! println!("{}", kafka.bootstrap()); // 127.0.0.1:21000
//! kafka.kill9()?; // as a power cut would
//! kafka.restart()?; // same address, same data
//! # Ok::<(), verdict_kafka::StartError>(())
//! ```
//!
//! Unix only.

mod error;
mod install;
mod kafka;
mod lock;
mod ports;
mod process;
mod properties;
mod ready;
mod settings;
mod wait;
mod watchdog;

pub use error::StartError;
pub use install::KAFKA_VERSION;
pub use kafka::{Kafka, is_installed};
pub use lock::lock;
pub use ports::Port;
pub use process::Process;
pub use ready::is_ready;
pub use settings::{Jvm, Options, cache_folder};
pub use wait::last_lines;
pub use watchdog::Watchdog;
