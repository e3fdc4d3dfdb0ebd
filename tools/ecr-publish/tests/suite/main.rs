//! The tests of ecr-publish as its users run it.
#![cfg(test)]

mod aws;
mod closed_pipes;
mod publish;
mod wire;
