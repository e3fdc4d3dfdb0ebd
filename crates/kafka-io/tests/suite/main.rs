//! The shell against a real Apache Kafka.
#![cfg(test)]

mod broker;
mod common;
mod follow;
mod lookup;
mod positions;
mod transactional;
mod transactions;
