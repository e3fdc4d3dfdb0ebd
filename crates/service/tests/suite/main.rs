//! The process side of a service, over real sockets.
#![cfg(test)]

mod pages;
mod probe;
