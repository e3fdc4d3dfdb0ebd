//! Conditions with a deadline.

use std::fmt::Display;
use std::time::{Duration, Instant};

/// Far longer than anything takes: only a hang reaches it.
pub const PATIENCE: Duration = Duration::from_secs(180);

/// Asks every 20 ms until there is something, and returns it.
///
/// # Panics
/// Nothing came within [`PATIENCE`].
#[track_caller]
pub fn eventually<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    eventually_ok(what, || ask().ok_or("not yet"))
}

/// [`eventually`] for a question that says what is missing: the last answer stands in the panic.
///
/// # Panics
/// Nothing came within [`PATIENCE`].
#[track_caller]
pub fn eventually_ok<T, E: Display>(what: &str, mut ask: impl FnMut() -> Result<T, E>) -> T {
    let start = Instant::now();
    loop {
        let missing = match ask() {
            Ok(answer) => return answer,
            Err(missing) => missing,
        };
        assert!(start.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}: {missing}");
        std::thread::park_timeout(Duration::from_millis(20));
    }
}
