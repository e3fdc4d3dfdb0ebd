//! Learns Verdict's models from texts in memory, measures them and decides which may serve.
//!
//! ```text
//! Corpus ─► TrainParams::check ─► fit ─► Trained (bytes of a model)
//!                                             │
//!               held-out Corpus  ─► Metrics ◄─┴─► gate::compare ─► Decision
//! ```
//!
//! | for | begin at |
//! |---|---|
//! | texts and labels | [`corpus::Corpus`] |
//! | a model | [`train::TrainParams`] |
//! | how good it is | [`metrics::Metrics`], with 95 % intervals by [`estimate::Estimate`] |
//! | how good it is on short texts | [`windows::measure`] |
//! | a model of reviews in many processes | [`spread::Cluster`] |
//! | better parameters | [`tune::Tuner`] |
//! | what it does with texts written to find out | [`behaviour::Suite`] |
//! | whether it may serve | [`gate::compare`] |
//! | whether reviews still look like those of the training | [`drift::Window`] |
//!
//! Everything here is a function of its arguments: no file, clock, environment or random source is
//! read, and the same arguments give the same bytes whatever the number of threads. Work is done on
//! the rayon pool of the caller. [`learn`] has the steps of training, for pipelines that run them
//! apart.
//!
//! # Features
//! `train` (default) brings [`learn`], [`train`] and [`tune`] with argmin and linfa. A process that
//! serves is built without it.

// Numeric code over arrays whose lengths are made to fit where they are made; counts are below 2^32
// by a check at the top.
#![allow(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "matrix code: bounds are established once, by construction"
)]

pub mod behaviour;
mod binomial;
pub mod bounds;
pub mod corpus;
pub mod drift;
pub mod estimate;
pub mod gate;
#[cfg(feature = "train")]
pub mod learn;
pub mod measures;
pub mod metrics;
pub mod scoring;
#[cfg(feature = "train")]
pub mod spread;
#[cfg(feature = "train")]
pub mod train;
#[cfg(feature = "train")]
pub mod tune;
#[cfg(feature = "train")]
pub mod unseen;
pub mod windows;
