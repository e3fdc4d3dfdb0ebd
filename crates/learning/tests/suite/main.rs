//! Learning, measuring and deciding, in memory.
#![cfg(test)]
#![allow(clippy::cast_possible_truncation, unreachable_pub, reason = "tests")]

mod alike;
mod behaviour;
mod calibration;
mod drift;
mod gate;
mod made;
mod mcnemar;
mod metrics;
mod naive_bayes;
mod sklearn;
mod slices;
mod spread;
mod train;
mod tune;
mod windows;
