//! The system under test, and what rules and dashboards ask.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Far longer than anything takes: only a hang reaches it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// The repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Asks again and again until there is an answer; what was missing last is said when there is none.
#[track_caller]
pub(crate) fn eventually<T>(what: &str, mut ask: impl FnMut() -> Result<T, String>) -> T {
    let start = Instant::now();
    loop {
        let missing = match ask() {
            Ok(answer) => return answer,
            Err(missing) => missing,
        };
        assert!(start.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}: {missing}");
        std::thread::park_timeout(Duration::from_millis(50));
    }
}

/// Whether CI runs this: then nothing may be left out.
#[allow(clippy::disallowed_methods, reason = "CI is told by the environment")]
pub(crate) fn in_ci() -> bool {
    std::env::var_os("CI").is_some()
}

/// Says in one line what is left out, and why. In CI that is a failure.
pub(crate) fn left_out(why: &str) {
    assert!(!in_ci(), "CI needs it: {why}");
    eprintln!("left out: {why}");
}
