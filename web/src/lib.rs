//! The frontend of Verdict.
//!
//! A person types a review, or a program posts one. The frontend publishes it to Kafka, awaits the
//! verdict on its own partition of the reply topic, and shows it with the words that decided it.
//! Kafka is the only way to a verdict: the frontend has no model, and every review it takes is part
//! of the log that models are trained from.
//!
//! | what | where |
//! |---|---|
//! | routes, limits, formats | `http` |
//! | the page | `page`, with `templates/` and `assets/` |
//! | one review from its request to its verdict | `ask` |
//! | requests that wait, and which replies they get | `pending` |
//! | the verdicts as they come, for those who watch | `feed` |
//! | what became of a review, from the topics | `stored`, `timeline` |
//! | what a person says about a verdict, and who may | `labels`, `label_rights` |
//! | records on their way to Kafka, as a trait and for real | [`publish`], `kafka` |
//! | everything that can go wrong, as RFC 9457 | `problems` |
//! | start, and stop in order | [`run()`] |
//!
//! Promises, each with a test: every request ends by its deadline; a reply reaches only the request
//! it belongs to; `accepted: true` is only said once all replicas have the review or the label;
//! nothing that came from outside becomes markup.

mod ask;
mod feed;
mod http;
mod ids;
mod kafka;
mod label_rights;
mod labels;
mod page;
mod peers;
mod pending;
mod problems;
pub mod publish;
mod rate;
mod remembered;
mod run;
pub mod settings;
mod stored;
mod texts;
mod timeline;

pub use self::http::{AllowedHosts, BodyLimits, Edge, Origin};
pub use ask::ReplyTo;
pub use feed::OpenVerdicts;
pub use label_rights::{LabelSettings, Operator};
pub use pending::PendingLimits;
pub use rate::Rate;
pub use run::{Incoming, RunError, run, serve_on};
pub use settings::{Command, RawSettings, Settings};
pub use stored::{Fate, FindRecords, FindStored, Known, Records, Sought};
