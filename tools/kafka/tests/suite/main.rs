//! A real Kafka: its life, who may do what on it, and `kafka-local`.
#![cfg(test)]

mod acls;
mod closed_pipes;
mod life;
