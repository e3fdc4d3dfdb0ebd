//! Conditions with a deadline.

use std::time::{Duration, Instant};

/// Far longer than anything takes: only a hang reaches it.
pub const PATIENCE: Duration = Duration::from_secs(120);

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
pub fn eventually_ok<T, E: std::fmt::Display>(what: &str, ask: impl FnMut() -> Result<T, E>) -> T {
    within(PATIENCE, what, ask)
}

#[track_caller]
pub(crate) fn within<T, E: std::fmt::Display>(
    limit: Duration,
    what: &str,
    mut ask: impl FnMut() -> Result<T, E>,
) -> T {
    let start = Instant::now();
    loop {
        let missing = match ask() {
            Ok(answer) => return answer,
            Err(missing) => missing,
        };
        assert!(start.elapsed() < limit, "{what}: not within {limit:?}: {missing}");
        std::thread::park_timeout(Duration::from_millis(20));
    }
}
