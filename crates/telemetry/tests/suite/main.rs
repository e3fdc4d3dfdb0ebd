//! What Prometheus and a collector see.
#![cfg(test)]

mod exposition;
#[cfg(feature = "otlp")]
mod push;
#[cfg(feature = "otlp")]
mod receiver;
