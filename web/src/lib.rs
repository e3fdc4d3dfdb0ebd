//! The frontend of Verdict.
//!
//! A person types a review, or a program posts one; the frontend publishes it to Kafka, awaits the verdict on its own
//! partition of the reply topic, and shows it with the words that decided it. Kafka is the only way to a verdict: the
//! frontend has no model, and every review it takes is part of the log that models are trained from.
//!
//! | what | where |
//! |---|---|
//! | who waits for which reply, and which replies are refused | [`pending`] |
//! | one question with its deadline | [`ask`] |
//! | what a person says about a verdict | `labels` |
//! | the way to Kafka, as a trait and for real | [`publish`], [`kafka`] |
//! | routes, limits, problems; the page | `http`, `page` |
//! | start, and stop in order | [`run()`] |
//!
//! Promises, each with a test: every request ends by its deadline; a reply reaches only the request it belongs to;
//! `accepted: true` is only said once all replicas have the review or the label; nothing that came from outside becomes markup.

mod arrivals;
pub mod ask;
mod http;
mod ids;
pub mod kafka;
mod labels;
mod page;
pub mod pending;
mod problems;
pub mod publish;
mod rate;
mod ring;
mod run;
pub mod settings;
mod traces;

pub use http::BodyLimits;
pub use rate::Rate;
pub use run::{RunError, run, run_on, serve_on};
pub use settings::{Command, RawSettings, Settings};
