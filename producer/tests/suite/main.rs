//! The producer as a program. Every text here was written for these tests.
#![cfg(test)]

mod closed_pipes;
mod consumer;
mod dlq;
mod malformed;
mod real_kafka;
