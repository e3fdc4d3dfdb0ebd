//! The process side of a service, over real sockets.
#![cfg(test)]

mod accept;
mod pages;
mod probe;
