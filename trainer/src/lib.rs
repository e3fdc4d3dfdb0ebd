//! Trains, evaluates and explains Verdict's models.
//!
//! ```text
//! data ─ Corpus ─► select (vocabulary) ─► Matrix ─► logistic (weights) ─► calibrate ─► model.verdict
//! ```
//!
//! [`training::train`] is the whole of training: texts and labels in memory to the bytes of a
//! model, the same bytes for the same input whatever the number of threads. Everything that touches
//! the disk or the terminal is in [`commands`].

// Numeric code over arrays whose lengths are made to fit where they are made; counts are below 2^32
// by a check at the top.
#![allow(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "matrix code: bounds are established once, by construction"
)]

pub mod announce;
pub mod behaviour;
pub mod card;
pub mod cli;
pub mod commands;
mod disk;
pub mod ingest;
pub mod lifecycle;
mod memory;
pub mod params;
pub mod progress;
pub mod replay;
pub mod report;
pub mod stages;
pub mod training;
