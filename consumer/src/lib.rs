//! The consumer: reads reviews from Kafka, scores each, and writes verdicts, dead letters and
//! replies.
//!
//! One thread goes round one loop ([`run`](run::run)):
//!
//! 1. **gather** a batch: what is there, up to a limit ([`verdict_kafka_io::Source`]);
//! 2. **score** it with one model, on as many threads as it is worth ([`batch`], [`score`]): every
//!    record gets exactly one [`Ending`](score::Ending), a verdict or a dead letter, as a value;
//! 3. **deliver** the endings and commit the positions ([`deliver`]): positions are committed only
//!    after every output of the batch is confirmed by all replicas; if that fails, the batch is
//!    read and processed again;
//! 4. **reply** to those who wait ([`replies`]), after the commit, so that no reply names a result
//!    that does not stand.
//!
//! Steps 2 and 3 know nothing of each other: [`deliver::Delivery`] is the place where at-least-once
//! ends and where a transaction would begin.
//!
//! Around the loop:
//!
//! - a thread follows the topic of model versions and swaps the model between two batches
//!   ([`models`]);
//! - the batches that stand are observed: drift, unknown words, and how a shadow model would have
//!   decided ([`observe`]);
//! - a long run of dead letters pauses reading ([`breaker`]);
//! - records that somebody traces get spans ([`traces`]);
//! - what happens is logged and counted ([`events`], [`summary`]), and /readyz says what is
//!   missing.
//!
//! `consumer audit` and `consumer monitor` are commands of this program and the library
//! [`verdict_monitor`].

pub mod batch;
pub mod breaker;
pub mod cli;
pub mod deliver;
pub mod events;
mod health;
pub mod models;
pub mod observe;
pub mod positions;
pub mod replies;
pub mod run;
pub mod score;
pub mod service;
pub mod settings;
pub mod summary;
pub mod traces;
