//! The producer: puts reviews at rest onto Kafka, and the topics they need.
//!
//! - [`topics::plan`] lays out the topics of [`verdict_messages::topic::catalogue`], which
//!   `producer topics ensure` creates; it reports where existing ones differ.
//! - [`publish::publish`] reads a data set and writes each review to `reviews`, keyed by its id, as
//!   JSON with CloudEvents headers; with labels, the label of the data set goes to `reviews.labels`.
//! - [`dlq`] lists and shows dead letters, and publishes them again.
//!
//! Writing is idempotent and acknowledged by all replicas. The ids of a data set are the same on
//! every run, so a second run over the same file repeats the keys of the first, and a reader by key
//! sees each review once.
//!
//! One review: [`verdict_datasets::Source`] reads it, [`encode`] makes its records, [`pace`] says
//! when, [`publish`] sends them and counts. The command line is in [`settings`], what a person sees
//! in [`report`], and [`run`] holds them together; only it reads the clock.

pub mod dlq;
pub mod encode;
pub mod pace;
pub mod publish;
pub mod report;
pub mod run;
pub mod settings;
pub mod summary;
pub mod topics;
