//! The consumer: reads reviews from Kafka, scores each, and writes verdicts, dead letters and replies.
//!
//! One thread goes round one loop ([`run`](run::run)):
//!
//! 1. **gather** a batch: what is there, up to a limit ([`verdict_kafka_io::Source`]);
//! 2. **score** it with one model, on as many threads as it is worth ([`batch`], [`score`]): every record gets exactly
//!    one [`Ending`](score::Ending), a verdict or a dead letter, as a value;
//! 3. **deliver** the endings and commit the positions ([`deliver`]): positions are committed only after every output of
//!    the batch is confirmed by all replicas; if that fails, the batch is read and processed again;
//! 4. **reply** to those who wait, after the commit, so that a reply never tells of a result that does not stand.
//!
//! Steps 2 and 3 know nothing of each other: [`deliver::Delivery`] is the place where at-least-once ends and where a
//! transaction would begin.
//!
//! Records that somebody traces get spans ([`traces`]).
//!
//! Beside the loop, a thread follows the topic of model versions ([`models`]) and swaps the model between two batches.
//!
//! What the batches that stand say of the reviews and of the model is watched ([`observe`]): drift, unknown words, and how
//! a shadow model would have decided.
//! A long run of dead letters pauses reading ([`breaker`]).
//!
//! `consumer audit` ([`audit`]) reads the topics again and proves that every review has exactly one outcome.
//! `consumer monitor` ([`monitor`]) does that again and again, and tells how right the verdicts were.

pub mod batch;
pub mod breaker;
pub mod cli;
pub mod deliver;
pub mod events;
pub mod models;
pub mod observe;
pub mod run;
pub mod score;
pub mod service;
pub mod settings;
pub mod summary;
pub mod traces;
