//! What the tests of several packages set up: a real Kafka, child processes, servers of others, the
//! data set, and two whole tests that every program passes. Only ever a dev-dependency, except of
//! `tools/chaos`.
//!
//! Everything here panics when it fails, since nothing but tests calls it. What a test needs and
//! this machine lacks comes as `None`: the test then returns, and [`left_out`] has said why.
#![allow(
    missing_debug_implementations,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "tests panic, and are set up by their environment"
)]

mod closed_pipes;
mod healthcheck;
mod http;
pub mod kafka;
mod mlflow;
mod moto;
mod process;
mod proxy;
mod tools;
mod wait;

pub use closed_pipes::{assert_ends_quietly, assert_full_disk_is_an_error, nobody};
pub use healthcheck::assert_healthcheck_follows_readyz;
pub use http::{Answer, await_page, free_address, get, post};
pub use mlflow::Mlflow;
pub use moto::Moto;
pub use process::{Lines, Process, is_alive, run, signal};
pub use proxy::{Fate, Proxy, Request, http_answer};
pub use rustix::process::Signal;
pub use tools::{imdb, installed, python_tools, repository};
pub use wait::{PATIENCE, eventually, eventually_ok};

use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Says in one line of standard error that a test, or a part of it, is left out, and why. Every
/// guard of a test goes through here.
///
/// # Panics
/// With `CI=true`: CI leaves no test out.
#[track_caller]
pub fn left_out(why: &str) {
    let in_ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
    assert!(!in_ci, "CI leaves no test out: {why}");
    eprintln!("left out: {why}");
}

static TURNS: RwLock<()> = RwLock::new(());

/// No other test of this binary that takes a turn runs beside this one: for tests that measure
/// time. Hold the guard for the length of the test.
pub fn alone() -> RwLockWriteGuard<'static, ()> {
    // A test that failed has let go of what it had.
    TURNS.write().unwrap_or_else(PoisonError::into_inner)
}

/// A turn beside others, but not beside one that is [`alone`]: for tests that start whole systems.
pub fn together() -> RwLockReadGuard<'static, ()> {
    TURNS.read().unwrap_or_else(PoisonError::into_inner)
}
