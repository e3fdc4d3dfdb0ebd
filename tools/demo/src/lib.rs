//! Verdict in one process: an embedded Kafka-compatible broker, a consumer, the web page, a trainer and a trickle of reviews.
//!
//! Everything but the broker is the product as it ships: the same code that runs against a real Kafka. The broker keeps
//! its data in one file, so a demo that is stopped, or killed, goes on where it was. It has no transactions: delivery is at
//! least once, and readers drop duplicates by the source position that every verdict carries.

pub mod broker;
pub mod run;
pub mod samples;
mod services;
pub mod settings;
pub mod trainer;
mod trickle;
