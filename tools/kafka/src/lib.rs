//! A real Apache Kafka as a plain process: one KRaft node, no container, no root.
//!
//! [`Kafka::start`] downloads Kafka's jars once (Maven, versions pinned in this crate's `pom.xml`) into a cache outside
//! the project, formats a data folder, starts the broker on free ports of 127.0.0.1 and returns when it answers a
//! metadata request. Any number of test processes may do so at once: the download is under a lock, and so is each port
//! for as long as its broker may come back to it.
//!
//! The broker ends with its owner, whatever happens to the owner: [`Drop`] kills it by pid, and a watchdog kills it
//! when the owner is gone without having dropped anything (`kill -9`).
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
//! Needs Java 17 or newer, and Maven for the first start; Unix only.

mod error;
mod install;
mod kafka;
mod ports;
mod process;
mod properties;
mod ready;
mod settings;
mod wait;

pub use error::StartError;
pub use install::{KAFKA_VERSION, install};
pub use kafka::Kafka;
pub use ready::{brokers_in_metadata, is_ready};
pub use settings::{Jvm, Options};
