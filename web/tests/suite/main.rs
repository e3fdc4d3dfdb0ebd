//! The frontend on a real socket with a stand-in for Kafka, and the program as a process.
#![cfg(test)]

mod batch;
mod bodies;
mod browser;
mod conventions;
mod edge;
mod feed;
mod inference;
mod interface;
mod labels;
mod page;
mod pages;
mod program;
mod stored;
mod support;
mod timeline;
